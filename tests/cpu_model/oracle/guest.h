// The engine under test, set up to run one user-level instruction on the oracle's memory: paging on, CPL 3,
// exceptions caught by handlers of its own.
#pragma once

#include <memory>
#include <span>

#include "memory.h"
#include "oracle/decoded.h"
#include "test_bus.h"

namespace southgate::cpu::test {

class GuestCpu {
  public:
    GuestCpu();

    std::span<std::uint8_t> code() { return {memory_.data() + code_physical, 0x1000}; }
    std::span<std::uint8_t> data() { return {memory_.data() + data_physical, oracle_data_size}; }
    // After changing code() or data().
    void memory_changed();

    // Runs `instructions` (iterations of REP count one each), in one run() or in runs of one.
    Outcome execute(const UserState& before, const Segments& segments, unsigned instructions,
                    bool one_by_one);

  private:
    static constexpr std::uint32_t idt_physical = 0x1000, tss_physical = 0x2000, handlers_physical = 0x3000,
                                   stack_physical = 0x5000, directory_physical = 0x6000,
                                   low_table_physical = 0x7000, oracle_table_physical = 0x8000,
                                   code_physical = 0x9000, data_physical = 0xa000, memory_size = 0x10000;
    static constexpr std::uint16_t kernel_cs = 0x08, kernel_ss = 0x10, user_cs = 0x23, user_ds = 0x2b;

    void build_tables();
    Outcome caught(const GeneralRegisters& regs, const SpecialRegisters& sregs) const;

    TestBus bus_;
    Memory memory_;
    std::unique_ptr<Vcpu> cpu_;
    SpecialRegisters sregs_;
};

}  // namespace southgate::cpu::test
