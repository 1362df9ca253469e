// A TLM-2.0 target over plain bytes of the host, with DMI: display memory, expansion ROM.
#pragma once

#include <cstdint>
#include <span>
#include <systemc>
#include <tlm>

namespace southgate::chipset::video {

// Reads past the end float; a read-only memory ignores writes. Byte enables are refused.
class ByteMemory : public tlm::tlm_target_socket<32>, private tlm::tlm_fw_transport_if<> {
  public:
    ByteMemory(const char* name, std::span<std::uint8_t> bytes, bool writable);

  private:
    void b_transport(tlm::tlm_generic_payload& trans, sc_core::sc_time& delay) override;
    unsigned transport_dbg(tlm::tlm_generic_payload& trans) override;
    bool get_direct_mem_ptr(tlm::tlm_generic_payload& trans, tlm::tlm_dmi& dmi) override;
    tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& trans, tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay) override;

    std::span<std::uint8_t> bytes_;
    bool writable_;
};

}  // namespace southgate::chipset::video
