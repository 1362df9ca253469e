#include "chipset/video/byte_memory.h"

#include <algorithm>
#include <cstring>

namespace southgate::chipset::video {

ByteMemory::ByteMemory(const char* name, std::span<std::uint8_t> bytes, bool writable)
    : tlm::tlm_target_socket<32>(name), bytes_(bytes), writable_(writable) {
    bind(*static_cast<tlm::tlm_fw_transport_if<>*>(this));
}

void ByteMemory::b_transport(tlm::tlm_generic_payload& trans, sc_core::sc_time&) { transport_dbg(trans); }

unsigned ByteMemory::transport_dbg(tlm::tlm_generic_payload& trans) {
    if (trans.get_byte_enable_ptr()) {
        trans.set_response_status(tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
        return 0;
    }
    const std::uint64_t address = trans.get_address(), length = trans.get_data_length();
    const std::uint64_t inside = address < bytes_.size() ? std::min(length, bytes_.size() - address) : 0;
    if (trans.is_read()) {
        if (inside) std::memcpy(trans.get_data_ptr(), &bytes_[address], inside);
        std::memset(trans.get_data_ptr() + inside, 0xff, length - inside);
    } else if (trans.is_write() && writable_ && inside) {
        std::memcpy(&bytes_[address], trans.get_data_ptr(), inside);
    }
    trans.set_response_status(tlm::TLM_OK_RESPONSE);
    return static_cast<unsigned>(length);
}

bool ByteMemory::get_direct_mem_ptr(tlm::tlm_generic_payload& trans, tlm::tlm_dmi& dmi) {
    dmi.init();
    const std::uint64_t address = trans.get_address();
    if (address >= bytes_.size()) {
        dmi.set_start_address(bytes_.size());
        dmi.set_end_address(~sc_dt::uint64{0});
        return false;
    }
    dmi.set_start_address(0);
    dmi.set_end_address(bytes_.size() - 1);
    if (!writable_ && trans.is_write()) return false;
    dmi.set_dmi_ptr(bytes_.data());
    if (writable_)
        dmi.allow_read_write();
    else
        dmi.allow_read();
    return true;
}

tlm::tlm_sync_enum ByteMemory::nb_transport_fw(tlm::tlm_generic_payload& trans, tlm::tlm_phase& phase,
                                               sc_core::sc_time& delay) {
    if (phase != tlm::BEGIN_REQ) return tlm::TLM_ACCEPTED;
    b_transport(trans, delay);
    phase = tlm::END_RESP;
    return tlm::TLM_COMPLETED;
}

}  // namespace southgate::chipset::video
