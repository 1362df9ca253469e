// Interrupts, exceptions and IRETQ of long mode (SDM vol. 3A 6.14).
#include "tests/cpu_model/system/long_machine.h"

namespace southgate::cpu::test {
namespace {

using namespace layout64;
using layout::handlers;
using layout::stack;
using layout::stack0;
using layout::stack3;
using layout::user_code;

class LongInterrupts : public LongMachine {
  protected:
    // A frame for IRETQ at layout::stack, and the IRETQ.
    void return_frame(std::uint64_t to, std::uint16_t cs, std::uint64_t flags, std::uint64_t rsp, std::uint16_t ss) {
        const std::uint64_t frame[] = {to, cs, flags, rsp, ss};
        for (unsigned i = 0; i < 5; ++i) put(stack + 8 * i, frame[i]);
        code(layout::code, {0x48, 0xcf});
    }
};

TEST_F(LongInterrupts, SameLevelAlignsTheStackAndPushesIt) {
    long_mode();
    code(layout::code, {0xcd, 0x40});
    set_gpr(Gpr::rsp, stack + 5);
    EXPECT_EQ(run_to_handler(), 0x40);
    EXPECT_EQ(reg64(Gpr::rsp), stack - 40u);
    EXPECT_EQ(stack_qword(0), layout::code + 2u);
    EXPECT_EQ(stack_qword(1), code0);
    EXPECT_EQ(stack_qword(2), 2u);
    EXPECT_EQ(stack_qword(3), stack + 5u);
    EXPECT_EQ(stack_qword(4), data0);
    EXPECT_EQ(segment(Seg::ss).selector, data0) << "no change of level: SS stays";
}

TEST_F(LongInterrupts, ErrorCodeLiesBelowTheFrame) {
    long_mode();
    code(layout::code, {0xa0, 0x34, 0x12, 0, 0x40, 0, 0, 0, 0});  // mov al, [40001234h]
    expect_fault(14, 0);
    EXPECT_EQ(cpu->sregs().cr2, 0x40001234u);
    EXPECT_EQ(reg64(Gpr::rsp), stack - 48u);
    EXPECT_EQ(stack_qword(1), layout::code);
    EXPECT_EQ(stack_qword(4), stack);
}

TEST_F(LongInterrupts, InterruptStackTable) {
    long_mode();
    idt_gate64(6, code0, handlers + 16 * 6, 0x8e, 1);
    code(layout::code, {0x0f, 0x0b});
    EXPECT_EQ(run_to_handler(), 6);
    EXPECT_EQ(reg64(Gpr::rsp), ist1 - 40u);
    EXPECT_EQ(stack_qword(3), stack);

    long_mode();
    idt_gate64(6, code0, handlers + 16 * 6, 0x8e, 7);  // not within a short TSS
    SpecialRegisters s = cpu->sregs();
    s.tr.limit = 0x5a;
    cpu->set_sregs(s);
    expect_fault(10, tss | 1);
}

TEST_F(LongInterrupts, ToRing0AndBack) {
    long_user_mode();
    code(user_code, {0xcd, 0x40, 0x0f, 0x0b});
    code(handlers + 16 * 0x40, {0x48, 0xcf});
    set_flags(0x202);
    run(1);
    EXPECT_EQ(cpl(), 0u);
    EXPECT_EQ(segment(Seg::ss).selector, 0u);
    EXPECT_TRUE(segment(Seg::ss).attributes & SegmentRegister::unusable);
    EXPECT_EQ(reg64(Gpr::rsp), stack0 - 40u);
    EXPECT_EQ(stack_qword(1), code3);
    EXPECT_EQ(stack_qword(4), data3);
    EXPECT_EQ(flags() & 0x200, 0u);
    run(1);
    EXPECT_EQ(cpl(), 3u);
    EXPECT_EQ(rip(), user_code + 2u);
    EXPECT_EQ(reg64(Gpr::rsp), stack3);
    EXPECT_EQ(flags() & 0x200, 0x200u);
    EXPECT_EQ(segment(Seg::ss).selector, data3);
}

TEST_F(LongInterrupts, HandlersAndStacksLieInTheUpperHalf) {
    long_user_mode();
    put<std::uint64_t>(layout::tss + 4, high + stack0);
    idt_gate64(0x40, code0, high + handlers + 16 * 0x40, 0xee);
    SpecialRegisters s = cpu->sregs();
    s.idtr.base += high;
    s.gdtr.base += high;
    s.tr.base += high;
    cpu->set_sregs(s);
    code(user_code, {0xcd, 0x40});
    run(1);
    EXPECT_EQ(rip(), high + handlers + 16 * 0x40);
    EXPECT_EQ(reg64(Gpr::rsp), high + stack0 - 40);
}

TEST_F(LongInterrupts, Gates) {
    const auto attempt = [this](std::uint16_t selector, std::uint64_t offset, unsigned access) {
        long_mode();
        idt_gate64(6, selector, offset, access);
        code(layout::code, {0x0f, 0x0b});
        const int handler = run_to_handler();
        return std::pair(handler, handler < 0 ? 0 : stack_qword(0));
    };
    using Result = std::pair<int, std::uint64_t>;
    constexpr std::uint64_t gate6 = 6 * 8 + 2 + 1;
    EXPECT_EQ(attempt(code0, handlers + 96, 0x8f).first, 6) << "trap gate";
    EXPECT_EQ(attempt(code0, handlers + 96, 0x86), Result(13, gate6)) << "16-bit gate";
    EXPECT_EQ(attempt(code0, handlers + 96, 0x85), Result(13, gate6)) << "task gate";
    EXPECT_EQ(attempt(code0, handlers + 96, 0x0e), Result(11, gate6)) << "not present";
    EXPECT_EQ(attempt(0, handlers + 96, 0x8e), Result(13, 1));
    EXPECT_EQ(attempt(data0, handlers + 96, 0x8e), Result(13, data0 | 1));
    EXPECT_EQ(attempt(code32_0, handlers + 96, 0x8e), Result(13, gate6)) << "not 64-bit code";
    EXPECT_EQ(attempt(both_sizes, handlers + 96, 0x8e), Result(13, gate6));
    EXPECT_EQ(attempt(code64_absent, handlers + 96, 0x8e), Result(11, code64_absent | 1));
    EXPECT_EQ(attempt(code0, 0x0000800000000000, 0x8e), Result(13, 1)) << "not canonical";
}

TEST_F(LongInterrupts, SoftwareInterruptsNeedTheirDpl) {
    long_user_mode();
    code(user_code, {0xcd, 0x41});
    expect_fault(13, 0x41 * 8 + 2);
    long_user_mode();
    code(user_code, {0xcd, 0x80});
    SpecialRegisters s = cpu->sregs();
    s.idtr.limit = 0x7ff;
    cpu->set_sregs(s);
    expect_fault(13, 0x80 * 8 + 2);
}

TEST_F(LongInterrupts, NonCanonicalStackIsAStackFault) {
    long_mode();
    idt_gate64(12, code0, handlers + 16 * 12, 0x8e, 1);
    idt_gate64(8, code0, handlers + 16 * 8, 0x8e, 1);
    set_gpr(Gpr::rsp, 0x0000900000000000);
    code(layout::code, {0x50});  // push rax
    expect_fault(12, 0);
    long_mode();
    idt_gate64(12, code0, handlers + 16 * 12, 0x8e, 1);
    set_gpr(Gpr::rsp, 0x0000900000000000);
    code(layout::code, {0x0f, 0x0b});
    expect_fault(12, 1);  // of the delivery of #UD
}

TEST_F(LongInterrupts, DoubleFaultAndShutdown) {
    long_mode();
    idt_gate64(8, code0, handlers + 16 * 8, 0x8e, 1);
    idt_gate64(14, code0, handlers + 16 * 14, 0x0e);
    code(layout::code, {0xa0, 0, 0, 0, 0x40, 0, 0, 0, 0});
    expect_fault(8, 0);
    EXPECT_EQ(reg64(Gpr::rsp), ist1 - 48u);

    long_mode();
    SpecialRegisters s = cpu->sregs();
    s.idtr.limit = 0;
    cpu->set_sregs(s);
    EXPECT_EQ(run().reason, ExitReason::shutdown);
}

TEST_F(LongInterrupts, FromCompatibilityMode) {
    long_user_mode();
    SpecialRegisters s = cpu->sregs();
    s.seg[static_cast<unsigned>(Seg::cs)] = flat(code32_3, 0xb);
    cpu->set_sregs(s);
    set_rip(code32);
    code(code32, {0x40, 0xcd, 0x40});  // inc eax; int 40h
    EXPECT_EQ(run_to_handler(), 0x40);
    EXPECT_EQ(reg(Gpr::rax), 1u) << "40h is INC, not REX";
    EXPECT_EQ(stack_qword(0), code32 + 3u);
    EXPECT_EQ(stack_qword(1), code32_3);
    EXPECT_EQ(stack_qword(3), stack3);
}

TEST_F(LongInterrupts, ReturnToCompatibilityMode) {
    long_mode();
    return_frame(code32, code32_3, 2, stack3, data3);
    code(code32, {0x40, 0xcd, 0x40});
    EXPECT_EQ(run_to_handler(), 0x40);
    EXPECT_EQ(reg(Gpr::rax), 1u);
    EXPECT_EQ(stack_qword(1), code32_3);
}

TEST_F(LongInterrupts, ReturnPopsTheStackAtTheSameLevelToo) {
    long_mode();
    return_frame(layout::code + 2, code0, 0x46, 0x12345678, 0);
    code(layout::code + 2, {0x0f, 0x0b});
    run(1);
    EXPECT_EQ(reg64(Gpr::rsp), 0x12345678u);
    EXPECT_EQ(segment(Seg::ss).selector, 0u) << "a null SS is good enough in ring 0";
    EXPECT_EQ(flags(), 0x46u);
}

TEST_F(LongInterrupts, ReturnFaults) {
    const auto attempt = [this](std::uint64_t to, std::uint16_t cs, std::uint16_t ss) {
        long_mode();
        return_frame(to, cs, 2, stack, ss);
        const int handler = run_to_handler();
        return std::pair(handler, handler < 0 ? 0 : stack_qword(0));
    };
    using Result = std::pair<int, std::uint64_t>;
    EXPECT_EQ(attempt(0x0000800000000000, code0, data0), Result(13, 0)) << "not canonical";
    EXPECT_EQ(attempt(0x100000000, code32_3, data3), Result(13, 0)) << "beyond the limit";
    EXPECT_EQ(attempt(user_code, 0, data0), Result(13, 0));
    EXPECT_EQ(attempt(user_code, both_sizes, data0), Result(13, both_sizes));
    EXPECT_EQ(attempt(user_code, code3, 0), Result(13, 0)) << "no null SS in ring 3";
    EXPECT_EQ(attempt(user_code, code3, data0), Result(13, data0));
    EXPECT_EQ(attempt(user_code, code32_0, 0), Result(13, 0)) << "nor in compatibility mode";
    EXPECT_EQ(attempt(user_code, code0, 3), Result(13, 0)) << "RPL of a null SS";
}

TEST_F(LongInterrupts, NoReturnFromNestedTasks) {
    long_mode();
    return_frame(layout::code + 2, code0, 2, stack, data0);
    set_flags(0x4002);
    expect_fault(13, 0);
}

TEST_F(LongInterrupts, ReturnCannotEnterV86Mode) {
    long_mode();
    return_frame(layout::code + 2, code0, 0x20002, stack, data0);
    run(1);
    EXPECT_EQ(cpu->regs().rflags & 0x20000, 0u);
    EXPECT_EQ(rip(), layout::code + 2u);
}

TEST_F(LongInterrupts, ExternalInterruptAndNmi) {
    long_user_mode();
    set_flags(0x202);
    code(user_code, {0x90, 0x90});
    bus.vector = 0x55;
    cpu->set_intr(true);
    EXPECT_EQ(run_to_handler(), 0x55);
    EXPECT_EQ(stack_qword(0), user_code);
    cpu->set_intr(false);
    long_user_mode();
    idt_gate64(2, code0, handlers + 32, 0x8e, 1);
    cpu->pulse_nmi();
    EXPECT_EQ(run_to_handler(), 2);
    EXPECT_EQ(reg64(Gpr::rsp), ist1 - 40u);
}

TEST_F(LongInterrupts, ExecutionBreakpointInTheUpperHalf) {
    long_mode();
    code(layout::code, {0x90, 0x90, 0xf4});
    set_rip(high + layout::code);
    DebugRegisters d = cpu->debug_regs();
    d.dr[0] = high + layout::code + 1;
    d.dr7 = 0x401;
    cpu->set_debug_regs(d);
    EXPECT_EQ(run_to_handler(), 1);
    EXPECT_EQ(stack_qword(0), high + layout::code + 1);
    EXPECT_EQ(cpu->debug_regs().dr6 & 0xf, 1u);
}

}  // namespace
}  // namespace southgate::cpu::test
