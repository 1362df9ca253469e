// The engine under test, set up to run one user-level instruction of 16- or 32-bit code on the compatibility-mode oracle's
// memory and segments: CPL 3, paging with execute-disable, exceptions caught by handlers of its own. In compatibility mode
// or in legacy protected mode.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "memory.h"
#include "oracle/compat_native.h"
#include "test_bus.h"

namespace southgate::cpu::test {

class CompatGuest {
  public:
    explicit CompatGuest(bool long_mode);

    // As CompatNative::memory().
    std::span<std::uint8_t> memory() { return {memory_.data() + window, compat::memory_size}; }
    // After changing memory().
    void memory_changed(std::uint32_t at, std::size_t size) { cpu_->memory_written(memory_.data() + window + at, size); }

    void set_ldt(const Ldt& ldt);

    // Runs until an exception, as on the host. nullopt: there is none (the instruction jumps to itself, say), or what
    // follows the instruction, `length` bytes long, is inside it or in the control page. `one_by_one`: every iteration of REP in a run() of its own.
    std::optional<CompatOutcome> execute(const CompatState& before, unsigned length, bool one_by_one);

    // Whether a user access to this address meets the engine's own tables, which the host does not have.
    bool hidden(std::uint32_t linear) const { return !long_mode_ && linear >= legacy_kernel; }

  private:
    static constexpr std::uint32_t gdt = 0, ldt = 0x800, idt = 0x1000, tss = 0x2000, handlers = 0x3000, stack = 0x5000,
                                   tables = 0x6000, window = 0x10000, memory_size = 0x20000;
    static constexpr std::uint64_t long_kernel = 0xffff'8000'0000'0000;
    static constexpr std::uint32_t legacy_kernel = 0xffe00000;

    std::uint64_t kernel() const { return long_mode_ ? long_kernel : legacy_kernel; }
    void map(std::uint64_t linear, std::uint64_t physical, std::uint64_t rights);
    void build_tables();
    SegmentRegister segment(std::uint16_t selector) const;
    CompatOutcome caught(const GeneralRegisters& regs, const SpecialRegisters& sregs) const;

    bool long_mode_;
    TestBus bus_;
    Memory memory_;
    std::uint32_t next_table_ = tables + 0x1000;
    std::unique_ptr<Vcpu> cpu_;
    SpecialRegisters sregs_;
};

}  // namespace southgate::cpu::test
