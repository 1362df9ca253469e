// Runs one instruction of 16- or 32-bit code on the host processor, at user level, in compatibility mode and in segments
// of a local descriptor table (Linux, modify_ldt), and says how it ended. x86-64 Linux only.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "cpu_model/state/registers.h"
#include "oracle/compat_layout.h"
#include "oracle/compat_segments.h"
#include "oracle/signals.h"

namespace southgate::cpu::test {

struct CompatState {
    std::array<std::uint32_t, 8> gpr{};              // indexed by Gpr
    std::uint32_t eip = 0;
    std::uint32_t eflags = 0;
    std::array<std::uint16_t, seg_count> selector{};  // indexed by Seg
    bool operator==(const CompatState&) const = default;

    std::uint16_t cs() const { return selector[static_cast<unsigned>(Seg::cs)]; }
    std::uint16_t ss() const { return selector[static_cast<unsigned>(Seg::ss)]; }
};

// The exception that ended it, as its handler sees it.
struct CompatOutcome {
    int vector = -1;  // -1: the instruction completed (after settle())
    std::uint32_t error_code = 0;
    std::uint32_t cr2 = 0;  // for #PF
    CompatState state;
};

class CompatNative {
  public:
    // Reserves and maps the memory (compat_layout.h) and installs signal handlers; the destructor undoes both. One at a
    // time, and not together with a NativeCpu.
    CompatNative();
    ~CompatNative();
    CompatNative(const CompatNative&) = delete;
    CompatNative& operator=(const CompatNative&) = delete;

    // Empty, or why this host cannot do it; then nothing else may be called.
    const std::string& unavailable() const { return unavailable_; }
    // Nothing else of this process lies below 4 GiB, so that flat segments reach only what both sides know.
    bool low_memory_is_ours() const { return low_memory_is_ours_; }

    // compat::memory_size bytes, its pages in the order of compat_layout.h; writable whatever user code may do with them.
    std::span<std::uint8_t> memory() { return {memory_, memory_ ? std::size_t{compat::memory_size} : 0}; }

    void set_ldt(const Ldt& ldt);
    // Writes the state to start from into the control page. CS must name present code and EIP lie in it, SS a present
    // writable segment, the others what can be loaded; EFLAGS without TF.
    void prepare(const CompatState& before);
    CompatOutcome execute();

  private:
    bool map();
    bool write_entry(unsigned entry, const LdtDescriptor& d);

    std::uint8_t* memory_ = nullptr;
    std::optional<ExceptionSignals> signals_;
    bool low_memory_is_ours_ = false;
    std::string unavailable_;
};

}  // namespace southgate::cpu::test
