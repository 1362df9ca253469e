#include "chipset/dma_initiator.h"

#include <algorithm>

namespace southgate::chipset {

namespace {
constexpr std::uint64_t page_bytes = 4096;
}

DmaInitiator::DmaInitiator(const char* name)
    : tlm::tlm_initiator_socket<32, tlm::tlm_base_protocol_types, 1, sc_core::SC_ZERO_OR_MORE_BOUND>(name) {
    bind(*static_cast<tlm::tlm_bw_transport_if<>*>(this));
}

bool DmaInitiator::transfer(std::uint64_t address, std::span<std::uint8_t> data, bool read) {
    if (size() == 0) return false;
    while (!data.empty()) {
        const std::size_t length = std::min<std::uint64_t>(data.size(), page_bytes - address % page_bytes);
        payload_.set_command(read ? tlm::TLM_READ_COMMAND : tlm::TLM_WRITE_COMMAND);
        payload_.set_address(address);
        payload_.set_data_ptr(data.data());
        payload_.set_data_length(static_cast<unsigned>(length));
        payload_.set_streaming_width(static_cast<unsigned>(length));
        payload_.set_byte_enable_ptr(nullptr);
        payload_.set_dmi_allowed(false);
        payload_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
        sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
        (*this)->b_transport(payload_, delay);
        if (!payload_.is_response_ok()) return false;
        address += length;
        data = data.subspan(length);
    }
    return true;
}

}  // namespace southgate::chipset
