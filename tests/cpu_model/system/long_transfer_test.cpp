// SYSCALL, SYSENTER, system segments, call gates and far transfers in 64-bit mode (SDM vol. 3A 3.5, 5.8).
#include "tests/cpu_model/system/long_machine.h"

namespace southgate::cpu::test {
namespace {

using namespace layout64;
using layout::stack;
using layout::stack0;
using layout::stack3;
using layout::user_code;

class LongTransfers : public LongMachine {};

TEST_F(LongTransfers, SyscallAndSysret) {
    long_user_mode();
    code(user_code, {0x0f, 0x05, 0x0f, 0x0b});
    code(layout64::system_call, {0x48, 0x0f, 0x07});
    set_flags(0x4d7 & ~0x100u);
    run(1);
    EXPECT_EQ(rip(), layout64::system_call);
    EXPECT_EQ(reg64(Gpr::rcx), user_code + 2u);
    EXPECT_EQ(reg64(Gpr::r11), 0x4d7u & ~0x100u);
    EXPECT_EQ(flags(), 0xd7u) << "FMASK is 700h";
    EXPECT_EQ(cpl(), 0u);
    EXPECT_EQ(segment(Seg::cs), (SegmentRegister{0, 0xffffffff, 0xa09b, code0}));
    EXPECT_EQ(segment(Seg::ss), flat(data0, 3));
    EXPECT_EQ(reg64(Gpr::rsp), stack3) << "the stack is the handler's business";
    run(1);
    EXPECT_EQ(rip(), user_code + 2u);
    EXPECT_EQ(cpl(), 3u);
    EXPECT_EQ(segment(Seg::cs).selector, code3);
    EXPECT_EQ(segment(Seg::ss).selector, data3);
    EXPECT_EQ(flags() & 0x4d7, 0x4d7u & ~0x100u);
}

TEST_F(LongTransfers, SysretToCompatibilityMode) {
    long_mode();
    set_gpr(Gpr::rcx, code32);
    set_gpr(Gpr::r11, 2);
    code(layout::code, {0x0f, 0x07});
    code(code32, {0x40, 0xcd, 0x40});
    EXPECT_EQ(run_to_handler(), 0x40);
    EXPECT_EQ(stack_qword(1), code32_3);
    EXPECT_EQ(stack_qword(4), data3);
}

TEST_F(LongTransfers, SystemCallFaults) {
    long_mode();
    set_gpr(Gpr::rcx, 0x0000800000000000);
    EXPECT_EQ(fault_of({0x48, 0x0f, 0x07}), 13) << "Intel: at CPL 0";
    EXPECT_EQ(stack_qword(2), code0);
    long_mode();
    set_msr(0xc0000080, 0xd00);
    EXPECT_EQ(fault_of({0x0f, 0x30, 0x0f, 0x05}), 6) << "without SCE";
    long_user_mode();
    code(user_code, {0x48, 0x0f, 0x07});
    expect_fault(13, 0);
    long_user_mode();
    SpecialRegisters s = cpu->sregs();
    s.seg[static_cast<unsigned>(Seg::cs)] = flat(code32_3, 0xb);
    cpu->set_sregs(s);
    code(user_code, {0x0f, 0x05});
    EXPECT_EQ(run_to_handler(), 6) << "Intel: not in compatibility mode";
}

TEST_F(LongTransfers, SysenterAndSysexit) {
    long_user_mode();
    ModelSpecificRegisters m = cpu->msrs();
    m.sysenter_cs = 0x80;
    m.sysenter_eip = high + layout::code;
    m.sysenter_esp = high + stack;
    cpu->set_msrs(m);
    code(user_code, {0x0f, 0x34});
    code(layout::code, {0x48, 0x0f, 0x35});
    set_flags(0x202);
    run(1);
    EXPECT_EQ(rip(), high + layout::code);
    EXPECT_EQ(reg64(Gpr::rsp), high + stack);
    EXPECT_EQ(cpl(), 0u);
    EXPECT_EQ(flags() & 0x200, 0u);
    EXPECT_TRUE(segment(Seg::cs).attributes & SegmentRegister::l);
    set_gpr(Gpr::rdx, user_code + 0x100);
    set_gpr(Gpr::rcx, stack3 - 8);
    run(1);
    EXPECT_EQ(rip(), user_code + 0x100u);
    EXPECT_EQ(reg64(Gpr::rsp), stack3 - 8u);
    EXPECT_EQ(segment(Seg::cs).selector, 0x80 + 32 + 3);
    EXPECT_EQ(segment(Seg::ss).selector, 0x80 + 40 + 3);
    EXPECT_EQ(cpl(), 3u);
}

TEST_F(LongTransfers, SystemSegmentsHaveSixteenBytes) {
    long_mode();
    system_descriptor64(tss, high + layout::tss, 0xff, 0x89);
    system_descriptor64(layout64::ldt, high + ldt_at, 0xff, 0x82);
    set_gpr(Gpr::rax, tss);
    set_gpr(Gpr::rbx, layout64::ldt);
    EXPECT_EQ(fault_of({0x0f, 0x00, 0xd8, 0x0f, 0x00, 0xd3}), -1);  // ltr ax; lldt bx
    EXPECT_EQ(cpu->sregs().tr.base, high + layout::tss);
    EXPECT_EQ(cpu->sregs().ldtr.base, high + ldt_at);
    EXPECT_EQ(access_byte(tss), 0x8b);

    long_mode();
    system_descriptor64(tss, layout::tss, 0xff, 0x89);
    put<std::uint8_t>(layout::gdt + tss + 13, 1);
    set_gpr(Gpr::rax, tss);
    EXPECT_EQ(fault_of({0x0f, 0x00, 0xd8}), 13) << "type bits of the upper half";
    EXPECT_EQ(stack_qword(0), tss);
    long_mode();
    system_descriptor64(tss, 0x0000800000000000, 0xff, 0x89);
    set_gpr(Gpr::rax, tss);
    EXPECT_EQ(fault_of({0x0f, 0x00, 0xd8}), 13) << "base not canonical";
    long_mode();
    system_descriptor64(tss, layout::tss, 0xff, 0x81);
    set_gpr(Gpr::rax, tss);
    EXPECT_EQ(fault_of({0x0f, 0x00, 0xd8}), 13) << "no 16-bit TSS";
    long_mode();
    system_descriptor64(0xf8, layout::tss, 0xff, 0x89);
    set_gpr(Gpr::rax, 0xf8);
    EXPECT_EQ(fault_of({0x0f, 0x00, 0xd8}), 13) << "the upper half is beyond the GDT";
}

TEST_F(LongTransfers, RightsAndLimits) {
    long_mode();
    set_gpr(Gpr::rax, tss);
    EXPECT_EQ(fault_of({0x0f, 0x02, 0xc8, 0x0f, 0x03, 0xd0}), -1);  // lar ecx, ax; lsl edx, ax
    EXPECT_EQ(reg(Gpr::rcx), 0x8b00u);
    EXPECT_EQ(reg(Gpr::rdx), 0xffu);
    long_mode();
    system_descriptor64(tss, layout::tss, 0xff, 0x83);
    set_gpr(Gpr::rax, tss);
    set_flags(0x42);
    EXPECT_EQ(fault_of({0x0f, 0x02, 0xc8}), -1);
    EXPECT_EQ(flags() & 0x40, 0u) << "a 16-bit TSS is no type of long mode";
    long_mode();
    set_gpr(Gpr::rax, layout64::gate);
    EXPECT_EQ(fault_of({0x0f, 0x02, 0xc8}), -1);
    EXPECT_EQ(reg(Gpr::rcx), 0xec00u);
}

TEST_F(LongTransfers, CallGateToRing0AndBack) {
    long_user_mode();
    put<std::uint32_t>(0x9000, 0xdead);
    put<std::uint16_t>(0x9004, layout64::gate);
    code(user_code, {0xff, 0x1c, 0x25, 0, 0x90, 0, 0});  // call far [9000h]
    code(gate_target, {0x48, 0xcb});                     // retfq
    run(1);
    EXPECT_EQ(rip(), gate_target);
    EXPECT_EQ(cpl(), 0u);
    EXPECT_EQ(segment(Seg::ss).selector, 0u);
    EXPECT_EQ(reg64(Gpr::rsp), stack0 - 32u);
    EXPECT_EQ(stack_qword(0), user_code + 7u);
    EXPECT_EQ(stack_qword(1), code3);
    EXPECT_EQ(stack_qword(2), stack3);
    EXPECT_EQ(stack_qword(3), data3);
    run(1);
    EXPECT_EQ(rip(), user_code + 7u);
    EXPECT_EQ(cpl(), 3u);
    EXPECT_EQ(reg64(Gpr::rsp), stack3);
}

TEST_F(LongTransfers, FarTransferFaults) {
    const auto jump_to = [this](std::uint16_t selector) {
        put<std::uint32_t>(0x9000, layout::code + 0x40);
        put<std::uint16_t>(0x9004, selector);
        const int handler = fault_of({0xff, 0x2c, 0x25, 0, 0x90, 0, 0});  // jmp far [9000h]
        return std::pair(handler, handler < 0 ? 0 : stack_qword(0));
    };
    using Result = std::pair<int, std::uint64_t>;
    long_mode();
    EXPECT_EQ(jump_to(tss), Result(13, tss)) << "no task switches";
    long_mode();
    EXPECT_EQ(jump_to(both_sizes), Result(13, both_sizes));
    long_mode();
    write_gate(layout::gdt + layout64::gate, tss, 0, 0xe5);
    EXPECT_EQ(jump_to(layout64::gate), Result(13, layout64::gate)) << "task gate";
    long_mode();
    call_gate64(layout64::gate, code32_0, gate_target, 0xec);
    EXPECT_EQ(jump_to(layout64::gate), Result(13, code32_0)) << "gates lead to 64-bit code";
    long_mode();
    put<std::uint8_t>(layout::gdt + layout64::gate + 13, 0xc);
    EXPECT_EQ(jump_to(layout64::gate), Result(13, layout64::gate)) << "type bits of the upper half";
    long_mode();
    call_gate64(layout64::gate, code0, 0x0000800000000000, 0xec);
    EXPECT_EQ(jump_to(layout64::gate), Result(13, 0));
    long_mode();
    const std::uint64_t frame[] = {0x0000800000000000, code0};
    put(stack, frame[0]);
    put(stack + 8, frame[1]);
    EXPECT_EQ(fault_of({0x48, 0xcb}), 13) << "RETFQ to a non-canonical address";
}

}  // namespace
}  // namespace southgate::cpu::test
