// Memory as TLM-2.0 targets: RAM and ROM, with DMI and debug transport.
//
// Host memory comes from anonymous mmap: pages are zero and cost nothing until they are touched, so that a
// machine with gigabytes of RAM starts at once and every run starts alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <systemc>
#include <tlm>

namespace southgate::platform {

// Page-aligned, zero-filled host memory. Throws std::bad_alloc when the host refuses.
class HostMemory {
  public:
    explicit HostMemory(std::size_t size);
    ~HostMemory();
    HostMemory(const HostMemory&) = delete;
    HostMemory& operator=(const HostMemory&) = delete;

    std::uint8_t* data() { return data_; }
    const std::uint8_t* data() const { return data_; }
    std::size_t size() const { return size_; }

  private:
    std::size_t size_;
    std::uint8_t* data_;
};

// What RAM and ROM share. Addresses are offsets into the memory. An access past the end is answered with
// TLM_ADDRESS_ERROR_RESPONSE. Byte enables are honoured; streaming is not (TLM_BURST_ERROR_RESPONSE).
class MemoryTarget : public sc_core::sc_module, private tlm::tlm_fw_transport_if<> {
  public:
    tlm::tlm_target_socket<32> socket{"socket"};

    // size: bytes, a multiple of 4096. latency: added to the delay of each b_transport; DMI reports it too.
    MemoryTarget(const sc_core::sc_module_name& name, std::size_t size, bool writable,
                 sc_core::sc_time latency);

    std::span<std::uint8_t> bytes() { return {memory_.data(), memory_.size()}; }
    std::size_t size() const { return memory_.size(); }

    // Called after a write that did not go through DMI (a DMA master, a debugger), with the host bytes
    // written: whoever caches the contents, such as a CPU that decoded code there, drops its copy.
    using WriteHook = std::function<void(const std::uint8_t* host, std::size_t size)>;
    void on_write(WriteHook hook) { on_write_ = std::move(hook); }

  private:
    void b_transport(tlm::tlm_generic_payload& trans, sc_core::sc_time& delay) override;
    unsigned transport_dbg(tlm::tlm_generic_payload& trans) override;
    bool get_direct_mem_ptr(tlm::tlm_generic_payload& trans, tlm::tlm_dmi& dmi) override;
    tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& trans, tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay) override;
    void copy(tlm::tlm_generic_payload& trans, std::size_t offset, std::size_t length);

    HostMemory memory_;
    bool writable_;
    sc_core::sc_time latency_;
    WriteHook on_write_;
};

// Dynamic RAM. A hard reset leaves the contents alone: real RAM usually survives the 2 ms without refresh,
// and firmware that relies on neither is served (PMC 290549; reset-domain matrix, "RAM contents").
class Ram : public MemoryTarget {
  public:
    Ram(const sc_core::sc_module_name& name, std::size_t size,
        sc_core::sc_time latency = sc_core::SC_ZERO_TIME)
        : MemoryTarget(name, size, true, latency) {}

    // Overwrites everything with a fixed pseudo-random pattern: what software may find after a reset that
    // stopped refresh, for testing that nothing relies on kept contents. Call on_write consumers afterwards.
    void scramble(std::uint64_t seed);
};

// Read-only memory: writes are accepted and have no effect, as on a bus where nobody listens to them.
class Rom : public MemoryTarget {
  public:
    // Copies `image`; its size must be a multiple of 4096.
    Rom(const sc_core::sc_module_name& name, std::span<const std::uint8_t> image,
        sc_core::sc_time latency = sc_core::SC_ZERO_TIME);
};

}  // namespace southgate::platform
