#include "chipset/target.h"

#include <cstring>

namespace southgate::chipset {

namespace {

// Copies of 1, 2 or 4 bytes without a call of memcpy.
std::uint32_t get(const std::uint8_t* data, unsigned size) {
    if (size == 1) return *data;
    std::uint32_t value = 0;
    if (size == 2)
        std::memcpy(&value, data, 2);
    else
        std::memcpy(&value, data, 4);
    return value;
}

void put(std::uint8_t* data, unsigned size, std::uint32_t value) {
    if (size == 1)
        *data = static_cast<std::uint8_t>(value);
    else if (size == 2)
        std::memcpy(data, &value, 2);
    else
        std::memcpy(data, &value, 4);
}

}  // namespace

TargetSocket::TargetSocket(const char* name, RegisterSpace& space, sc_core::sc_time latency)
    : tlm::tlm_target_socket<32>(name), space_(space), latency_(latency) {
    bind(*static_cast<tlm::tlm_fw_transport_if<>*>(this));
}

void TargetSocket::access(tlm::tlm_generic_payload& trans, const AccessContext& context) {
    if (trans.get_byte_enable_ptr()) {
        trans.set_response_status(tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
        return;
    }
    const tlm::tlm_command command = trans.get_command();
    std::uint8_t* data = trans.get_data_ptr();
    unsigned left = trans.get_data_length();
    auto offset = static_cast<std::uint32_t>(trans.get_address());
    while (left > 0) {
        const unsigned size = left >= 4 ? 4 : left >= 2 ? 2 : 1;
        if (command == tlm::TLM_READ_COMMAND)
            put(data, size, space_.read(offset, size, context));
        else if (command == tlm::TLM_WRITE_COMMAND)
            space_.write(offset, size, get(data, size), context);
        data += size;
        offset += size;
        left -= size;
    }
    trans.set_response_status(tlm::TLM_OK_RESPONSE);
}

void TargetSocket::b_transport(tlm::tlm_generic_payload& trans, sc_core::sc_time& delay) {
    access(trans, AccessContext{sc_core::sc_time_stamp() + delay, false});
    delay += latency_;
}

unsigned TargetSocket::transport_dbg(tlm::tlm_generic_payload& trans) {
    access(trans, AccessContext{sc_core::sc_time_stamp(), true});
    return trans.is_response_ok() ? trans.get_data_length() : 0;
}

bool TargetSocket::get_direct_mem_ptr(tlm::tlm_generic_payload&, tlm::tlm_dmi& dmi) {
    dmi.allow_none();
    dmi.set_start_address(0);
    dmi.set_end_address(~sc_dt::uint64{0});
    return false;
}

// The non-blocking interface is served as one early completion (IEEE 1666 15.2.3: TLM_COMPLETED with END_RESP).
tlm::tlm_sync_enum TargetSocket::nb_transport_fw(tlm::tlm_generic_payload& trans, tlm::tlm_phase& phase,
                                                 sc_core::sc_time& delay) {
    if (phase != tlm::BEGIN_REQ) return tlm::TLM_ACCEPTED;
    b_transport(trans, delay);
    phase = tlm::END_RESP;
    return tlm::TLM_COMPLETED;
}

}  // namespace southgate::chipset
