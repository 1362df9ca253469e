// What the compatibility-mode oracle found on a host processor: checks of segments, alignment and stack in user code, and what
// IRET makes of null selectors.
#include "tests/cpu_model/system/machine.h"

namespace southgate::cpu::test {
namespace {

using namespace layout;

class UserCode : public Machine {
  protected:
    UserCode() : Machine(CpuModel::x86_64()) {}

    static constexpr std::uint32_t data = 0x40000;
    static constexpr std::uint32_t zf = 0x40, ac = 0x40000;

    void change(void (*f)(SpecialRegisters&)) {
        SpecialRegisters s = cpu->sregs();
        f(s);
        cpu->set_sregs(s);
    }
    void check_alignment() {
        change([](SpecialRegisters& s) { s.cr0 |= 0x40000; });
        set_flags(2 | ac);
    }
};

TEST_F(UserCode, FlatCodeSegmentIsNotWritten) {
    user_mode();
    put<std::uint8_t>(data, 0x11);
    code(user_code, {0x2e, 0xa0, 0x00, 0x00, 0x04, 0x00,               // mov al, cs:[40000h]
                     0x2e, 0x88, 0x05, 0x04, 0x00, 0x04, 0x00});       // mov cs:[40004h], al
    EXPECT_EQ(run_to_handler(), 13);
    EXPECT_EQ(reg(Gpr::rax) & 0xff, 0x11u);
    EXPECT_EQ(stack_dword(0), 0u);
    EXPECT_EQ(stack_dword(1), user_code + 6);
    EXPECT_EQ(memory[data + 4], 0);

    user_mode();
    code(user_code, {0x2e, 0x80, 0x05, 0x00, 0x00, 0x04, 0x00, 0x01});  // add byte cs:[40000h], 1
    EXPECT_EQ(run_to_handler(), 13);
    EXPECT_EQ(memory[data], 0x11);
}

// SDM vol. 2A CLFLUSH: as a byte load, but execute-only segments are allowed.
TEST_F(UserCode, ClflushReachesExecuteOnlySegments) {
    const auto execute_only = [this] {
        user_mode();
        change([](SpecialRegisters& s) { s.seg[static_cast<unsigned>(Seg::cs)] = flat(code3, 0x9); });
    };
    execute_only();
    code(user_code, {0x2e, 0x0f, 0xae, 0x3d, 0x00, 0x00, 0x04, 0x00, 0xcd, 0x20});  // clflush cs:[40000h]; int 20h
    EXPECT_EQ(run_to_handler(), 13);
    EXPECT_EQ(stack_dword(1), user_code + 8) << "the INT";
    execute_only();
    code(user_code, {0x2e, 0xa0, 0x00, 0x00, 0x04, 0x00});  // mov al, cs:[40000h]
    EXPECT_EQ(run_to_handler(), 13);
    EXPECT_EQ(stack_dword(1), user_code);
    execute_only();
    change([](SpecialRegisters& s) { s.seg[static_cast<unsigned>(Seg::cs)].limit = 0x3ffff; });
    code(user_code, {0x2e, 0x0f, 0xae, 0x3d, 0x00, 0x00, 0x04, 0x00});
    EXPECT_EQ(run_to_handler(), 13);
    EXPECT_EQ(stack_dword(1), user_code) << "beyond the limit";
}

// SDM vol. 2A ARPL, operation: only a change is written.
TEST_F(UserCode, ArplWritesOnlyAChange) {
    const auto read_only_data = [this](std::uint16_t destination, std::uint16_t source) {
        user_mode();
        change([](SpecialRegisters& s) { s.seg[static_cast<unsigned>(Seg::ds)] = flat(data3, 1); });
        put<std::uint16_t>(data, destination);
        set_gpr(Gpr::rax, source);
        code(user_code, {0x63, 0x05, 0x00, 0x00, 0x04, 0x00, 0xcd, 0x20});  // arpl [40000h], ax; int 20h
        EXPECT_EQ(run_to_handler(), 13);
        return stack_dword(1);
    };
    EXPECT_EQ(read_only_data(0x1b, 0x3), user_code + 6);
    EXPECT_EQ(stack_dword(3) & zf, 0u);
    EXPECT_EQ(read_only_data(0x18, 0x3), user_code);
    EXPECT_EQ(get<std::uint16_t>(data), 0x18);
}

TEST_F(UserCode, RepeatedStringsCheckTheAlignmentOfEveryElement) {
    user_mode();
    check_alignment();
    set_gpr(Gpr::rdi, data + 1);
    set_gpr(Gpr::rcx, 3);
    set_gpr(Gpr::rax, 0x5a5a5a5a);
    code(user_code, {0xf3, 0xab});  // rep stosd
    EXPECT_EQ(run_to_handler(), 17);
    EXPECT_EQ(reg(Gpr::rcx), 3u);
    EXPECT_EQ(reg(Gpr::rdi), data + 1);
    EXPECT_EQ(memory[data + 1], 0);
}

TEST_F(UserCode, EnterChecksTheNewTopOfTheStack) {
    user_mode();
    check_alignment();
    code(user_code, {0xc8, 0x02, 0x00, 0x00});  // enter 2, 0
    EXPECT_EQ(run_to_handler(), 17);
    EXPECT_EQ(stack_dword(1), user_code);
    EXPECT_EQ(stack_dword(4), stack3);
}

// SDM vol. 2A ENTER: FrameTemp is ESP when the operand size is 32, whatever the stack's.
TEST_F(UserCode, EnterOnA16BitStackTakesAllOfEsp) {
    protected_mode();
    change([](SpecialRegisters& s) { s.seg[static_cast<unsigned>(Seg::ss)] = {0, 0xffff, 0x93, data16}; });
    set_gpr(Gpr::rsp, 0x12340f00);
    set_gpr(Gpr::rbp, 0xabcd0800);
    code(layout::code, {0xc8, 0x08, 0x00, 0x02, 0xf4});  // enter 8, 2; hlt
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(reg(Gpr::rbp), 0x12340efcu);
    EXPECT_EQ(reg(Gpr::rsp), 0x12340eecu);
    EXPECT_EQ(get<std::uint32_t>(0xefc), 0xabcd0800u);
    EXPECT_EQ(get<std::uint32_t>(0xef4), 0x12340efcu) << "the new frame in its own list";
}

// SDM vol. 2A IRET, RETURN-TO-OUTER-PRIVILEGE-LEVEL: NULL becomes 0, whatever its RPL.
TEST_F(UserCode, ReturnToUserCodeClearsNullSelectors) {
    protected_mode();
    code(layout::code, {0xb8, 0x02, 0x00, 0x00, 0x00, 0x8e, 0xd8,  // mov eax, 2; mov ds, ax
                        0x6a, data3, 0x6a, 0x00, 0x6a, 0x02, 0x6a, code3, 0x68, 0x00, 0x10, 0x01, 0x00, 0xcf});
    run(2);
    EXPECT_EQ(segment(Seg::ds).selector, 2);
    run(6);
    EXPECT_EQ(cpl(), 3u);
    EXPECT_EQ(segment(Seg::ds).selector, 0);
    EXPECT_EQ(segment(Seg::es).selector, 0) << "a segment of ring 0";
}

// An instruction that reaches beyond the CS limit and into a page that is not there: the limit comes first.
TEST_F(UserCode, CodeLimitComesBeforeTheSecondPage) {
    constexpr std::uint32_t directory = 0x50000, table = 0x51000, absent_page = 0x11;
    const auto crossing = [&, this](std::uint32_t limit) {
        protected_mode();
        put<std::uint32_t>(directory, table | 7);
        for (std::uint32_t page = 0; page < 0x100; ++page)
            put<std::uint32_t>(table + 4 * page, page == absent_page ? 0 : page << 12 | 7);
        SpecialRegisters s = cpu->sregs();
        s.cr3 = directory;
        s.cr0 |= 0x80000000;
        s.seg[static_cast<unsigned>(Seg::cs)].limit = limit;
        cpu->set_sregs(s);
        code(0x10ffe, {0xb8, 0x01});  // mov eax, imm32
        set_rip(0x10ffe);
        return run_to_handler();
    };
    EXPECT_EQ(crossing(0x10fff), 13);
    EXPECT_EQ(crossing(0x11fff), 14);
}

}  // namespace
}  // namespace southgate::cpu::test
