// A bus master's port to memory: a TLM-2.0 initiator socket with block reads and writes. May stay unbound.
#pragma once

#include <cstdint>
#include <span>
#include <systemc>
#include <tlm>

namespace southgate::chipset {

class DmaInitiator
    : public tlm::tlm_initiator_socket<32, tlm::tlm_base_protocol_types, 1, sc_core::SC_ZERO_OR_MORE_BOUND>,
      private tlm::tlm_bw_transport_if<> {
  public:
    explicit DmaInitiator(const char* name);

    // Blocks of any length are cut at 4 KiB boundaries, so that one transaction never spans two devices.
    // False: some transaction ended in a master or target abort (or nothing is bound); bytes before it are
    // transferred.
    bool read(std::uint64_t address, std::span<std::uint8_t> data) { return transfer(address, data, true); }
    bool write(std::uint64_t address, std::span<const std::uint8_t> data) {
        // The generic payload has one data pointer for both directions; a write never changes what it points
        // to.
        return transfer(address, {const_cast<std::uint8_t*>(data.data()), data.size()}, false);
    }

  private:
    bool transfer(std::uint64_t address, std::span<std::uint8_t> data, bool read);
    tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload&, tlm::tlm_phase&,
                                       sc_core::sc_time&) override {
        return tlm::TLM_COMPLETED;
    }
    void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}

    tlm::tlm_generic_payload payload_;
};

}  // namespace southgate::chipset
