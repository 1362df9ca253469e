// Lines by the contract: INTR, NMI, SMI, INIT, RESET, A20M, start-up IPI.
#include "engine_suite.h"

namespace southgate::cpu::test {
namespace {

class ContractLines : public EngineTest {
  protected:
    void enable_interrupts() {
        GeneralRegisters r = cpu->regs();
        r.rflags |= 0x200;
        cpu->set_regs(r);
    }
};

TEST_P(ContractLines, IntrWaitsForIfAndTheShadow) {
    SOUTHGATE_NEEDS(prompt_interrupts);
    set_vector(0x20, 0, 0x9000);
    real_mode({0x90, 0xfb, 0x40, 0x40, 0xf4});  // NOP; STI; INC AX; INC AX
    bus.on_acknowledge = [this] { cpu->set_intr(false); };
    cpu->set_intr(true);
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(rip(), 0x9001u);
    EXPECT_EQ(reg(Gpr::rax), 1u);  // the instruction behind STI still ran (SDM vol. 3A 6.8.1)
    EXPECT_EQ(ram.get<std::uint16_t>(0x6ffa), start + 3);
}

TEST_P(ContractLines, IntrBetweenBudgets) {
    set_vector(0x33, 0x100, 0x20);
    real_mode({0x40, 0xeb, 0xfd});
    enable_interrupts();
    run(101);
    const std::uint64_t interrupted = rip();
    bus.vector = 0x33;
    bus.on_acknowledge = [this] { cpu->set_intr(false); };
    cpu->set_intr(true);
    ram[0x1020] = 0xf4;
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(cpu->linear_rip(), 0x1021u);
    EXPECT_EQ(ram.get<std::uint16_t>(0x6ffa), interrupted);
    EXPECT_EQ(cpu->regs().rflags & 0x200, 0u);
}

TEST_P(ContractLines, InterruptBetweenRepIterationsIsRestartable) {
    SOUTHGATE_NEEDS(exact_budgets);
    set_vector(0x20, 0, 0x9000);
    ram.put(0x9000, {0xcf});  // IRET
    real_mode({0xf3, 0xaa, 0xf4});
    enable_interrupts();
    set_reg(Gpr::rcx, 100);
    set_reg(Gpr::rdi, 0xa000);
    set_reg(Gpr::rax, 0x5a);
    run(40);
    EXPECT_EQ(reg(Gpr::rcx), 60u);
    bus.on_acknowledge = [this] { cpu->set_intr(false); };
    cpu->set_intr(true);
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(ram.get<std::uint16_t>(0x6ffa), start);
    EXPECT_EQ(reg(Gpr::rcx), 0u);
    EXPECT_EQ(reg(Gpr::rdi), 0xa064u);
    for (unsigned i = 0; i < 100; ++i) ASSERT_EQ(ram[0xa000 + i], 0x5a);
    EXPECT_EQ(ram[0xa064], 0xf4);
}

TEST_P(ContractLines, NmiIsBlockedUntilIret) {
    SOUTHGATE_NEEDS(exact_budgets);
    set_vector(2, 0, 0x9000);
    ram.put(0x9000, {0x43, 0x43, 0xcf});  // INC BX twice; IRET
    real_mode({0x40, 0x40, 0x40, 0xf4});
    run(1);
    cpu->pulse_nmi();
    run(1);
    EXPECT_EQ(rip(), 0x9001u);
    EXPECT_TRUE(cpu->events().nmi_blocked);
    cpu->pulse_nmi();
    run(1);
    EXPECT_EQ(rip(), 0x9002u);
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(reg(Gpr::rbx), 4u);
    EXPECT_EQ(reg(Gpr::rax), 3u);
    EXPECT_FALSE(cpu->events().nmi_blocked);
}

TEST_P(ContractLines, SmiAndRsm) {
    SOUTHGATE_NEEDS(exact_budgets);
    // SMM code at SMBASE + 8000h: INC BX; RSM (SDM vol. 3C 34.4).
    ram.put(0x38000, {0x43, 0x0f, 0xaa});
    real_mode({0x40, 0x40, 0xf4});
    set_reg(Gpr::rbx, 7);
    run(1);
    cpu->pulse_smi();
    run(1);
    EXPECT_TRUE(cpu->events().in_smm);
    EXPECT_EQ(cpu->linear_rip(), 0x38001u);
    EXPECT_EQ(bus.smm_changes, (std::vector<bool>{true}));
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(reg(Gpr::rax), 2u);
    EXPECT_EQ(reg(Gpr::rbx), 7u);  // from the save area
    EXPECT_FALSE(cpu->events().in_smm);
    EXPECT_EQ(bus.smm_changes, (std::vector<bool>{true, false}));
}

TEST_P(ContractLines, InitKeepsWhatItMustAndResetDoesNot) {
    real_mode({0x40, 0xf4});
    ModelSpecificRegisters m = cpu->msrs();
    m.mtrr_def_type = 0xc06;
    cpu->set_msrs(m);
    FpuState f = cpu->fpu();
    f.st[0][0] = 0x77;
    cpu->set_fpu(f);
    cpu->pulse_init();
    run(0);
    const Exit exit = run();
    EXPECT_EQ(exit.reason, ExitReason::hlt);
    EXPECT_EQ(cpu->linear_rip(), 0xfffffff1u);
    EXPECT_EQ(reg(Gpr::rax), 0u);
    EXPECT_EQ(cpu->msrs().mtrr_def_type, 0xc06u);  // SDM vol. 3A table 9-1
    EXPECT_EQ(cpu->fpu().st[0][0], 0x77);
    cpu->reset(true);
    EXPECT_EQ(cpu->msrs().mtrr_def_type, 0u);
    EXPECT_EQ(cpu->linear_rip(), 0xfffffff0u);
}

TEST_P(ContractLines, InitWaitsForRsm) {
    SOUTHGATE_NEEDS(exact_budgets);
    ram.put(0x38000, {0x43, 0x43, 0x0f, 0xaa});  // INC BX twice; RSM
    real_mode({0x40, 0xf4});
    cpu->pulse_smi();
    run(1);
    ASSERT_TRUE(cpu->events().in_smm);
    EXPECT_FALSE(cpu->take_init_now());
    run(1);
    EXPECT_EQ(cpu->linear_rip(), 0x38002u);
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(cpu->linear_rip(), 0xfffffff1u);
    EXPECT_EQ(reg(Gpr::rax), 0u);
}

TEST_P(ContractLines, A20MasksBit20) {
    // DS = FFFFh: DS:0010h is 100000h, or 0 with A20M# asserted.
    Memory high(0x1000);
    slots = {ram.slot(0), high.slot(0x100000), flash.slot(0xffff0000)};
    cpu->set_memory_map(slots);
    ram[0] = 0x11;
    high[0] = 0x22;
    for (const bool masked : {true, false, true}) {
        real_mode({0x8a, 0x07, 0xf4});  // MOV AL, [BX]
        SpecialRegisters s = cpu->sregs();
        s.seg[static_cast<unsigned>(Seg::ds)] = real_segment(0xffff);
        cpu->set_sregs(s);
        set_reg(Gpr::rbx, 0x10);
        cpu->set_a20m(masked);
        EXPECT_EQ(run().reason, ExitReason::hlt);
        EXPECT_EQ(reg(Gpr::rax), masked ? 0x11u : 0x22u);
    }
    cpu->set_a20m(false);
}

TEST_P(ContractLines, StartUpIpi) {
    EventState e = cpu->events();
    e.activity = ActivityState::wait_for_sipi;
    cpu->set_events(e);
    EXPECT_EQ(run().reason, ExitReason::wait_for_sipi);
    cpu->start_up(0x9a);
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(cpu->linear_rip(), 0x9a001u);
    EXPECT_EQ(cs().selector, 0x9a00);
    cpu->start_up(0x10);  // ignored: not waiting
    EXPECT_EQ(cs().selector, 0x9a00);
}

SOUTHGATE_ENGINE_SUITE(ContractLines);

}  // namespace
}  // namespace southgate::cpu::test
