#include "platform/memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace southgate::platform {

HostMemory::HostMemory(std::size_t size) : size_(size) {
    // NORESERVE: a guest with more RAM than the host has free still starts, and pays only for what it
    // touches.
    void* p = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) throw std::bad_alloc{};
    data_ = static_cast<std::uint8_t*>(p);
}

HostMemory::~HostMemory() { munmap(data_, size_); }

MemoryTarget::MemoryTarget(const sc_core::sc_module_name& name, std::size_t size, bool writable,
                           sc_core::sc_time latency)
    : sc_module(name), memory_(size), writable_(writable), latency_(latency) {
    socket.bind(*static_cast<tlm::tlm_fw_transport_if<>*>(this));
}

void MemoryTarget::copy(tlm::tlm_generic_payload& trans, std::size_t offset, std::size_t length) {
    std::uint8_t* host = memory_.data() + offset;
    std::uint8_t* data = trans.get_data_ptr();
    const std::uint8_t* enables = trans.get_byte_enable_ptr();
    if (trans.is_read()) {
        if (!enables) {
            std::memcpy(data, host, length);
        } else {
            const unsigned n = trans.get_byte_enable_length();
            for (std::size_t i = 0; n && i < length; ++i)
                if (enables[i % n] == TLM_BYTE_ENABLED) data[i] = host[i];
        }
    } else if (trans.is_write() && writable_) {
        if (!enables) {
            std::memcpy(host, data, length);
        } else {
            const unsigned n = trans.get_byte_enable_length();
            for (std::size_t i = 0; n && i < length; ++i)
                if (enables[i % n] == TLM_BYTE_ENABLED) host[i] = data[i];
        }
        if (on_write_) on_write_(host, length);
    }
}

void MemoryTarget::b_transport(tlm::tlm_generic_payload& trans, sc_core::sc_time& delay) {
    const std::uint64_t address = trans.get_address();
    const std::size_t length = trans.get_data_length();
    delay += latency_;
    if (trans.get_streaming_width() < length) {
        trans.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
    } else if (address >= memory_.size() || length > memory_.size() - address) {
        trans.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    } else {
        copy(trans, address, length);
        trans.set_dmi_allowed(true);
        trans.set_response_status(tlm::TLM_OK_RESPONSE);
    }
}

unsigned MemoryTarget::transport_dbg(tlm::tlm_generic_payload& trans) {
    const std::uint64_t address = trans.get_address();
    if (address >= memory_.size()) return 0;
    const std::size_t length = std::min<std::size_t>(trans.get_data_length(), memory_.size() - address);
    copy(trans, address, length);
    trans.set_response_status(tlm::TLM_OK_RESPONSE);
    return static_cast<unsigned>(length);
}

bool MemoryTarget::get_direct_mem_ptr(tlm::tlm_generic_payload& trans, tlm::tlm_dmi& dmi) {
    dmi.set_start_address(0);
    dmi.set_end_address(memory_.size() - 1);
    dmi.set_read_latency(latency_);
    dmi.set_write_latency(latency_);
    if (trans.get_address() >= memory_.size()) {
        dmi.set_start_address(memory_.size());
        dmi.set_end_address(~sc_dt::uint64{0});
        dmi.allow_none();
        return false;
    }
    dmi.set_dmi_ptr(memory_.data());
    if (writable_) {
        dmi.allow_read_write();
    } else {
        dmi.allow_read();
    }
    return true;
}

tlm::tlm_sync_enum MemoryTarget::nb_transport_fw(tlm::tlm_generic_payload& trans, tlm::tlm_phase& phase,
                                                 sc_core::sc_time& delay) {
    if (phase != tlm::BEGIN_REQ) return tlm::TLM_ACCEPTED;
    b_transport(trans, delay);
    phase = tlm::END_RESP;
    return tlm::TLM_COMPLETED;
}

void Ram::scramble(std::uint64_t seed) {
    // SplitMix64 (Steele, Lea, Flood 2014): fast, and every run gets the same bytes.
    for (std::size_t i = 0; i + 8 <= size(); i += 8) {
        std::uint64_t z = (seed += 0x9e3779b97f4a7c15);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        z ^= z >> 31;
        std::memcpy(bytes().data() + i, &z, 8);
    }
}

Rom::Rom(const sc_core::sc_module_name& name, std::span<const std::uint8_t> image, sc_core::sc_time latency)
    : MemoryTarget(name, image.size(), false, latency) {
    std::memcpy(bytes().data(), image.data(), image.size());
}

}  // namespace southgate::platform
