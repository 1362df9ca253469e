// x87 exceptions with CR0.NE = 0: FERR#, the wait before the next waiting instruction, IGNNE#.
#include "tests/cpu_model/system/machine.h"

namespace southgate::cpu::test {
namespace {

constexpr std::uint64_t interrupts_on = 0x202;
constexpr std::uint32_t at = 0x7c00;
constexpr int fwait = 0x9b;

class FpuErrorTest : public Machine {
  protected:
    FpuErrorTest() : Machine(CpuModel::x86_64()) {
        real_mode();
        FpuState f;
        f.fcw = 0x37b;  // division by zero unmasked
        f.ftw = 0xffff;
        cpu->set_fpu(f);
    }
    // FLD1, FLDZ, FDIVP from `at`, then `bytes`; the first run ends behind FDIVP.
    static constexpr std::uint32_t behind = at + 6;
    void divide_by_zero(std::initializer_list<int> bytes, std::uint64_t flags = interrupts_on) {
        code(at, {0xd9, 0xe8, 0xd9, 0xee, 0xde, 0xf9});
        code(behind, bytes);
        set_rip(at);
        set_flags(flags);
        EXPECT_EQ(run(3).retired, 3u);
    }
    void set_ne(bool on) {
        SpecialRegisters s = cpu->sregs();
        s.cr0 = on ? s.cr0 | 0x20 : s.cr0 & ~std::uint64_t{0x20};
        cpu->set_sregs(s);
    }
    void expect_frozen(std::uint64_t rip) {
        const Exit e = run();
        EXPECT_EQ(e.reason, ExitReason::frozen);
        EXPECT_EQ(e.retired, 0u);
        EXPECT_EQ(cpu->regs().rip, rip);
    }
    using Levels = std::vector<bool>;
};

TEST_F(FpuErrorTest, FerrFollowsTheSummaryFlag) {
    divide_by_zero({0xdb, 0xe2, fwait, 0xf4});  // fnclex, fwait
    EXPECT_EQ(bus.ferr, Levels{true});
    EXPECT_EQ(cpu->fpu().fsw & 0x8080, 0x8080);
    run(1);
    EXPECT_EQ(bus.ferr, (Levels{true, false}));
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(bus.ferr.size(), 2u);
}

TEST_F(FpuErrorTest, FerrComesWithItsInstruction) {
    // In the middle of a block, and seen by the platform with the instructions before it done.
    std::uint64_t retired = 0;
    bus.on_ferr = [&](bool) {
        retired = cpu->retired_in_run();
        cpu->set_intr(true);
    };
    code(at, {0xd9, 0xe8, 0xd9, 0xee, 0xde, 0xf9, 0x40, 0x40, 0x40, 0xf4});
    set_flags(interrupts_on);
    run_to_handler();
    EXPECT_EQ(retired, 2u);
    EXPECT_EQ(stack_word(0), behind);
    EXPECT_EQ(reg(Gpr::rax), 0u);
}

TEST_F(FpuErrorTest, EveryWayOfClearingDeassertsFerr) {
    constexpr int memory = 0x06;  // [0x5000], 16-bit
    for (const auto& clear : std::initializer_list<std::initializer_list<int>>{
             {0xdb, 0xe2},                                                        // fnclex
             {0xdb, 0xe3},                                                        // fninit
             {0xd9, memory | 6 << 3, 0, 0x50},                                    // fnstenv
             {0xdd, memory | 6 << 3, 0, 0x50},                                    // fnsave
             {0x0f, 0xae, memory | 1 << 3, 0, 0x60},                              // fxrstor
             {0x0f, 0x20, 0xc0, 0x66, 0x83, 0xc8, 0x20, 0x0f, 0x22, 0xc0}}) {     // CR0.NE = 1
        put<std::uint32_t>(0x6018, 0x1f80);
        bus.ferr.clear();
        FpuState f;
        f.fcw = 0x37b;
        f.ftw = 0xffff;
        cpu->set_fpu(f);
        set_ne(false);
        divide_by_zero({});
        std::uint32_t to = behind;
        for (const int b : clear) put(to++, static_cast<std::uint8_t>(b));
        put<std::uint8_t>(to, 0xf4);
        ASSERT_EQ(bus.ferr, Levels{true});
        EXPECT_EQ(run().reason, ExitReason::hlt);
        EXPECT_EQ(bus.ferr, (Levels{true, false})) << std::hex << *clear.begin() << ' ' << *(clear.begin() + 1);
        wake();
    }
}

TEST_F(FpuErrorTest, LoadedStateThatPendsAssertsFerr) {
    FpuState f;
    f.fcw = 0x37f;
    f.fsw = 0x0004;
    f.ftw = 0xffff;
    cpu->set_fpu(f);
    EXPECT_TRUE(bus.ferr.empty());
    put<std::uint16_t>(0x5000, 0x37b);
    code(at, {0xd9, 0x2e, 0, 0x50, 0xf4});  // fldcw unmasks it
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(bus.ferr, Levels{true});
    f.fsw = 0;
    cpu->set_fpu(f);
    EXPECT_EQ(bus.ferr, (Levels{true, false}));
    f.fsw = 0x8084;
    cpu->set_fpu(f);
    set_ne(true);
    set_ne(false);
    EXPECT_EQ(bus.ferr, (Levels{true, false, true, false, true}));
}

TEST_F(FpuErrorTest, WaitingInstructionsDoNotStart) {
    for (const auto& one : std::initializer_list<std::initializer_list<int>>{
             {fwait}, {0xd9, 0xe8}, {0xd8, 0x06, 0, 0x50}, {0xd9, 0x2e, 0, 0x50}, {0xdd, 0x26, 0, 0x50},
             {0xd9, 0x16, 0, 0x50}, {0xdf, 0x0e, 0, 0x50}, {0x0f, 0x77}, {0x0f, 0xfc, 0xc0}, {0x0f, 0x2a, 0xc0}}) {
        SpecialRegisters s = cpu->sregs();
        s.cr4 |= 0x200;
        cpu->set_sregs(s);
        FpuState f;
        f.fcw = 0x37b;
        f.ftw = 0xffff;
        cpu->set_fpu(f);
        divide_by_zero({});
        std::uint32_t to = behind;
        for (const int b : one) put(to++, static_cast<std::uint8_t>(b));
        const ArchState before = cpu->state();
        expect_frozen(behind);
        EXPECT_EQ(cpu->state().fpu, before.fpu);
        EXPECT_EQ(cpu->state().regs, before.regs);
        EXPECT_EQ(cpu->events(), before.events);
        expect_frozen(behind);  // and goes on waiting
    }
}

TEST_F(FpuErrorTest, NonWaitingInstructionsRun) {
    // fnstcw, fnstsw ax, fnstsw m16, fxsave, nop, then fnclex
    divide_by_zero({0xd9, 0x3e, 0, 0x50, 0xdf, 0xe0, 0xdd, 0x3e, 2, 0x50, 0x0f, 0xae, 0x06, 0, 0x60, 0x90, 0xdb, 0xe2, 0xf4});
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(get<std::uint16_t>(0x5000), 0x37b);
    EXPECT_EQ(get<std::uint16_t>(0x5002), 0xb084);
    EXPECT_EQ(get<std::uint16_t>(0x6002), 0xb084);
    EXPECT_EQ(reg(Gpr::rax) & 0xffff, 0xb084u);
}

TEST_F(FpuErrorTest, DeviceNotAvailableComesFirst) {
    divide_by_zero({0xd9, 0xe8});
    SpecialRegisters s = cpu->sregs();
    s.cr0 |= 8;
    cpu->set_sregs(s);
    EXPECT_EQ(run_to_handler(), 7);
    EXPECT_EQ(stack_word(0), behind);
}

TEST_F(FpuErrorTest, AnInterruptReturnsToTheWaitingInstruction) {
    divide_by_zero({0xd9, 0xe8, 0xf4});
    expect_frozen(behind);
    bus.vector = 0x75;
    code(layout::handlers + 16 * 0x75, {0xdb, 0xe2, 0xcf});  // fnclex, iret
    cpu->set_intr(true);
    EXPECT_EQ(run(1).retired, 1u);
    EXPECT_EQ(stack_word(0), behind);
    cpu->set_intr(false);
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(cpu->regs().rip, behind + 3);
    EXPECT_EQ(cpu->fpu().fsw & 0x3800, 0x2800);  // FLD1 ran
    EXPECT_EQ(bus.ferr, (Levels{true, false}));
}

TEST_F(FpuErrorTest, AnInterruptThatClearsNothingFreezesAgain) {
    divide_by_zero({fwait, 0xf4});
    expect_frozen(behind);
    bus.vector = 0x20;
    code(layout::handlers + 16 * 0x20, {0xcf});
    cpu->set_intr(true);
    run(1);
    cpu->set_intr(false);
    EXPECT_EQ(run().reason, ExitReason::frozen);
    EXPECT_EQ(cpu->regs().rip, behind);
}

TEST_F(FpuErrorTest, WithInterruptsOffItWaitsForOthers) {
    divide_by_zero({fwait, 0xf4}, 2);
    cpu->set_intr(true);
    expect_frozen(behind);
    expect_frozen(behind);
    cpu->pulse_nmi();
    EXPECT_EQ(run_to_handler(), 2);
    EXPECT_EQ(stack_word(0), behind);
}

TEST_F(FpuErrorTest, TheShadowOfStiEnds) {
    divide_by_zero({0xfb, fwait, 0xf4}, 2);
    cpu->set_intr(true);
    EXPECT_EQ(run_to_handler(), 0x40);
    EXPECT_EQ(stack_word(0), behind + 1);
}

TEST_F(FpuErrorTest, SmiAndRsm) {
    divide_by_zero({fwait, 0xf4}, 2);
    code(0x38000, {0x0f, 0xaa});  // rsm
    expect_frozen(behind);
    cpu->pulse_smi();
    run(1);
    EXPECT_EQ(bus.smm, (Levels{true, false}));
    expect_frozen(behind);
    EXPECT_EQ(bus.ferr, Levels{true});
}

TEST_F(FpuErrorTest, InitKeepsTheExceptionAndResetDoesNot) {
    divide_by_zero({fwait, 0xf4}, 2);
    expect_frozen(behind);
    cpu->pulse_init();
    EXPECT_EQ(run_to_handler(), 6);  // nobody answers at the reset vector
    EXPECT_EQ(stack_word(0), 0xfff0);
    EXPECT_EQ(bus.ferr, Levels{true});
    cpu->reset(false);
    EXPECT_EQ(bus.ferr, (Levels{true, false}));
}

TEST_F(FpuErrorTest, InitClearsNumericError) {
    set_ne(true);
    divide_by_zero({fwait}, 2);
    EXPECT_TRUE(bus.ferr.empty());
    cpu->take_init_now();
    EXPECT_EQ(bus.ferr, Levels{true});
}

TEST_F(FpuErrorTest, IgnneLetsInstructionsRun) {
    divide_by_zero({fwait, 0xd9, 0xe8, 0xf4}, 2);
    expect_frozen(behind);
    cpu->set_ignne(true);
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(cpu->fpu().fsw, 0xa884);  // FLD1 ran, the exception still pends
    EXPECT_EQ(bus.ferr, Levels{true});
    cpu->set_ignne(false);
    wake();
    set_rip(behind);
    expect_frozen(behind);
}

TEST_F(FpuErrorTest, IgnneIsNotAskedWithNumericError) {
    set_ne(true);
    cpu->set_ignne(true);
    divide_by_zero({fwait});
    EXPECT_EQ(run_to_handler(), 16);
    EXPECT_EQ(stack_word(0), behind);
    EXPECT_TRUE(bus.ferr.empty());
}

TEST_F(FpuErrorTest, TheSingleStepTrapBeforeIsTaken) {
    divide_by_zero({0x90, fwait, 0xf4}, 2);
    set_flags(0x102);
    code(layout::handlers + 16, {0x58, 0x5b, 0x5a, 0xf4});  // pop ax (ip), bx, dx
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(reg(Gpr::rax) & 0xffff, behind + 1);
}

TEST_F(FpuErrorTest, ResumeFlagStaysWithTheWaitingInstruction) {
    protected_mode();
    FpuState f;
    f.fcw = 0x37b;
    f.fsw = 0x8084;
    cpu->set_fpu(f);
    code(layout::code, {fwait, 0xf4});
    set_flags(0x10202);
    DebugRegisters d = cpu->debug_regs();
    d.dr[0] = layout::code;
    d.dr7 = 0x401;
    cpu->set_debug_regs(d);
    expect_frozen(layout::code);
    EXPECT_TRUE(flags() & 0x10000);
    cpu->set_intr(true);
    EXPECT_EQ(run_to_handler(), 0x40);
    EXPECT_EQ(stack_dword(0), layout::code);
    EXPECT_TRUE(stack_dword(2) & 0x10000);
}

TEST_F(FpuErrorTest, DecodedCodeFollowsTheSwitchOfNumericError) {
    // The same decoded FWAIT with CR0.NE 1, then 0: #MF, then the wait.
    set_ne(true);
    divide_by_zero({0x90, 0x90, fwait, 0xf4});
    EXPECT_EQ(run_to_handler(), 16);
    wake();
    set_ne(false);
    set_rip(behind);
    const Exit e = run();
    EXPECT_EQ(e.reason, ExitReason::frozen);
    EXPECT_EQ(e.retired, 2u);
    EXPECT_EQ(cpu->regs().rip, behind + 2);
    set_ne(true);
    set_rip(behind);
    EXPECT_EQ(run_to_handler(), 16);
}

}  // namespace
}  // namespace southgate::cpu::test
