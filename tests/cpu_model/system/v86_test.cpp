// Virtual-8086 mode and I/O permission (SDM vol. 3B chapter 20; vol. 1 18.5).
#include "tests/cpu_model/system/machine.h"

namespace southgate::cpu::test {
namespace {

using namespace layout;

class V86 : public Machine {
  protected:
    void enter(std::uint32_t eflags) {
        protected_mode();
        enter_v86(eflags);
    }
};

TEST_F(V86, EntryLoadsEverything) {
    enter(0x3202);
    EXPECT_EQ(cpu->regs().rip, 0x100u);
    EXPECT_EQ(segment(Seg::cs), (SegmentRegister{0x10000, 0xffff, 0xf3, 0x1000}));
    EXPECT_EQ(segment(Seg::ss), (SegmentRegister{0x20000, 0xffff, 0xf3, 0x2000}));
    EXPECT_EQ(segment(Seg::es).selector, 0x3000);
    EXPECT_EQ(segment(Seg::ds).selector, 0x4000);
    EXPECT_EQ(segment(Seg::fs).selector, 0x5000);
    EXPECT_EQ(segment(Seg::gs).base, 0x60000u);
    EXPECT_EQ(reg(Gpr::rsp), 0x8000u);
    EXPECT_EQ(flags(), 0x3202u | v86_flag);
}

TEST_F(V86, FaultPushesNineDwordsAndNullsDataSegments) {
    enter(0x202);
    code(v86_code, {0xcd, 0x40});  // IOPL 0: INT n faults
    EXPECT_EQ(run_to_handler(), 13);
    EXPECT_EQ(reg(Gpr::rsp), stack0 - 40);
    EXPECT_EQ(stack_dword(0), 0u);
    EXPECT_EQ(stack_dword(1), 0x100u);
    EXPECT_EQ(stack_dword(2), 0x1000u);
    EXPECT_EQ(stack_dword(3), 0x202u | v86_flag | 0x10000);
    EXPECT_EQ(stack_dword(4), 0x8000u);
    EXPECT_EQ(stack_dword(5), 0x2000u);
    EXPECT_EQ(stack_dword(6), 0x3000u);
    EXPECT_EQ(stack_dword(9), 0x6000u);
    EXPECT_EQ(flags() & v86_flag, 0u);
    EXPECT_NE(segment(Seg::ds).attributes & SegmentRegister::unusable, 0u);
    EXPECT_EQ(cpl(), 0u);
}

TEST_F(V86, IntWithIopl3GoesThroughTheIdtAndBack) {
    enter(0x3202);
    code(v86_code, {0xcd, 0x40, 0x90});
    idt_gate(0x40, code0, handlers, 0xee);
    code(handlers, {0xcf});
    run(1);
    EXPECT_EQ(cpu->regs().rip, handlers);
    run(1);
    EXPECT_EQ(cpu->regs().rip, 0x102u);
    EXPECT_EQ(flags(), 0x3202u | v86_flag);
    EXPECT_EQ(segment(Seg::gs).selector, 0x6000);
}

TEST_F(V86, Int3IgnoresIopl) {
    enter(0x202);
    idt_gate(3, code0, handlers + 48, 0xee);
    code(v86_code, {0xcc});
    EXPECT_EQ(run_to_handler(), 3);
}

TEST_F(V86, IoplSensitiveInstructions) {
    for (const int opcode : {0xfa, 0xfb, 0x9c, 0x9d, 0xcf}) {  // cli sti pushf popf iret
        enter(0x2);
        code(v86_code, {opcode});
        EXPECT_EQ(run_to_handler(), 13) << opcode;
        enter(0x3002);
        code(v86_code, {opcode, 0x90});
        put<std::uint16_t>(0x28000, 0x110);
        put<std::uint16_t>(0x28002, 0x1000);
        put<std::uint16_t>(0x28004, 2);
        run(1);
        EXPECT_NE(flags() & v86_flag, 0u) << opcode;
        EXPECT_EQ(flags() & 0x3000, 0x3000u) << opcode;
    }
}

TEST_F(V86, SegmentLoadsAndFarJumpsAreRealModeOnes) {
    enter(0x2);
    code(v86_code,
         {0xb8, 0x34, 0x12, 0x8e, 0xd8, 0xea, 0x10, 0x00, 0x11, 0x10});  // mov ax; mov ds, ax; jmp 1011:10
    run(3);
    EXPECT_EQ(segment(Seg::ds), (SegmentRegister{0x12340, 0xffff, 0xf3, 0x1234}));
    EXPECT_EQ(segment(Seg::cs).base, 0x10110u);
    EXPECT_EQ(cpu->regs().rip, 0x10u);
}

TEST_F(V86, HandlerMustBeRing0) {
    enter(0x3002);
    idt_gate(0x40, conforming, user_code, 0xee);
    code(v86_code, {0xcd, 0x40});
    EXPECT_EQ(run_to_handler(), 13);
    EXPECT_EQ(stack_dword(0), conforming);
}

TEST_F(V86, PortsAlwaysUseTheBitmap) {
    // Map at 68h: port 60h allowed, 61h not.
    enter(0x3002);
    for (unsigned i = 0; i < 0x20; ++i) memory[tss + 0x68 + i] = 0xff;
    memory[tss + 0x68 + 0x60 / 8] = 0xfe;
    code(v86_code, {0xe4, 0x60});
    EXPECT_EQ(run().reason, ExitReason::pio);
    enter(0x3002);
    code(v86_code, {0xe4, 0x61});
    EXPECT_EQ(run_to_handler(), 13);
    enter(0x3002);
    code(v86_code, {0xe5, 0x60});  // word: 61h is denied
    EXPECT_EQ(run_to_handler(), 13);
}

TEST_F(V86, PrivilegedInstructionsFault) {
    enter(0x3002);
    code(v86_code, {0xf4});
    EXPECT_EQ(run_to_handler(), 13);
    enter(0x3002);
    code(v86_code, {0x0f, 0x00, 0xd8});  // ltr: not recognised
    EXPECT_EQ(run_to_handler(), 6);
}

TEST_F(V86, ProtectedModeIoPrivilege) {
    user_mode(3);
    code(user_code, {0xe4, 0x60});
    EXPECT_EQ(run().reason, ExitReason::pio);
    user_mode(0);
    put<std::uint16_t>(tss + 0x66, 0x68);
    for (unsigned i = 0; i < 0x20; ++i) memory[tss + 0x68 + i] = 0;
    EXPECT_EQ(run().reason, ExitReason::pio) << "open in the bitmap";
    user_mode(0);
    code(user_code, {0x66, 0xba, 0xff, 0xff, 0xec});  // mov dx, ffffh; in al, dx: beyond the TSS limit
    EXPECT_EQ(run_to_handler(), 13);
    user_mode(0);
    put<std::uint16_t>(tss + 0x66, 0xffff);
    code(user_code, {0xe4, 0x60});
    EXPECT_EQ(run_to_handler(), 13);
}

}  // namespace
}  // namespace southgate::cpu::test
