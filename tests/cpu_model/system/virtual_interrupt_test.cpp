// Virtual-8086 mode extensions and protected-mode virtual interrupts (SDM vol. 3B 20.3, 20.4).
#include "tests/cpu_model/system/machine.h"

namespace southgate::cpu::test {
namespace {

using namespace layout;

constexpr std::uint32_t if_ = 0x200, vif = 1u << 19, vip = 1u << 20, nt = 0x4000;
constexpr std::uint64_t cr4_vme = 1, cr4_pvi = 2;

class VirtualInterrupt : public Machine {
  protected:
    static constexpr std::uint32_t program = 0x50000;

    void set_cr4(std::uint64_t value) {
        SpecialRegisters s = cpu->sregs();
        s.cr4 = value;
        cpu->set_sregs(s);
    }

    // V86 code at 1000:0100 with its stack at 2000:8000; INT n leads to 5000:n when the bitmap gives it to the program.
    void enter(std::uint32_t eflags, std::uint64_t cr4 = cr4_vme) {
        protected_mode();
        set_cr4(cr4);
        put<std::uint16_t>(tss + 0x66, 0x68 + 32);  // the redirection bitmap is at 68h
        for (unsigned i = 0; i < 32; ++i) put<std::uint8_t>(tss + 0x68 + i, 0);
        for (unsigned v = 0; v < 256; ++v) put<std::uint32_t>(4 * v, 0x5000u << 16 | v);
        enter_v86(eflags | 2);
    }
    void protect(unsigned vector) {
        const std::uint32_t at = tss + 0x68 + vector / 8;
        put<std::uint8_t>(at, static_cast<std::uint8_t>(get<std::uint8_t>(at) | 1u << vector % 8));
    }
    std::uint16_t v86_word(unsigned n) const { return get<std::uint16_t>(v86_stack - 6 + 2 * n); }
};

TEST_F(VirtualInterrupt, CliAndStiMeanVif) {
    enter(if_ | vif);
    code(v86_code, {0xfa, 0xfb, 0x90});
    run(1);
    EXPECT_EQ(flags(), v86_flag | if_ | 2);
    run(1);
    EXPECT_EQ(flags(), v86_flag | if_ | vif | 2);
    run(1);
    EXPECT_EQ(cpu->regs().rip, 0x103u);
}

TEST_F(VirtualInterrupt, StiWhileAnInterruptWaitsFaults) {
    enter(vip);
    code(v86_code, {0xfa, 0xfb});
    run(1);
    EXPECT_EQ(run_to_handler(), 13);
    EXPECT_EQ(stack_dword(1), 0x101u);
    EXPECT_EQ(stack_dword(3) & (vif | vip | v86_flag), vip | v86_flag);
}

TEST_F(VirtualInterrupt, PushfShowsVifAsIfAndIopl3) {
    for (const std::uint32_t virtual_one : {0u, vif}) {
        for (const std::uint32_t real_one : {0u, if_}) {
            enter(virtual_one | real_one | nt);
            code(v86_code, {0x9c});
            run(1);
            EXPECT_EQ(get<std::uint16_t>(v86_stack - 2), (virtual_one ? if_ : 0u) | nt | 0x3002);
            EXPECT_EQ(flags(), virtual_one | real_one | nt | v86_flag | 2);
        }
    }
}

TEST_F(VirtualInterrupt, PopfLoadsVif) {
    for (const std::uint16_t value : {0x4dd7 & ~0x100, 0x02 | 0x200}) {
        enter(if_);
        put<std::uint16_t>(v86_stack, value);
        code(v86_code, {0x9d});
        run(1);
        EXPECT_EQ(flags(), (value & 0x4cd5u) | ((value & if_) != 0 ? vif : 0u) | if_ | v86_flag | 2) << value;
        EXPECT_EQ(reg(Gpr::rsp), 0x8002u);
    }
}

TEST_F(VirtualInterrupt, PopfAndIretRefuseTfAndIfWhileAnInterruptWaits) {
    for (const int opcode : {0x9d, 0xcf}) {
        const unsigned at = opcode == 0xcf ? 4 : 0;
        for (const auto& [before, value, faults] :
             {std::tuple{0u, 0x102, true}, {vip, 0x202, true}, {vip, 0x002, false}, {0u, 0x202, false}}) {
            enter(before);
            put<std::uint16_t>(v86_stack, 0x120);
            put<std::uint16_t>(v86_stack + 2, 0x1000);
            put<std::uint16_t>(v86_stack + at, static_cast<std::uint16_t>(value));
            code(v86_code, {opcode, 0x90});
            if (faults) {
                EXPECT_EQ(run_to_handler(), 13) << opcode << ' ' << value;
                EXPECT_EQ(stack_dword(1), 0x100u);
                EXPECT_EQ(stack_dword(4), 0x8000u);
            } else {
                run(1);
                EXPECT_EQ(flags() & (vif | vip | if_), before | (value == 0x202 ? vif : 0u)) << opcode << ' ' << value;
                EXPECT_EQ(cpu->regs().rip, opcode == 0xcf ? 0x120u : 0x101u);
            }
        }
    }
}

TEST_F(VirtualInterrupt, DwordFormsFault) {
    for (const int opcode : {0x9c, 0x9d, 0xcf}) {
        enter(if_);
        code(v86_code, {0x66, opcode});
        EXPECT_EQ(run_to_handler(), 13) << opcode;
    }
}

TEST_F(VirtualInterrupt, WithIopl3IfIsReal) {
    enter(0x3000 | if_);
    code(v86_code, {0xfa, 0x9c, 0xfb});
    run(2);
    EXPECT_EQ(get<std::uint16_t>(v86_stack - 2), 0x3002);
    run(1);
    EXPECT_EQ(flags(), 0x3000 | if_ | v86_flag | 2);
}

TEST_F(VirtualInterrupt, WithoutVmeNothingIsVirtual) {
    for (const int opcode : {0xfa, 0xfb, 0x9c, 0x9d, 0xcf, 0xcd}) {
        enter(vif, cr4_pvi);
        code(v86_code, {opcode, 0x40});
        EXPECT_EQ(run_to_handler(), 13) << opcode;
    }
}

TEST_F(VirtualInterrupt, IntGoesToTheProgram) {
    enter(vif | if_ | nt | 1);
    code(v86_code, {0xcd, 0x40});
    code(program + 0x40, {0xcf});
    run(1);
    EXPECT_EQ(cpu->regs().rip, 0x40u);
    EXPECT_EQ(segment(Seg::cs).selector, 0x5000);
    EXPECT_EQ(reg(Gpr::rsp), 0x7ffau);
    EXPECT_EQ(v86_word(0), 0x102);
    EXPECT_EQ(v86_word(1), 0x1000);
    EXPECT_EQ(v86_word(2), 0x3003 | nt | if_);
    EXPECT_EQ(flags(), if_ | nt | v86_flag | 3) << "VIF cleared, IF not";
    run(1);
    EXPECT_EQ(cpu->regs().rip, 0x102u);
    EXPECT_EQ(flags(), vif | if_ | nt | v86_flag | 3);
}

TEST_F(VirtualInterrupt, IntGoesToTheProgramWithIopl3) {
    enter(0x3000 | vif | if_);
    code(v86_code, {0xcd, 0xff});
    run(1);
    EXPECT_EQ(cpu->regs().rip, 0xffu);
    EXPECT_EQ(v86_word(2), 0x3002 | if_);
    EXPECT_EQ(flags(), 0x3000 | vif | v86_flag | 2) << "IF cleared, VIF not";
}

TEST_F(VirtualInterrupt, ProtectedVectorsGoToTheMonitor) {
    enter(if_);
    protect(0x40);
    code(v86_code, {0xcd, 0x40});
    EXPECT_EQ(run_to_handler(), 13) << "IOPL 0";
    enter(0x3000);
    protect(0x40);
    idt_gate(0x40, code0, handlers + 16 * 0x40, 0xee);
    code(v86_code, {0xcd, 0x40});
    EXPECT_EQ(run_to_handler(), 0x40);
    EXPECT_EQ(stack_dword(0), 0x102u);
}

TEST_F(VirtualInterrupt, BreakpointsAndExceptionsAreNotRedirected) {
    enter(0);
    idt_gate(3, code0, handlers + 16 * 3, 0xee);
    code(v86_code, {0xcc});
    EXPECT_EQ(run_to_handler(), 3);
    enter(0);
    code(v86_code, {0x0f, 0x0b});
    EXPECT_EQ(run_to_handler(), 6);
}

TEST_F(VirtualInterrupt, BitmapBeyondTheTssFaults) {
    for (const std::uint16_t map : {0x1f, 0xff01}) {
        enter(0x3000);
        put<std::uint16_t>(tss + 0x66, map);
        code(v86_code, {0xcd, 0x40});
        EXPECT_EQ(run_to_handler(), 13) << map;
    }
}

TEST_F(VirtualInterrupt, BothFlagsAtTheStartOfAnInstructionFault) {
    enter(vif | vip);
    code(v86_code, {0x90});
    EXPECT_EQ(run_to_handler(), 13);
    EXPECT_EQ(stack_dword(0), 0u);
    EXPECT_EQ(stack_dword(1), 0x100u);
    EXPECT_EQ(stack_dword(3) & (vif | vip), vif | vip);
    // The monitor runs with both set.
    EXPECT_EQ(flags() & (vif | vip), vif | vip);
    // Not without the extension.
    enter(vif | vip, cr4_pvi);
    run(1);
    EXPECT_EQ(cpu->regs().rip, 0x101u);
}

TEST_F(VirtualInterrupt, ProtectedModeHasCliAndSti) {
    user_mode(0);
    set_cr4(cr4_pvi);
    code(user_code, {0xfb, 0xfa, 0x9c, 0x9d});
    const std::uint32_t before = flags();
    run(1);
    EXPECT_EQ(flags(), before | vif);
    run(1);
    EXPECT_EQ(flags(), before);
    run(2);  // PUSHF and POPF have nothing virtual
    EXPECT_EQ(flags(), before);
    // Not with VME.
    for (const int opcode : {0xfa, 0xfb}) {
        user_mode(0);
        set_cr4(cr4_vme);
        code(user_code, {opcode});
        EXPECT_EQ(run_to_handler(), 13) << opcode;
    }
    // IOPL 3: IF itself.
    user_mode(3);
    set_cr4(cr4_pvi);
    code(user_code, {0xfb});
    run(1);
    EXPECT_EQ(flags() & (if_ | vif), if_);
}

TEST_F(VirtualInterrupt, ProtectedModeStiWhileAnInterruptWaitsFaults) {
    user_mode(0);
    set_cr4(cr4_pvi);
    set_flags(vip | 2);
    code(user_code, {0xfb});
    EXPECT_EQ(run_to_handler(), 13);
    EXPECT_EQ(stack_dword(1), user_code);
}

}  // namespace
}  // namespace southgate::cpu::test
