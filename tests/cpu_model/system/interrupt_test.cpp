// Interrupts, exceptions and IRET without task switches or V86 mode (SDM vol. 2A INT n, IRET; vol. 3A chapter
// 6).
#include <sstream>
#include <string>

#include "tests/cpu_model/system/machine.h"

namespace southgate::cpu::test {
namespace {

using namespace layout;

class Interrupts : public Machine {
  protected:
    // "vector(error code) ..."
    static std::string story(const TripleFault& fault) {
        std::ostringstream text;
        for (unsigned i = 0; i < fault.count; ++i) {
            const auto& e = fault.exceptions[i];
            text << (i ? " " : "") << std::dec << unsigned{e.vector};
            if (e.has_error_code) text << '(' << std::hex << e.error_code << "h)";
        }
        return text.str();
    }
};

TEST_F(Interrupts, RealModeIntPushesThreeWordsAndIretReturns) {
    real_mode();
    code(0x7c00, {0xf9, 0xcd, 0x21, 0x90, 0xf4});  // stc; int 21h; nop; hlt
    code(0x6000, {0xcf});                          // iret
    put<std::uint16_t>(4 * 0x21, 0x6000);
    set_flags(0x302);
    GeneralRegisters r = cpu->regs();
    r.rflags = 0x202;
    cpu->set_regs(r);
    run(2);
    EXPECT_EQ(cpu->regs().rip, 0x6000u);
    EXPECT_EQ(reg(Gpr::rsp), 0x6ffau);
    EXPECT_EQ(stack_word(0), 0x7c03);
    EXPECT_EQ(stack_word(1), 0);
    EXPECT_EQ(stack_word(2), 0x203);
    EXPECT_EQ(flags() & 0x200, 0u);
    run(1);
    EXPECT_EQ(cpu->regs().rip, 0x7c03u);
    EXPECT_EQ(flags(), 0x203u);
    EXPECT_EQ(reg(Gpr::rsp), 0x7000u);
}

TEST_F(Interrupts, RealModeStackPointerWraps) {
    real_mode();
    code(0x7c00, {0xcd, 0x21});
    set_gpr(Gpr::rsp, 0x12340002);
    EXPECT_EQ(run_to_handler(), 0x21);
    EXPECT_EQ(reg(Gpr::rsp), 0x1234fffcu);
    EXPECT_EQ(get<std::uint16_t>(0xfffc), 0x7c02);
    EXPECT_EQ(get<std::uint16_t>(0), 2);
}

TEST_F(Interrupts, RealModeIdtLimitRaisesGpWithoutErrorCode) {
    real_mode();
    code(0x7c00, {0xcd, 0x21});
    SpecialRegisters s = cpu->sregs();
    s.idtr.limit = 4 * 0x21 + 2;
    cpu->set_sregs(s);
    EXPECT_EQ(run_to_handler(), 13);
    EXPECT_EQ(stack_word(0), 0x7c00);
    EXPECT_EQ(reg(Gpr::rsp), 0x6ffau);
}

TEST_F(Interrupts, TrapGateKeepsInterruptFlag) {
    protected_mode();
    set_flags(0x4302);  // NT, TF would trap: only IF and NT
    set_flags(0x4202);
    code(layout::code, {0xcd, 0x40});
    idt_gate(0x40, code0, handlers, 0x8f);
    run(1);
    EXPECT_EQ(flags(), 0x202u);
    EXPECT_EQ(stack_dword(0), layout::code + 2);
    EXPECT_EQ(stack_dword(1), code0);
    EXPECT_EQ(stack_dword(2), 0x4202u);
}

TEST_F(Interrupts, InterruptGateClearsIt) {
    protected_mode();
    set_flags(0x202);
    code(layout::code, {0xcd, 0x40});
    run(1);
    EXPECT_EQ(flags(), 2u);
}

TEST_F(Interrupts, SixteenBitGatePushesWords) {
    protected_mode();
    code(layout::code, {0xcd, 0x40});
    idt_gate(0x40, code0, handlers, 0x86);
    run(1);
    EXPECT_EQ(reg(Gpr::rsp), stack - 6);
    EXPECT_EQ(stack_word(0), (layout::code + 2) & 0xffff);
    EXPECT_EQ(stack_word(1), code0);
}

TEST_F(Interrupts, InnerLevelSwitchesStacksAndIretReturns) {
    user_mode();
    set_flags(0x202);
    code(user_code, {0xcd, 0x40, 0x90});
    idt_gate(0x40, code0, handlers, 0xee);
    code(handlers, {0xcf});
    run(1);
    EXPECT_EQ(cpl(), 0u);
    EXPECT_EQ(segment(Seg::ss).selector, data0);
    EXPECT_EQ(reg(Gpr::rsp), stack0 - 20);
    EXPECT_EQ(stack_dword(0), user_code + 2);
    EXPECT_EQ(stack_dword(1), code3);
    EXPECT_EQ(stack_dword(2), 0x202u);
    EXPECT_EQ(stack_dword(3), stack3);
    EXPECT_EQ(stack_dword(4), data3);
    EXPECT_EQ(segment(Seg::ds).selector, data3) << "data segments stay";
    run(1);
    EXPECT_EQ(cpl(), 3u);
    EXPECT_EQ(segment(Seg::cs).selector, code3);
    EXPECT_EQ(reg(Gpr::rsp), stack3);
    EXPECT_EQ(cpu->regs().rip, user_code + 2);
    EXPECT_EQ(flags(), 0x202u);
}

TEST_F(Interrupts, IretToOuterLevelDropsPrivilegedDataSegments) {
    user_mode();
    code(user_code, {0xcd, 0x40});
    idt_gate(0x40, code0, handlers, 0xee);
    code(handlers, {0x66, 0xb8, 0x10, 0, 0x8e, 0xd8, 0x8e, 0xe0,
                    0xcf});  // mov ax, data0; mov ds, ax; mov fs, ax; iretd
    run(5);
    EXPECT_EQ(cpl(), 3u);
    EXPECT_EQ(segment(Seg::ds).selector, 0);
    EXPECT_EQ(segment(Seg::fs).selector, 0);
    EXPECT_EQ(segment(Seg::es).selector, data3);
    EXPECT_NE(segment(Seg::ds).attributes & SegmentRegister::unusable, 0u);
}

TEST_F(Interrupts, SoftwareInterruptNeedsGatePrivilege) {
    user_mode();
    code(user_code, {0xcd, 0x40});
    EXPECT_EQ(run_to_handler(), 13);
    EXPECT_EQ(stack_dword(0), 0x40 * 8 + 2u) << "IDT bit, EXT clear";
    EXPECT_EQ(stack_dword(1), user_code);
    EXPECT_EQ(stack_dword(3) & 0x10000, 0x10000u) << "RF in the image of a fault";
}

TEST_F(Interrupts, ExternalInterruptIgnoresGatePrivilege) {
    user_mode();
    set_flags(0x202);
    code(user_code, {0xeb, 0xfe});
    cpu->set_intr(true);
    EXPECT_EQ(run_to_handler(), 0x40);
    EXPECT_EQ(stack_dword(0), user_code);
    EXPECT_EQ(stack_dword(2) & 0x10000, 0u);
}

TEST_F(Interrupts, NotPresentGate) {
    protected_mode();
    idt_gate(0x40, code0, handlers, 0x0e);
    code(layout::code, {0xcd, 0x40});
    EXPECT_EQ(run_to_handler(), 11);
    EXPECT_EQ(stack_dword(0), 0x40 * 8 + 2u);
}

TEST_F(Interrupts, EventsFromOutsideSetExt) {
    protected_mode();
    set_flags(0x202);
    idt_gate(0x40, code0, handlers, 0x0e);
    code(layout::code, {0xeb, 0xfe});
    cpu->set_intr(true);
    EXPECT_EQ(run_to_handler(), 11);
    EXPECT_EQ(stack_dword(0), 0x40 * 8 + 3u);
}

TEST_F(Interrupts, ConformingHandlerRunsAtCallersLevel) {
    user_mode();
    idt_gate(0x40, conforming, user_code + 0x20, 0xee);
    code(user_code, {0xcd, 0x40});
    run(1);
    EXPECT_EQ(cpl(), 3u);
    EXPECT_EQ(segment(Seg::cs).selector, conforming | 3);
    EXPECT_EQ(reg(Gpr::rsp), stack3 - 12);
}

TEST_F(Interrupts, BadInnerStackIsInvalidTss) {
    user_mode();
    idt_gate(0x40, code0, handlers, 0xee);
    put<std::uint16_t>(tss + 8, data3);  // DPL 3 for ring 0
    idt_gate(10, conforming, user_code + 0x20, 0x8e);
    code(user_code, {0xcd, 0x40});
    run(1);
    EXPECT_EQ(cpu->regs().rip, user_code + 0x20);
    EXPECT_EQ(stack_dword(0), data3 & 0xfffcu);
    EXPECT_EQ(stack_dword(1), user_code);
}

TEST_F(Interrupts, IretCannotRaiseIoplFromRing3) {
    user_mode();
    code(user_code, {0xcf});
    put<std::uint32_t>(stack3, user_code + 8);
    put<std::uint32_t>(stack3 + 4, code3);
    put<std::uint32_t>(stack3 + 8, 0x3302 & ~0x100);
    run(1);
    EXPECT_EQ(cpu->regs().rip, user_code + 8);
    EXPECT_EQ(flags(), 2u) << "IF and IOPL unchanged";
}

TEST_F(Interrupts, IretToInnerLevelFaults) {
    user_mode();
    code(user_code, {0xcf});
    put<std::uint32_t>(stack3, user_code);
    put<std::uint32_t>(stack3 + 4, code0);
    EXPECT_EQ(run_to_handler(), 13);
    EXPECT_EQ(stack_dword(0), code0);
}

TEST_F(Interrupts, DoubleFaultPushesZero) {
    protected_mode();
    idt_gate(13, code0, handlers, 0x0e);  // not present: #GP -> #NP is contributory twice
    code(layout::code, {0xcd, 0x40});
    idt_gate(0x40, data0, 0, 0x8e);  // #GP: not code
    EXPECT_EQ(run_to_handler(), 8);
    EXPECT_EQ(stack_dword(0), 0u);
    EXPECT_EQ(stack_dword(1), layout::code);
}

TEST_F(Interrupts, BenignThenContributoryIsServedInTurn) {
    protected_mode();
    idt_gate(6, code0, handlers, 0x0e);
    code(layout::code, {0x0f, 0x0b});  // ud2
    EXPECT_EQ(run_to_handler(), 11);
    EXPECT_EQ(stack_dword(0), 6 * 8 + 3u);
}

TEST_F(Interrupts, TripleFaultShutsDown) {
    protected_mode();
    SpecialRegisters s = cpu->sregs();
    s.idtr.limit = 0;
    cpu->set_sregs(s);
    code(layout::code, {0x0f, 0x0b});
    EXPECT_EQ(run().reason, ExitReason::shutdown);
    EXPECT_EQ(cpu->events().activity, ActivityState::shutdown);
    EXPECT_EQ(cpu->regs().rip, layout::code);
    EXPECT_EQ(run().reason, ExitReason::shutdown) << "stays until INIT, NMI, SMI or RESET";
    EXPECT_EQ(story(cpu->triple_fault()), "6 13(33h) 13(6bh) 13(43h)") << "#UD, then the empty IDT each time";
}

TEST_F(Interrupts, TripleFaultTellsItsExceptions) {
    protected_mode();
    for (const unsigned vector : {8, 11, 13}) idt_gate(vector, code0, handlers, 0x0e);  // not present
    idt_gate(6, absent, handlers, 0x8e);  // to a data segment
    code(layout::code, {0x0f, 0x0b});
    EXPECT_EQ(run().reason, ExitReason::shutdown);
    EXPECT_EQ(story(cpu->triple_fault()), "6 13(71h) 11(6bh) 11(43h)") << "#UD itself is benign";

    cpu->reset(false);
    protected_mode();
    for (const unsigned vector : {8, 11, 13}) idt_gate(vector, code0, handlers, 0x0e);
    code(layout::code, {0x8e, 0x1d, 0x00, 0x80, 0x00, 0x00});  // mov ds, [8000h]
    put<std::uint16_t>(0x8000, 0x100);                         // beyond the GDT
    EXPECT_EQ(run().reason, ExitReason::shutdown);
    EXPECT_EQ(story(cpu->triple_fault()), "13(100h) 11(6bh) 11(43h)");
}

TEST_F(Interrupts, TripleFaultInRealMode) {
    real_mode();
    SpecialRegisters s = cpu->sregs();
    s.idtr.limit = 0;
    cpu->set_sregs(s);
    code(0x7c00, {0xcc});
    EXPECT_EQ(run().reason, ExitReason::shutdown);
}

TEST_F(Interrupts, NmiIsBlockedUntilIret) {
    real_mode();
    code(0x7c00, {0x90, 0x90, 0x90, 0x90});
    code(0x6000, {0x90, 0xcf});
    put<std::uint16_t>(4 * 2, 0x6000);
    cpu->pulse_nmi();
    run(1);
    EXPECT_EQ(cpu->regs().rip, 0x6001u);
    EXPECT_TRUE(cpu->events().nmi_blocked);
    cpu->pulse_nmi();
    run(1);
    EXPECT_EQ(cpu->regs().rip, 0x7c00u);
    EXPECT_FALSE(cpu->events().nmi_blocked);
    run(1);
    EXPECT_EQ(cpu->regs().rip, 0x6001u) << "the second one was latched";
}

TEST_F(Interrupts, StiShadowLetsOneInstructionThrough) {
    real_mode();
    code(0x7c00, {0xfb, 0x90, 0x90});  // sti; nop; nop
    cpu->set_intr(true);
    EXPECT_EQ(run_to_handler(), 0x40);
    EXPECT_EQ(stack_word(0), 0x7c02);
}

TEST_F(Interrupts, StiHltWakes) {
    real_mode();
    code(0x7c00, {0xfb, 0xf4, 0x90});
    EXPECT_EQ(run().reason, ExitReason::hlt);
    cpu->set_intr(true);
    EXPECT_EQ(run_to_handler(), 0x40);
    EXPECT_EQ(stack_word(0), 0x7c02);
}

TEST_F(Interrupts, MovSsHoldsOffNmiAndIntr) {
    real_mode();
    set_flags(0x202);
    code(0x7c00, {0x8e, 0xd0, 0x90, 0x90});  // mov ss, ax; nop; nop
    run(0);
    Budget one;
    one.instructions = 1;
    cpu->run(one);
    cpu->pulse_nmi();
    cpu->set_intr(true);
    EXPECT_EQ(run_to_handler(), 2) << "NMI before INTR";
    EXPECT_EQ(stack_word(0), 0x7c03);
}

TEST_F(Interrupts, Int3AndIntoPushTheNextInstruction) {
    protected_mode();
    code(layout::code, {0xcc});
    EXPECT_EQ(run_to_handler(), 3);
    EXPECT_EQ(stack_dword(0), layout::code + 1);
    protected_mode();
    set_flags(0x802);
    code(layout::code, {0xce});
    EXPECT_EQ(run_to_handler(), 4);
    EXPECT_EQ(stack_dword(0), layout::code + 1);
}

TEST_F(Interrupts, PageFaultDuringDeliveryOfGpIsServed) {
    // Contributory then page fault: not a double fault (SDM vol. 3A table 6-5).
    protected_mode();
    for (std::uint32_t i = 0; i < 1024; ++i) put<std::uint32_t>(0x21000 + 4 * i, i < 256 ? i << 12 | 3 : 0);
    put<std::uint32_t>(0x20000, 0x21003);
    SpecialRegisters s = cpu->sregs();
    s.cr3 = 0x20000;
    s.cr0 |= 0x80000000;
    s.idtr.base = idt;
    cpu->set_sregs(s);
    idt_gate(13, other_task, 0, 0x85);  // #GP is a task whose TSS lies on an absent page
    descriptor(other_task, 0x200000, 0x67, 0x89, 0);
    code(layout::code, {0xcd, 0x40});
    idt_gate(0x40, data0, 0, 0x8e);
    EXPECT_EQ(run_to_handler(), 14);
    EXPECT_EQ(cpu->sregs().cr2 & ~0xfffull, 0x200000u);
}

}  // namespace
}  // namespace southgate::cpu::test
