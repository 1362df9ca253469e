// Far JMP, CALL and RET, segment loads, and the instructions that look at descriptors.
#include "tests/cpu_model/system/machine.h"

namespace southgate::cpu::test {
namespace {

using namespace layout;

class FarTransfers : public Machine {
  protected:
    // 9A / EA selector:offset at `at`.
    void far_instruction(std::uint32_t at, int opcode, std::uint16_t selector, std::uint32_t offset) {
        put(at, static_cast<std::uint8_t>(opcode));
        put<std::uint32_t>(at + 1, offset);
        put<std::uint16_t>(at + 5, selector);
    }
    static constexpr int call = 0x9a, jmp = 0xea;
};

TEST_F(FarTransfers, EnterProtectedModeTheUsualWay) {
    real_mode();
    descriptor(code0, 0, 0xfffff, 0x9b, 0xc);
    descriptor(data0, 0, 0xfffff, 0x92, 0xc);
    put<std::uint16_t>(0x500, 0xff);
    put<std::uint32_t>(0x502, gdt);
    code(0x7c00, {0x0f, 0x01, 0x16, 0x00, 0x05,                      // lgdt [500h]
                  0x0f, 0x20, 0xc0, 0x0c, 0x01, 0x0f, 0x22, 0xc0,    // mov eax, cr0; or al, 1; mov cr0, eax
                  0x66, 0xea, 0x20, 0x7c, 0x00, 0x00, 0x08, 0x00});  // jmp dword 8:7c20h
    code(0x7c20, {0x66, 0xb8, 0x10, 0x00, 0x8e, 0xd8, 0x8e, 0xd0,    // mov ax, 10h; mov ds, ax; mov ss, ax
                  0xf4});
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(segment(Seg::cs), (SegmentRegister{0, 0xffffffff, 0xc09b, 8}));
    EXPECT_EQ(segment(Seg::ds), (SegmentRegister{0, 0xffffffff, 0xc093, 0x10}));
    EXPECT_EQ(access_byte(data0), 0x93) << "accessed bit written";
    EXPECT_EQ(cpu->regs().rip, 0x7c29u);
}

// Whoever starts the firmware again by hand is seen: a jump, a call, a far return or an IRET to linear FFFF0h.
TEST_F(FarTransfers, RealModeTransferToTheResetVectorIsAnnounced) {
    const auto starts_again = [this](std::initializer_list<int> bytes) {
        real_mode();
        put<std::uint8_t>(0xffff0, 0xf4);
        code(0x7c00, bytes);
        bus.restarts.clear();
        EXPECT_EQ(run().reason, ExitReason::hlt);
        EXPECT_EQ(segment(Seg::cs).base + cpu->regs().rip, 0xffff1u);
        return bus.restarts;
    };
    const auto from = [](std::uint64_t at) { return std::vector<std::uint64_t>{at}; };
    EXPECT_EQ(starts_again({0xea, 0xf0, 0xff, 0x00, 0xf0}), from(0x7c00)) << "jmp F000:FFF0";
    EXPECT_EQ(starts_again({0x90, 0xea, 0x00, 0x00, 0xff, 0xff}), from(0x7c01)) << "jmp FFFF:0000";
    EXPECT_EQ(starts_again({0x9a, 0xf0, 0xff, 0x00, 0xf0}), from(0x7c00)) << "call F000:FFF0";
    EXPECT_EQ(starts_again({0x68, 0xff, 0xff, 0x6a, 0x00, 0xcb}), from(0x7c05)) << "retf";
    EXPECT_EQ(starts_again({0x9c, 0x68, 0xff, 0xff, 0x6a, 0x00, 0xcf}), from(0x7c06)) << "iret";

    real_mode();
    put<std::uint8_t>(0xfff00, 0xf4);
    code(0x7c00, {0xea, 0x00, 0x00, 0xf0, 0xff});  // jmp FFF0:0000
    bus.restarts.clear();
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_TRUE(bus.restarts.empty()) << "FFF00h is somewhere else";
}

TEST_F(FarTransfers, UnrealModeKeepsLimits) {
    real_mode();
    SpecialRegisters s = cpu->sregs();
    s.seg[static_cast<unsigned>(Seg::ds)].limit = 0xffffffff;
    s.seg[static_cast<unsigned>(Seg::ds)].attributes = 0xc093;
    cpu->set_sregs(s);
    code(0x7c00, {0xb8, 0x00, 0x10, 0x8e, 0xd8,        // mov ax, 1000h; mov ds, ax
                  0x66, 0xbb, 0x00, 0x00, 0x08, 0x00,  // mov ebx, 80000h
                  0x67, 0xc6, 0x03, 0x5a, 0xf4});      // mov byte [ebx], 5ah; hlt
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(memory[0x90000], 0x5a);
    EXPECT_EQ(segment(Seg::ds).limit, 0xffffffffu);
}

TEST_F(FarTransfers, RealModeLimitFaults) {
    real_mode();
    code(0x7c00, {0x67, 0xa1, 0xff, 0xff, 0x00, 0x00});  // mov ax, [0ffffh]: second byte beyond the limit
    EXPECT_EQ(run_to_handler(), 13);
}

TEST_F(FarTransfers, CallGateSwitchesStackAndCopiesParameters) {
    user_mode();
    write_gate(gdt + gate, code0, 0x12000, 0xec, 3);
    far_instruction(user_code, call, gate | 3, 0xdeadbeef);
    set_gpr(Gpr::rsp, stack3 - 12);
    for (unsigned i = 0; i < 3; ++i) put<std::uint32_t>(stack3 - 12 + 4 * i, 0x111 * (i + 1));
    code(0x12000, {0xca, 0x0c, 0x00});  // retf 12
    run(1);
    EXPECT_EQ(cpu->regs().rip, 0x12000u);
    EXPECT_EQ(cpl(), 0u);
    EXPECT_EQ(segment(Seg::cs).selector, code0);
    EXPECT_EQ(reg(Gpr::rsp), stack0 - 28);
    EXPECT_EQ(stack_dword(0), user_code + 7);
    EXPECT_EQ(stack_dword(1), code3);
    EXPECT_EQ(stack_dword(2), 0x111u);
    EXPECT_EQ(stack_dword(4), 0x333u);
    EXPECT_EQ(stack_dword(5), stack3 - 12);
    EXPECT_EQ(stack_dword(6), data3);
    run(1);
    EXPECT_EQ(cpl(), 3u);
    EXPECT_EQ(reg(Gpr::rsp), stack3) << "the parameters are released on both stacks";
    EXPECT_EQ(cpu->regs().rip, user_code + 7);
}

TEST_F(FarTransfers, SixteenBitCallGate) {
    user_mode();
    write_gate(gdt + gate, code0, 0x2000, 0xe4, 1);
    far_instruction(user_code, call, gate, 0);
    set_gpr(Gpr::rsp, stack3 - 2);
    put<std::uint16_t>(stack3 - 2, 0x77);
    run(1);
    EXPECT_EQ(cpu->regs().rip, 0x2000u);
    EXPECT_EQ(reg(Gpr::rsp), stack0 - 10);
    EXPECT_EQ(stack_word(2), 0x77);
}

TEST_F(FarTransfers, CallGatePrivilege) {
    user_mode();
    write_gate(gdt + gate, code0, 0x12000, 0x8c);  // DPL 0
    far_instruction(user_code, call, gate, 0);
    EXPECT_EQ(run_to_handler(), 13);
    EXPECT_EQ(stack_dword(0), gate);
}

TEST_F(FarTransfers, JumpThroughGateCannotChangeLevel) {
    user_mode();
    write_gate(gdt + gate, code0, 0x12000, 0xec);
    far_instruction(user_code, jmp, gate, 0);
    EXPECT_EQ(run_to_handler(), 13);
    EXPECT_EQ(stack_dword(0), code0);
}

TEST_F(FarTransfers, JumpToConformingCodeKeepsCpl) {
    user_mode();
    far_instruction(user_code, jmp, conforming, user_code + 0x40);
    run(1);
    EXPECT_EQ(segment(Seg::cs).selector, conforming | 3);
    EXPECT_EQ(cpu->regs().rip, user_code + 0x40);
}

TEST_F(FarTransfers, FaultsOfDirectTransfers) {
    struct Case {
        std::uint16_t selector;
        std::uint32_t offset;
        int vector;
        std::uint32_t error;
    };
    for (const Case& t :
         {Case{0, 0, 13, 0}, Case{data0, 0, 13, data0}, Case{0x108, 0, 13, 0x108},
          Case{code3, 0, 13, code3 & 0xfffc}, Case{code16, 0x10000, 13, 0}, Case{0x0c, 0, 13, 0x0c}}) {
        protected_mode();
        far_instruction(layout::code, jmp, t.selector, t.offset);
        EXPECT_EQ(run_to_handler(), t.vector) << t.selector;
        EXPECT_EQ(stack_dword(0), t.error) << t.selector;
    }
    protected_mode();
    descriptor(absent, 0, 0xfffff, 0x1b, 0xc);
    far_instruction(layout::code, jmp, absent, 0);
    EXPECT_EQ(run_to_handler(), 11);
    EXPECT_EQ(stack_dword(0), absent);
}

TEST_F(FarTransfers, SegmentLoadFaults) {
    struct Case {
        Seg seg;
        std::uint16_t selector;
        int vector;
        std::uint32_t error;
    };
    for (const Case& t :
         {Case{Seg::ss, 0, 13, 0}, Case{Seg::ss, data3, 13, data3 & 0xfffc}, Case{Seg::ss, code0, 13, code0},
          Case{Seg::ss, absent, 12, absent}, Case{Seg::ds, absent, 11, absent}, Case{Seg::ds, task, 13, task},
          Case{Seg::es, 0x100, 13, 0x100}, Case{Seg::fs, data0 | 1, 13, data0}}) {
        protected_mode();
        set_gpr(Gpr::rax, t.selector);
        code(layout::code, {0x8e, 0xc0 | static_cast<int>(t.seg) << 3});
        EXPECT_EQ(run_to_handler(), t.vector) << t.selector;
        EXPECT_EQ(stack_dword(0), t.error) << t.selector;
    }
}

TEST_F(FarTransfers, NullDataSegmentFaultsOnUse) {
    protected_mode();
    code(layout::code, {0x31, 0xc0, 0x8e, 0xd8, 0xa1, 0, 0, 0, 0});  // xor eax, eax; mov ds, ax; mov eax, [0]
    EXPECT_EQ(run_to_handler(), 13);
    EXPECT_EQ(stack_dword(0), 0u);
    EXPECT_EQ(stack_dword(1), layout::code + 4);
}

TEST_F(FarTransfers, LtrMarksBusyAndRefusesABusyTss) {
    protected_mode();
    set_gpr(Gpr::rax, other_task);
    code(layout::code, {0x0f, 0x00, 0xd8, 0x0f, 0x00, 0xd8});  // ltr ax; ltr ax
    run(1);
    EXPECT_EQ(access_byte(other_task), 0x8b);
    EXPECT_EQ(cpu->sregs().tr.base, other_tss);
    EXPECT_EQ(run_to_handler(), 13);
    EXPECT_EQ(stack_dword(0), other_task);
}

TEST_F(FarTransfers, LdtSelectors) {
    protected_mode();
    descriptor(ldt, 0x4000, 0xf, 0x82, 0);
    put<std::uint64_t>(0x4008, 0x00cf93000000ffff | std::uint64_t{0x1234} << 16);  // base 1234h
    set_gpr(Gpr::rax, ldt);
    set_gpr(Gpr::rcx, 0x0c);
    code(layout::code, {0x0f, 0x00, 0xd0, 0x8e, 0xd9});  // lldt ax; mov ds, cx
    run(2);
    EXPECT_EQ(segment(Seg::ds).base, 0x1234u);
    EXPECT_EQ(segment(Seg::ds).selector, 0x0c);
}

TEST_F(FarTransfers, LarLslVerrVerw) {
    user_mode();
    set_gpr(Gpr::rax, data3);
    set_gpr(Gpr::rcx, data0);
    set_gpr(Gpr::rbx, 0x55);
    code(user_code, {0x0f, 0x02, 0xd0,    // lar edx, eax
                     0x0f, 0x03, 0xf0,    // lsl esi, eax
                     0x0f, 0x02, 0xd9,    // lar ebx, ecx: DPL 0 is hidden from ring 3
                     0x0f, 0x00, 0xe8});  // verw ax
    run(2);
    EXPECT_EQ(reg(Gpr::rdx), 0x00c0f300u);
    EXPECT_EQ(reg(Gpr::rsi), 0xffffffffu);
    run(1);
    EXPECT_EQ(reg(Gpr::rbx), 0x55u);
    EXPECT_EQ(flags() & 0x40, 0u);
    run(1);
    EXPECT_EQ(flags() & 0x40, 0x40u);
}

TEST_F(FarTransfers, SysenterAndSysexit) {
    user_mode();
    ModelSpecificRegisters m = cpu->msrs();
    m.sysenter_cs = code0;
    m.sysenter_esp = stack0;
    m.sysenter_eip = 0x13000;
    cpu->set_msrs(m);
    set_flags(0x202);
    code(user_code, {0x0f, 0x34});
    set_gpr(Gpr::rdx, 0x14000);
    set_gpr(Gpr::rcx, 0x6f000);
    code(0x13000, {0x0f, 0x35});
    run(1);
    EXPECT_EQ(cpu->regs().rip, 0x13000u);
    EXPECT_EQ(reg(Gpr::rsp), stack0);
    EXPECT_EQ(cpl(), 0u);
    EXPECT_EQ(flags() & 0x200, 0u);
    run(1);
    EXPECT_EQ(cpu->regs().rip, 0x14000u);
    EXPECT_EQ(reg(Gpr::rsp), 0x6f000u);
    EXPECT_EQ(cpl(), 3u);
    EXPECT_EQ(segment(Seg::cs).selector, (code0 + 16) | 3);
}

TEST_F(FarTransfers, SysenterWithoutTargetFaults) {
    user_mode();
    code(user_code, {0x0f, 0x34});
    EXPECT_EQ(run_to_handler(), 13);
}

}  // namespace
}  // namespace southgate::cpu::test
