// Single step and the debug registers (SDM vol. 3B chapter 17), and event priorities (SDM vol. 3A table 6-2).
#include "tests/cpu_model/system/machine.h"

namespace southgate::cpu::test {
namespace {

using namespace layout;

class Debug : public Machine {
  protected:
    void SetUp() override { protected_mode(); }
    // DRn watches `address`: rw 0 execute, 1 write, 2 I/O, 3 read/write; len 0, 1, 3 for 1, 2, 4 bytes.
    void breakpoint(unsigned n, std::uint32_t address, unsigned rw, unsigned len) {
        DebugRegisters d = cpu->debug_regs();
        d.dr[n] = address;
        d.dr7 |= 2u << 2 * n | (rw | len << 2) << (16 + 4 * n);
        cpu->set_debug_regs(d);
    }
    std::uint32_t dr6() const { return static_cast<std::uint32_t>(cpu->debug_regs().dr6); }
};

TEST_F(Debug, SingleStepTrapsAfterTheInstruction) {
    set_flags(0x102);
    code(layout::code, {0x90, 0x90});
    EXPECT_EQ(run_to_handler(), 1);
    EXPECT_EQ(stack_dword(0), layout::code + 1);
    EXPECT_EQ(stack_dword(2), 0x102u) << "TF in the image, RF not";
    EXPECT_EQ(dr6(), 0xffff4ff0u);
}

TEST_F(Debug, PopfSettingTfTrapsOneInstructionLater) {
    put<std::uint32_t>(stack, 0x102);
    code(layout::code, {0x9d, 0x90, 0x90});
    EXPECT_EQ(run_to_handler(), 1);
    EXPECT_EQ(stack_dword(0), layout::code + 2);
}

TEST_F(Debug, PopfClearingTfStillTraps) {
    set_flags(0x102);
    put<std::uint32_t>(stack, 0x2);
    code(layout::code, {0x9d, 0x90});
    EXPECT_EQ(run_to_handler(), 1);
    EXPECT_EQ(stack_dword(0), layout::code + 1);
    EXPECT_EQ(stack_dword(2), 2u);
}

TEST_F(Debug, IntClearsTfAndHandlerIsNotStepped) {
    set_flags(0x102);
    code(layout::code, {0xcd, 0x40});
    EXPECT_EQ(run_to_handler(), 0x40);
    EXPECT_EQ(stack_dword(2), 0x102u);
}

// SDM vol. 3A 6.8.3: behind MOV SS no instruction breakpoint is taken, and MOV SS itself is not stepped.
TEST_F(Debug, MovSsHidesTheBreakpointBehindIt) {
    breakpoint(0, layout::code + 2, 0, 0);
    breakpoint(1, layout::code + 3, 0, 0);
    set_gpr(Gpr::rax, cpu->sregs().seg[static_cast<unsigned>(Seg::ss)].selector);
    code(layout::code, {0x8e, 0xd0, 0x90, 0x90, 0xf4});
    EXPECT_EQ(run_to_handler(), 1);
    EXPECT_EQ(stack_dword(0), layout::code + 3);
    EXPECT_EQ(dr6(), 0xffff0ff2u);
}

TEST_F(Debug, MovSsIsNotSteppedIntoTheHandlerOfAnInterruptBehindIt) {
    set_flags(0x102);
    set_gpr(Gpr::rax, cpu->sregs().seg[static_cast<unsigned>(Seg::ss)].selector);
    code(layout::code, {0x8e, 0xd0, 0xcd, 0x40});
    EXPECT_EQ(run_to_handler(), 0x40);
    EXPECT_EQ(stack_dword(0), layout::code + 4);
    EXPECT_EQ(dr6(), 0xffff0ff0u);
}

TEST_F(Debug, ExecutionBreakpointIsAFaultWithoutRf) {
    breakpoint(1, layout::code + 1, 0, 0);
    code(layout::code, {0x90, 0x40, 0xf4});
    EXPECT_EQ(run_to_handler(), 1);
    EXPECT_EQ(stack_dword(0), layout::code + 1);
    EXPECT_EQ(stack_dword(2) & 0x10000, 0u);
    EXPECT_EQ(dr6(), 0xffff0ff2u);
}

TEST_F(Debug, ResumeFlagSkipsTheBreakpointOnce) {
    breakpoint(0, layout::code, 0, 0);
    code(layout::code, {0x40, 0xeb, 0xfd});  // inc eax; jmp back
    set_flags(0x10002);
    EXPECT_EQ(run_to_handler(), 1);
    EXPECT_EQ(reg(Gpr::rax), 1u) << "ran once under RF, hit the second time";
}

TEST_F(Debug, BreakpointOnRepHitsOnce) {
    breakpoint(0, layout::code, 0, 0);
    code(layout::code, {0xf3, 0xaa, 0xf4});  // rep stosb; hlt
    set_gpr(Gpr::rcx, 5);
    set_gpr(Gpr::rdi, 0x9000);
    set_gpr(Gpr::rax, 0x33);
    set_flags(0x10002);
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(cpu->regs().rip, layout::code + 3);
    EXPECT_EQ(memory[0x9004], 0x33);
}

TEST_F(Debug, InterruptBetweenIterationsPushesRf) {
    code(layout::code, {0xf3, 0xaa, 0xf4});
    set_gpr(Gpr::rcx, 8);
    set_gpr(Gpr::rdi, 0x9000);
    set_flags(0x202);
    run(3);
    EXPECT_EQ(reg(Gpr::rcx), 5u);
    code(handlers + 16 * 0x40, {0x90, 0xcf});
    cpu->set_intr(true);
    run(1);
    EXPECT_EQ(stack_dword(0), layout::code);
    EXPECT_EQ(stack_dword(2), 0x10202u);
    cpu->set_intr(false);
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(reg(Gpr::rcx), 0u);
    EXPECT_EQ(flags(), 0x202u) << "RF ends with the instruction";
}

TEST_F(Debug, SteppingThroughRepTrapsAtEveryIteration) {
    code(layout::code, {0xf3, 0xaa, 0xf4});
    set_gpr(Gpr::rcx, 2);
    set_gpr(Gpr::rdi, 0x9000);
    set_flags(0x102);
    code(handlers + 16, {0x90, 0xcf});
    run(2);  // one iteration, the handler's NOP
    EXPECT_EQ(stack_dword(0), layout::code);
    EXPECT_EQ(stack_dword(2), 0x10102u);
    run(3);  // IRET, the other iteration, NOP
    EXPECT_EQ(stack_dword(0), layout::code + 2);
    EXPECT_EQ(stack_dword(2), 0x102u);
}

TEST_F(Debug, IretLoadsRf) {
    breakpoint(0, layout::code, 0, 0);
    code(layout::code, {0x40, 0xf4});
    code(handlers + 16, {0x81, 0x4c, 0x24, 0x08, 0, 0, 1, 0, 0xcf});  // or dword [esp+8], 10000h; iretd
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(cpu->regs().rip, layout::code + 2);
    EXPECT_EQ(flags() & 0x10000, 0u);
}

TEST_F(Debug, DataBreakpointTrapsAfterTheAccess) {
    breakpoint(2, 0x9000, 1, 3);
    code(layout::code, {0xa1, 0x00, 0x90, 0, 0,              // mov eax, [9000h]: a read does not match
                        0xc6, 0x05, 0x03, 0x90, 0, 0, 0x77,  // mov byte [9003h], 77h
                        0x90});
    EXPECT_EQ(run_to_handler(), 1);
    EXPECT_EQ(stack_dword(0), layout::code + 12);
    EXPECT_EQ(memory[0x9003], 0x77);
    EXPECT_EQ(dr6(), 0xffff0ff4u);
}

TEST_F(Debug, DataBreakpointLengths) {
    struct Case {
        unsigned len;
        std::uint32_t address, access;
        bool hit;
    };
    for (const Case& t :
         {Case{0, 0x9001, 0x9001, true}, Case{0, 0x9001, 0x9002, false}, Case{1, 0x9002, 0x9003, true},
          Case{1, 0x9002, 0x9004, false}, Case{3, 0x9004, 0x9007, true}, Case{3, 0x9004, 0x9008, false},
          Case{3, 0x9006, 0x9004, true}}) {
        protected_mode();
        cpu->set_debug_regs({});
        breakpoint(0, t.address, 3, t.len);
        code(layout::code, {0xa0, 0, 0, 0, 0, 0xf4});  // mov al, [access]; hlt
        put<std::uint32_t>(layout::code + 1, t.access);
        EXPECT_EQ(run_to_handler(), t.hit ? 1 : -1) << std::hex << t.address << " " << t.access;
    }
}

TEST_F(Debug, IoBreakpointNeedsDe) {
    breakpoint(3, 0x61, 2, 0);
    code(layout::code, {0xe6, 0x61, 0x90, 0xf4});
    EXPECT_EQ(run().reason, ExitReason::pio);
    EXPECT_EQ(run_to_handler(), -1) << "CR4.DE is off";
    protected_mode();
    SpecialRegisters s = cpu->sregs();
    s.cr4 = 8;
    cpu->set_sregs(s);
    EXPECT_EQ(run().reason, ExitReason::pio);
    EXPECT_EQ(run_to_handler(), 1);
    EXPECT_EQ(stack_dword(0), layout::code + 2);
    EXPECT_EQ(dr6(), 0xffff0ff8u);
}

TEST_F(Debug, GeneralDetect) {
    DebugRegisters d = cpu->debug_regs();
    d.dr7 |= 1u << 13;
    cpu->set_debug_regs(d);
    code(layout::code, {0x0f, 0x21, 0xc0});  // mov eax, dr0
    EXPECT_EQ(run_to_handler(), 1);
    EXPECT_EQ(stack_dword(0), layout::code);
    EXPECT_EQ(dr6(), 0xffff2ff0u);
    EXPECT_EQ(cpu->debug_regs().dr7, 0x400u) << "GD is cleared for the handler";
}

TEST_F(Debug, Dr4AliasesDr6UnlessDe) {
    code(layout::code, {0x0f, 0x21, 0xe0, 0xf4});  // mov eax, dr4
    run();
    EXPECT_EQ(reg(Gpr::rax), 0xffff0ff0u);
    protected_mode();
    SpecialRegisters s = cpu->sregs();
    s.cr4 = 8;
    cpu->set_sregs(s);
    EXPECT_EQ(run_to_handler(), 6);
}

TEST_F(Debug, IcebpTrapsWithoutPrivilegeOrDr6) {
    user_mode();
    code(user_code, {0xf1});
    EXPECT_EQ(run_to_handler(), 1);
    EXPECT_EQ(stack_dword(0), user_code + 1);
    EXPECT_EQ(dr6(), 0xffff0ff0u);
}

TEST_F(Debug, MovSsDelaysTheTrap) {
    set_flags(0x102);
    set_gpr(Gpr::rax, data0);
    code(layout::code, {0x8e, 0xd0, 0x90, 0x90});
    EXPECT_EQ(run_to_handler(), 1);
    EXPECT_EQ(stack_dword(0), layout::code + 3);
}

TEST_F(Debug, FaultingInstructionIsNotStepped) {
    set_flags(0x102);
    code(layout::code, {0x0f, 0x0b});
    EXPECT_EQ(run_to_handler(), 6);
    EXPECT_EQ(stack_dword(0), layout::code);
}

TEST_F(Debug, TrapComesBeforeNmiAndIntr) {
    set_flags(0x302);
    code(layout::code, {0x90, 0x90});
    GeneralRegisters r = cpu->regs();
    cpu->set_regs(r);
    run(0);
    Budget one;
    one.instructions = 1;
    cpu->run(one);
    cpu->pulse_nmi();
    run(1);
    // #DB first; then, with its handler's IF clear, the NMI interrupts the handler.
    EXPECT_EQ(cpu->debug_regs().dr6 & 0x4000, 0x4000u);
    EXPECT_EQ(cpu->regs().rip - 1, handlers + 32u);
    EXPECT_EQ(stack_dword(0), handlers + 16u);
}

}  // namespace
}  // namespace southgate::cpu::test
