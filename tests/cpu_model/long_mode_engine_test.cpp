// 64-bit code on every engine, set up by the state interfaces alone: what port I/O and the run loop need of it.
#include <cstring>

#include "engine_suite.h"

namespace southgate::cpu::test {
namespace {

using Code = std::vector<std::uint8_t>;

class LongMode : public EngineTest {
  protected:
    // `code` at this linear address of long_mode()'s map.
    void place(std::uint64_t linear, const Code& code) {
        const auto physical = static_cast<std::uint32_t>(linear);
        std::uint8_t* host = physical < ram.size() ? ram.data() + physical : flash.data() + (physical - 0xffff0000);
        std::memcpy(host, code.data(), code.size());
        cpu->memory_written(host, code.size());
    }
};

TEST_P(LongMode, RegistersAreSixtyFourBitsWide) {
    long_mode({0x49, 0xb8, 0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01,  // mov r8, 0123456789ABCDEFh
               0x4c, 0x89, 0xc0,                                            // mov rax, r8
               0x48, 0xff, 0xc0,                                            // inc rax
               0x41, 0x89, 0xc1,                                            // mov r9d, eax
               0x90, 0xf4});
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(reg(Gpr::r8), 0x0123456789abcdefu);
    EXPECT_EQ(reg(Gpr::rax), 0x0123456789abcdf0u);
    EXPECT_EQ(reg(Gpr::r9), 0x89abcdf0u);
}

TEST_P(LongMode, JumpsBelowAndAboveFourGigabytes) {
    for (const std::uint64_t at : {std::uint64_t{0xfffffff0}, std::uint64_t{0x1fffffff0}, 0xffff800000008000}) {
        SCOPED_TRACE(at);
        long_mode({});
        place(at, {0xff, 0xc3, 0xeb, 0x01, 0xf4, 0xff, 0xc3, 0xf4});  // inc ebx; jmp +1; hlt; inc ebx; hlt
        set_reg(Gpr::rbx, 0xffffffffffffffff);
        set_rip(at);
        EXPECT_EQ(run().reason, ExitReason::hlt);
        EXPECT_EQ(rip(), at + 8);
        EXPECT_EQ(reg(Gpr::rbx), 1u);
        wake_up();
    }
}

TEST_P(LongMode, CodeCrossesFourGigabytes) {
    long_mode({});
    place(0xfffffffe, {0x90, 0x90});
    place(0, {0xf4});
    set_rip(0xfffffffe);
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(rip(), 0x100000001u);
}

TEST_P(LongMode, RipRelativeOperandsCountFromTheNextInstruction) {
    long_mode({0x90, 0xc7, 0x05, 0xf6, 0x0f, 0x00, 0x00, 0x44, 0x33, 0x22, 0x11,  // mov dword [rip + FF6h], 11223344h
               0x8b, 0x05, 0xf0, 0x0f, 0x00, 0x00, 0xf4});                        // mov eax, [rip + FF0h]
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(ram.get<std::uint32_t>(start + 11 + 0xff6), 0x11223344u);
    EXPECT_EQ(reg(Gpr::rax), 0x11223344u);
}

// The longest displacement, not at the start of its block: their sum does not fit 32 bits.
TEST_P(LongMode, RipRelativeOperandsReachTwoGigabytes) {
    Code code(40, 0x90);
    for (const std::uint8_t byte : {0x8b, 0x05, 0xff, 0xff, 0xff, 0x7f, 0xf4}) code.push_back(byte);
    long_mode({});
    const std::uint64_t at = 0x1ffff1000;
    place(at, code);
    set_rip(at);
    // Nothing is mapped there, and no handler: CR2 tells the address.
    EXPECT_EQ(run().reason, ExitReason::shutdown);
    EXPECT_EQ(cpu->sregs().cr2, at + 46 + 0x7fffffff);
}

TEST_P(LongMode, PortIo) {
    long_mode({0xec, 0xee, 0x66, 0xef, 0x48, 0xed, 0xf4});  // in al, dx; out dx, al; out dx, ax; rex.w in eax, dx
    set_reg(Gpr::rdx, 0x80);
    set_reg(Gpr::rax, 0xffffffffffffff00);
    const unsigned sizes[] = {1, 1, 2, 4};
    for (const unsigned size : sizes) {
        const Exit exit = run();
        ASSERT_EQ(exit.reason, ExitReason::pio);
        EXPECT_EQ(exit.pio.size, size);
        if (exit.pio.direction == Direction::in) std::memset(exit.pio.data, 0x5a, size);
    }
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(reg(Gpr::rax), 0x5a5a5a5au);
}

TEST_P(LongMode, StringPortIo) {
    SOUTHGATE_NEEDS(exact_budgets);
    long_mode({0xf3, 0x6c, 0xf3, 0x6e, 0xf4});  // rep insb; rep outsb
    set_reg(Gpr::rdx, 0x80);
    set_reg(Gpr::rcx, 3);
    set_reg(Gpr::rdi, 0xffff800000009000);
    set_reg(Gpr::rsi, 0xffff800000009000);
    Exit exit = run();
    ASSERT_EQ(exit.reason, ExitReason::pio);
    ASSERT_EQ(exit.pio.count, 3u);
    std::memcpy(exit.pio.data, "abc", 3);
    while (rip() == start) run(1);  // the pass that finds RCX = 0 ends the instruction
    EXPECT_EQ(std::memcmp(ram.data() + 0x9000, "abc", 3), 0);
    EXPECT_EQ(reg(Gpr::rdi), 0xffff800000009003u);
    set_reg(Gpr::rcx, 2);
    for (const char expected : {'a', 'b'}) {
        exit = run();
        ASSERT_EQ(exit.reason, ExitReason::pio);
        EXPECT_EQ(exit.pio.data[0], static_cast<std::uint8_t>(expected));
    }
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(reg(Gpr::rsi), 0xffff800000009002u);
}

TEST_P(LongMode, StiHoldsInterruptsForOneInstruction) {
    SOUTHGATE_NEEDS(exact_budgets);
    long_mode({0xfb, 0x90, 0xf4});
    EXPECT_EQ(run(1).reason, ExitReason::budget_end);
    EXPECT_TRUE(cpu->events().sti_shadow);
    EXPECT_EQ(run().reason, ExitReason::hlt);
}

// The lowest signed number as an address: not canonical, by way of a segment base too.
TEST_P(LongMode, NonCanonicalOperandsFault) {
    for (const Code& code : {Code{0x8a, 0x00, 0xf4}, Code{0x65, 0x8a, 0x00, 0xf4}}) {  // mov al, [rax]; gs
        long_mode(code);
        set_reg(Gpr::rax, 0x8000000000000000);
        EXPECT_EQ(run().reason, ExitReason::shutdown);  // no handlers
        wake_up();
    }
}

SOUTHGATE_ENGINE_SUITE(LongMode);

}  // namespace
}  // namespace southgate::cpu::test
