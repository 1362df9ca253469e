// The engine under test, set up to run one user-level instruction of 64-bit code on the oracle's memory: 4-level
// paging, CPL 3, exceptions caught by handlers of its own.
#pragma once

#include <memory>
#include <span>

#include "memory.h"
#include "oracle/decoded.h"
#include "test_bus.h"

namespace southgate::cpu::test {

class LongGuest {
  public:
    LongGuest();

    std::span<std::uint8_t> code(bool high) { return {memory_.data() + code_at(high), 0x1000}; }
    std::span<std::uint8_t> data(bool high) { return {memory_.data() + code_at(high) + 0x1000, oracle_data_size}; }
    // After changing code() or data().
    void memory_changed(bool high);

    // Runs `instructions` (iterations of REP count one each), in one run() or in runs of one.
    LongOutcome execute(const LongState& before, unsigned instructions, bool one_by_one);

  private:
    static constexpr std::uint64_t idt = 0x1000, tss = 0x2000, handlers = 0x3000, stack = 0x5000, tables = 0x6000,
                                   windows = 0x10000, memory_size = 0x20000;
    static constexpr std::uint16_t kernel_cs = 0x08, user_ss = 0x2b, user_cs = 0x33;  // user ones as in Linux

    static std::uint64_t code_at(bool high) { return windows + (high ? 0x4000 : 0); }
    void map(std::uint64_t linear, std::uint64_t physical, bool user);
    void build_tables();
    LongOutcome caught(const GeneralRegisters& regs, const SpecialRegisters& sregs) const;

    TestBus bus_;
    Memory memory_;
    std::uint64_t next_table_ = tables + 0x1000;
    std::unique_ptr<Vcpu> cpu_;
    SpecialRegisters sregs_;
};

}  // namespace southgate::cpu::test
