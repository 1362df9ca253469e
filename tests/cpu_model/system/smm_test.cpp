// System management mode (SDM vol. 3C chapter 30).
#include "tests/cpu_model/system/machine.h"

namespace southgate::cpu::test {
namespace {

using namespace layout;

class Smm : public Machine {
  protected:
    static constexpr std::uint32_t smbase = 0x30000, entry = smbase + 0x8000, map = smbase;
    std::uint32_t saved(std::uint32_t offset) const { return get<std::uint32_t>(map + offset); }
};

TEST_F(Smm, RoundTripFromProtectedMode) {
    protected_mode();
    set_gpr(Gpr::rbx, 0x12345678);
    set_flags(0x247);
    code(layout::code, {0x90, 0x90});
    code(entry, {0x66, 0xbb, 1, 0, 0, 0, 0x0f, 0xaa});  // mov ebx, 1; rsm
    const ArchState before = cpu->state();
    cpu->pulse_smi();
    run(1);
    EXPECT_TRUE(cpu->events().in_smm);
    EXPECT_EQ(bus.smm, std::vector<bool>{true});
    EXPECT_EQ(cpu->regs().rip, 0x8006u);
    const SpecialRegisters s = cpu->sregs();
    EXPECT_EQ(s.cr0 & 0x8000000d, 0u);
    EXPECT_EQ(s.seg[static_cast<unsigned>(Seg::cs)].selector, 0x3000);
    EXPECT_EQ(s.seg[static_cast<unsigned>(Seg::cs)].base, smbase);
    EXPECT_EQ(s.seg[static_cast<unsigned>(Seg::ds)].limit, 0xffffffffu);
    EXPECT_EQ(flags(), 2u);
    EXPECT_EQ(saved(0xfefc), 0x20000u) << "revision";
    EXPECT_EQ(saved(0xfef8), smbase);
    EXPECT_EQ(saved(0xfff0), layout::code);
    EXPECT_EQ(saved(0xfff4), 0x247u);
    EXPECT_EQ(saved(0xffdc), 0x12345678u) << "EBX";
    EXPECT_EQ(saved(0xffe0), stack) << "ESP";
    EXPECT_EQ(saved(0xffac) & 0xffff, code0);
    run(1);
    EXPECT_FALSE(cpu->events().in_smm);
    EXPECT_EQ(bus.smm, (std::vector<bool>{true, false}));
    const ArchState after = cpu->state();
    EXPECT_EQ(after.regs, before.regs);
    EXPECT_EQ(after.sregs, before.sregs);
    EXPECT_EQ(after.debug, before.debug);
}

TEST_F(Smm, RelocationTakesEffectAfterRsm) {
    real_mode();
    code(0x7c00, {0x90, 0x90, 0x90});
    code(entry,
         {0x2e, 0x66, 0xc7, 0x06, 0xf8, 0xfe, 0, 0, 4, 0, 0x0f, 0xaa});  // mov dword cs:[fef8h], 40000h; rsm
    code(0x48000, {0xf4});
    cpu->pulse_smi();
    run(2);
    EXPECT_EQ(cpu->events().smbase, 0x40000u);
    EXPECT_EQ(cpu->regs().rip, 0x7c00u);
    cpu->pulse_smi();
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(segment(Seg::cs).selector, 0x4000);
    EXPECT_EQ(segment(Seg::cs).base, 0x40000u);
}

TEST_F(Smm, OneSmiIsLatchedMeanwhile) {
    real_mode();
    code(0x7c00, {0x90, 0x90});
    code(entry, {0x90, 0x0f, 0xaa});
    cpu->pulse_smi();
    run(1);
    cpu->pulse_smi();
    cpu->pulse_smi();
    EXPECT_TRUE(cpu->events().smi_pending);
    run(2);  // rsm, then the first instruction of the second one
    EXPECT_TRUE(cpu->events().in_smm);
    EXPECT_FALSE(cpu->events().smi_pending);
    run(1);
    EXPECT_FALSE(cpu->events().in_smm);
    EXPECT_EQ(cpu->regs().rip, 0x7c00u);
}

TEST_F(Smm, InitWaitsForRsmAndKeepsSmbase) {
    real_mode();
    code(entry, {0x90, 0x0f, 0xaa});
    cpu->pulse_smi();
    run(1);
    EXPECT_FALSE(cpu->take_init_now());
    EXPECT_TRUE(cpu->events().in_smm);
    run(1);
    EXPECT_FALSE(cpu->events().in_smm);
    EXPECT_TRUE(cpu->events().init_pending);
    // The first fetch finds no ROM: #UD through the vector table shows where it was.
    EXPECT_EQ(run_to_handler(), 6);
    EXPECT_EQ(get<std::uint16_t>(0xfffa), 0xfff0);
    EXPECT_EQ(get<std::uint16_t>(0xfffc), 0xf000);
    EXPECT_EQ(cpu->statistics().inits, 1u);
    EXPECT_EQ(cpu->events().smbase, smbase);
}

TEST_F(Smm, NmiIsBlockedAndDeliveredAfterRsm) {
    real_mode();
    code(0x7c00, {0x90});
    code(entry, {0x90, 0x0f, 0xaa});
    cpu->pulse_smi();
    run(1);
    cpu->pulse_nmi();
    EXPECT_EQ(run_to_handler(), 2);
    EXPECT_EQ(stack_word(0), 0x7c00);
}

TEST_F(Smm, AutoHaltRestart) {
    for (const bool clear : {false, true}) {
        real_mode();
        code(0x7c00, {0xf4, 0x90, 0xf4});
        if (clear)
            code(entry, {0x2e, 0xc7, 0x06, 0x02, 0xff, 0, 0, 0x0f, 0xaa});  // mov word cs:[ff02h], 0; rsm
        else
            code(entry, {0x0f, 0xaa});
        EXPECT_EQ(run().reason, ExitReason::hlt);
        cpu->pulse_smi();
        EXPECT_EQ(run().reason, ExitReason::hlt);
        EXPECT_EQ(get<std::uint16_t>(map + 0xff02), clear ? 0 : 1);
        EXPECT_EQ(cpu->regs().rip, clear ? 0x7c03u : 0x7c01u);
    }
}

TEST_F(Smm, IoRestartRepeatsThePortInstruction) {
    real_mode();
    code(0x7c00, {0xe6, 0xb2, 0xf4});
    code(entry, {0x2e, 0xc7, 0x06, 0x00, 0xff, 0xff, 0, 0x0f, 0xaa});  // mov word cs:[ff00h], 00ffh; rsm
    EXPECT_EQ(run().reason, ExitReason::pio);
    cpu->pulse_smi();
    const Exit e = run();
    EXPECT_EQ(e.reason, ExitReason::pio);
    EXPECT_EQ(e.pio.port, 0xb2);
    EXPECT_EQ(run().reason, ExitReason::hlt);
}

TEST_F(Smm, IoRestartRepeatsTheElementOfAStringInstruction) {
    real_mode();
    put<std::uint32_t>(0x500, 0x44332211);
    code(0x7c00, {0xbe, 0x00, 0x05, 0xb9, 0x03, 0x00, 0xba, 0xb2, 0x00, 0xf3, 0x6e, 0xf4});  // rep outsb of 3 bytes
    code(entry, {0x2e, 0xc7, 0x06, 0x00, 0xff, 0xff, 0, 0x0f, 0xaa});
    std::vector<unsigned> sent;
    for (Exit e = run(); e.reason == ExitReason::pio; e = run()) {
        sent.push_back(e.pio.data[0]);
        if (sent.size() == 2) cpu->pulse_smi();
    }
    EXPECT_EQ(sent, (std::vector<unsigned>{0x11, 0x22, 0x22, 0x33}));
    EXPECT_EQ(saved(0xff18), 0x00b2001eu) << "byte, REP, string, valid";
    EXPECT_EQ(reg(Gpr::rcx), 0u);
    EXPECT_EQ(reg(Gpr::rsi), 0x503u);
}

TEST_F(Smm, IoRestartRepeatsTheLastElementThatWasRead) {
    real_mode();
    code(0x7c00, {0xfd, 0xbf, 0x04, 0x06, 0xba, 0x60, 0x00, 0x6d, 0xf4});  // std; di = 604h; insw
    code(entry, {0x2e, 0xc7, 0x06, 0x00, 0xff, 0xff, 0, 0x0f, 0xaa});
    EXPECT_EQ(run().reason, ExitReason::pio);
    cpu->pulse_smi();
    EXPECT_EQ(run().reason, ExitReason::pio);
    EXPECT_EQ(saved(0xff18), 0x00600027u) << "word, string, valid, in";
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(reg(Gpr::rdi), 0x602u);
}

TEST_F(Smm, OnlyAPortInstructionRightBeforeTheSmiCounts) {
    real_mode();
    code(0x7c00, {0xe6, 0xb2, 0x90, 0xeb, 0xfd});  // out b2h, al; nop; jmp to the nop
    code(entry, {0x0f, 0xaa});
    EXPECT_EQ(run().reason, ExitReason::pio);
    run(3);  // to the nop again
    EXPECT_EQ(cpu->regs().rip, 0x7c02u);
    cpu->pulse_smi();
    run(1);
    EXPECT_EQ(saved(0xff18), 0u);
    EXPECT_EQ(saved(0xff10), 0x7c02u);
}

TEST_F(Smm, ADebugTrapWaitsForRsm) {
    protected_mode();
    set_flags(0x102);
    code(layout::code, {0xe6, 0xb2, 0x90});
    code(entry, {0x90, 0x0f, 0xaa});
    EXPECT_EQ(run().reason, ExitReason::pio);
    cpu->pulse_smi();
    run(2);
    EXPECT_TRUE(cpu->events().in_smm);
    EXPECT_FALSE(cpu->events().debug_trap_pending);
    EXPECT_EQ(saved(0xff18), 0x00b20812u) << "TF";
    EXPECT_EQ(run_to_handler(), 1);
    EXPECT_FALSE(cpu->events().in_smm);
    EXPECT_EQ(get<std::uint32_t>(reg(Gpr::rsp)), layout::code + 2);
    EXPECT_EQ(cpu->state().debug.dr6 & 0xf00f, 0x4000u);
}

TEST_F(Smm, InvalidStateShutsDown) {
    protected_mode();
    code(entry,
         {0x2e, 0x66, 0xc7, 0x06, 0xfc, 0xff, 0, 0, 0, 0x80, 0x0f, 0xaa});  // CR0 := PG without PE; rsm
    cpu->pulse_smi();
    EXPECT_EQ(run().reason, ExitReason::shutdown);
}

TEST_F(Smm, InitEndsAShutdownInSmm) {
    protected_mode();
    code(entry, {0x2e, 0x66, 0xc7, 0x06, 0xfc, 0xff, 0, 0, 0, 0x80, 0x0f, 0xaa});
    cpu->pulse_smi();
    ASSERT_EQ(run().reason, ExitReason::shutdown);
    ASSERT_TRUE(cpu->events().in_smm);
    EXPECT_TRUE(cpu->take_init_now());
    EXPECT_FALSE(cpu->events().in_smm);
    EXPECT_EQ(bus.smm, (std::vector<bool>{true, false}));
    EXPECT_EQ(cpu->regs().rip, 0xfff0u);
    EXPECT_EQ(cpu->events().activity, ActivityState::running);
}

TEST_F(Smm, RsmOutsideSmmIsUndefined) {
    protected_mode();
    code(layout::code, {0x0f, 0xaa});
    EXPECT_EQ(run_to_handler(), 6);
}

TEST_F(Smm, A20MaskIsOffInSmm) {
    real_mode();
    cpu->set_a20m(true);
    EventState e = cpu->events();
    e.smbase = 0x30000;
    cpu->set_events(e);
    memory[0x500] = 0x11;
    code(entry, {0x67, 0x66, 0xa0, 0x00, 0x05, 0x10, 0x00, 0x0f, 0xaa});  // mov al, [100500h]; rsm
    code(0x7c00, {0xbb, 0xff, 0xff, 0x8e, 0xdb, 0xa0, 0x10, 0x05,
                  0xf4});  // mov bx, ffffh; mov ds, bx; mov al, [510h]
    cpu->pulse_smi();
    run(1);
    EXPECT_EQ(reg(Gpr::rax) & 0xff, 0xffu) << "1 MiB + 500h is nobody's";
    run(1);
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(reg(Gpr::rax) & 0xff, 0x11u) << "and wraps to 500h again";
}

TEST_F(Smm, SmiComesBeforeInit) {
    real_mode();
    code(entry, {0x90});
    cpu->pulse_init();
    cpu->pulse_smi();
    run(1);
    EXPECT_TRUE(cpu->events().in_smm);
    EXPECT_TRUE(cpu->events().init_pending);
}

TEST_F(Smm, RoundTripFromV86Mode) {
    protected_mode();
    const std::uint32_t frame[9] = {0x100, 0x1000, 0x23202, 0x8000, 0x2000, 0x3000, 0x4000, 0x5000, 0x6000};
    for (unsigned i = 0; i < 9; ++i) put<std::uint32_t>(stack - 36 + 4 * i, frame[i]);
    set_gpr(Gpr::rsp, stack - 36);
    code(layout::code, {0xcf});
    run(1);
    const ArchState before = cpu->state();
    code(entry, {0x0f, 0xaa});
    cpu->pulse_smi();
    run(1);
    EXPECT_EQ(cpu->state().regs, before.regs);
    EXPECT_EQ(cpu->state().sregs, before.sregs);
}

}  // namespace
}  // namespace southgate::cpu::test
