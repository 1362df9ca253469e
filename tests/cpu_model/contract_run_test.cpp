// run() by the contract: exit kinds, exact budgets, state round trips.
#include <random>

#include "engine_suite.h"

namespace southgate::cpu::test {
namespace {

class ContractRun : public EngineTest {};

TEST_P(ContractRun, PowerUpStartsAtTheResetVector) {
    SOUTHGATE_NEEDS(exact_budgets);
    const SpecialRegisters s = cpu->sregs();
    EXPECT_EQ(s.seg[static_cast<unsigned>(Seg::cs)].base, 0xffff0000u);
    EXPECT_EQ(s.seg[static_cast<unsigned>(Seg::cs)].selector, 0xf000);
    EXPECT_EQ(rip(), 0xfff0u);
    EXPECT_EQ(cpu->linear_rip(), 0xfffffff0u);
    EXPECT_EQ(s.cr0, 0x60000010u);
    const Exit exit = run();
    EXPECT_EQ(exit.reason, ExitReason::hlt);
    EXPECT_EQ(exit.retired, 1u);
    EXPECT_EQ(rip(), 0xfff1u);
}

TEST_P(ContractRun, BudgetIsExact) {
    SOUTHGATE_NEEDS(exact_budgets);
    // INC AX; INC BX; JMP to the start: every budget stops where counting says.
    real_mode({0x40, 0x43, 0xeb, 0xfc});
    std::uint64_t total = 0;
    for (const std::uint64_t budget : {1u, 1u, 2u, 3u, 5u, 7u, 64u, 65u, 1000u, 1u, 99'999u}) {
        const Exit exit = run(budget);
        EXPECT_EQ(exit.reason, ExitReason::budget_end);
        EXPECT_EQ(exit.retired, budget);
        total += budget;
        EXPECT_EQ(rip(), start + total % 3);
        EXPECT_EQ(reg(Gpr::rax), ((total + 2) / 3) & 0xffff);
        EXPECT_EQ(reg(Gpr::rbx), ((total + 1) / 3) & 0xffff);
    }
}

TEST_P(ContractRun, BudgetCountsEachIterationOfRep) {
    SOUTHGATE_NEEDS(exact_budgets);
    // REP STOSB; INC AX; HLT
    for (const std::uint64_t budget : {1u, 5u, 9u, 10u, 11u}) {
        real_mode({0xf3, 0xaa, 0x43, 0xf4});
        set_reg(Gpr::rcx, 10);
        set_reg(Gpr::rdi, 0x9000);
        const Exit exit = run(budget);
        EXPECT_EQ(exit.reason, ExitReason::budget_end);
        EXPECT_EQ(exit.retired, budget);
        EXPECT_EQ(reg(Gpr::rcx), budget < 10 ? 10 - budget : 0);
        EXPECT_EQ(reg(Gpr::rdi), 0x9000 + std::min<std::uint64_t>(budget, 10));
        EXPECT_EQ(rip(), budget < 10 ? start : start + 2 + (budget - 10));
    }
}

TEST_P(ContractRun, ZeroBudgetAndImmediateExit) {
    real_mode({0x40});
    EXPECT_EQ(run(0).retired, 0u);
    EXPECT_EQ(drain().retired, 0u);
    EXPECT_EQ(rip(), start);
}

TEST_P(ContractRun, HltStaysHaltedUntilAnInterrupt) {
    set_vector(0x20, 0, 0x9000);
    real_mode({0xfb, 0xf4, 0x90});
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(cpu->events().activity, ActivityState::halted);
    const Exit again = run();
    EXPECT_EQ(again.reason, ExitReason::hlt);
    EXPECT_EQ(again.retired, 0u);
    bus.on_acknowledge = [this] { cpu->set_intr(false); };
    cpu->set_intr(true);
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(rip(), 0x9001u);
    EXPECT_EQ(ram.get<std::uint16_t>(0x6ffa), start + 2);
    EXPECT_EQ(bus.acknowledged, 1u);
}

TEST_P(ContractRun, TripleFaultShutsDown) {
    flat_mode({0x0f, 0x0b});  // UD2 with an empty IDT
    EXPECT_EQ(run().reason, ExitReason::shutdown);
    EXPECT_EQ(run().reason, ExitReason::shutdown);
    cpu->reset(false);
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(cpu->linear_rip(), 0xfffffff1u);
}

TEST_P(ContractRun, DebugExitAfterEachInstruction) {
    SOUTHGATE_NEEDS(exact_budgets);
    real_mode({0x40, 0x43, 0xeb, 0xfc});
    cpu->set_single_step(true);
    for (const std::uint64_t expected : {start + 1, start + 2, start, start + 1}) {
        const Exit exit = run();
        EXPECT_EQ(exit.reason, ExitReason::debug);
        EXPECT_EQ(exit.retired, 1u);
        EXPECT_EQ(rip(), expected);
    }
    cpu->set_single_step(false);
    EXPECT_EQ(run(10).retired, 10u);
}

TEST_P(ContractRun, RequestExitEndsTheRunAfterTheInstruction) {
    SOUTHGATE_NEEDS(exact_budgets);
    // MOV [BX], AL to unmapped memory through DS = FFFFh is RAM below 1 MiB + 64 KiB: 100000h is outside.
    real_mode({0x40, 0x88, 0x07, 0x40, 0x40, 0xf4});
    SpecialRegisters s = cpu->sregs();
    s.seg[static_cast<unsigned>(Seg::ds)] = real_segment(0xffff);
    cpu->set_sregs(s);
    set_reg(Gpr::rbx, 0x10);
    std::uint64_t retired_inside = ~std::uint64_t{0};
    bus.on_access = [&] {
        retired_inside = cpu->retired_in_run();
        cpu->request_exit();
    };
    const Exit exit = run();
    EXPECT_EQ(exit.reason, ExitReason::budget_end);
    EXPECT_EQ(exit.retired, 2u);
    EXPECT_EQ(retired_inside, 1u);
    EXPECT_EQ(rip(), start + 3);
    ASSERT_EQ(bus.accesses.size(), 1u);
    EXPECT_EQ(bus.accesses[0], (BusAccess{true, 0x100000, 1, 1}));
}

TEST_P(ContractRun, GeneralRegistersRoundTrip) {
    std::mt19937_64 random(7);
    for (int i = 0; i < 100; ++i) {
        GeneralRegisters r;
        for (auto& g : r.gpr) g = random();
        r.rip = random() & 0xffff;
        r.rflags = 2 | (random() & 0x8d5);
        cpu->set_regs(r);
        EXPECT_EQ(cpu->regs(), r);
    }
}

TEST_P(ContractRun, WholeStateMovesToAnotherEngine) {
    SOUTHGATE_NEEDS(exact_budgets);
    flat_mode({0x40, 0x43, 0xeb, 0xfc});
    set_reg(Gpr::rax, 0x12345678);
    run(1000);
    DebugRegisters d = cpu->debug_regs();
    d.dr[0] = 0x1234;
    cpu->set_debug_regs(d);
    ModelSpecificRegisters m = cpu->msrs();
    m.sysenter_cs = 0x10;
    m.mtrr_def_type = 0xc06;
    cpu->set_msrs(m);
    FpuState f = cpu->fpu();
    f.fcw = 0x27f;
    f.st[3][5] = 0x5a;
    cpu->set_fpu(f);
    const ArchState state = cpu->state();

    TestBus other_bus;
    auto other = GetParam().make(other_bus);
    other->set_memory_map(slots);
    other->set_msrs(state.msrs);
    other->set_sregs(state.sregs);
    other->set_regs(state.regs);
    other->set_debug_regs(state.debug);
    other->set_fpu(state.fpu);
    other->set_events(state.events);
    ArchState copied = other->state();
    copied.tsc = state.tsc;
    EXPECT_EQ(copied, state);

    run(12'345);
    other->run({12'345, false});
    EXPECT_EQ(cpu->regs(), other->regs());
    EXPECT_EQ(cpu->sregs(), other->sregs());
}

TEST_P(ContractRun, ClockGrowsWithInstructions) {
    SOUTHGATE_NEEDS(platform_clock);
    real_mode({0x90, 0x90, 0x90, 0x90, 0x0f, 0x31, 0xf4});  // RDTSC
    cpu->set_clock(1'000'000);
    cpu->set_ticks_per_instruction(3);
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(reg(Gpr::rax), 1'000'000u + 4 * 3);
    EXPECT_EQ(reg(Gpr::rdx), 0u);
}

SOUTHGATE_ENGINE_SUITE(ContractRun);

}  // namespace
}  // namespace southgate::cpu::test
