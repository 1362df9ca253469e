// Status flags in their lazy form: every combination survives, and partial writers leave the rest alone.
#include "cpu_model/interpreter/flags.h"

#include <gtest/gtest.h>

#include <memory>

#include "cpu_model/interpreter/arithmetic.h"

namespace southgate::cpu::test {
namespace {

// The six flags, from the low bits of n.
std::uint64_t combination(unsigned n) {
    constexpr std::uint64_t flags[] = {eflags::cf, eflags::pf, eflags::af, eflags::zf, eflags::sf, eflags::of};
    std::uint64_t f = 0;
    for (unsigned bit = 0; bit < 6; ++bit) f |= (n >> bit & 1) != 0 ? flags[bit] : 0;
    return f;
}

TEST(LazyFlags, EveryCombination) {
    const auto c = std::make_unique<Cpu>();
    for (unsigned n = 0; n < 64; ++n) {
        set_status_flags(c.get(), combination(n));
        EXPECT_EQ(status_flags(c.get()), combination(n));
    }
}

TEST(LazyFlags, CarryAlone) {
    const auto c = std::make_unique<Cpu>();
    for (unsigned n = 0; n < 64; ++n) {
        for (const bool cf : {false, true}) {
            set_status_flags(c.get(), combination(n));
            set_cf(c.get(), cf);
            EXPECT_EQ(status_flags(c.get()), (combination(n) & ~eflags::cf) | (cf ? eflags::cf : 0));
        }
    }
}

TEST(LazyFlags, CarryAndOverflow) {
    const auto c = std::make_unique<Cpu>();
    for (unsigned n = 0; n < 64; ++n) {
        for (unsigned m = 0; m < 4; ++m) {
            set_status_flags(c.get(), combination(n));
            set_cf_of(c.get(), m & 1, m & 2);
            EXPECT_EQ(status_flags(c.get()), (combination(n) & ~(eflags::cf | eflags::of)) |
                                                 ((m & 1) ? eflags::cf : 0) | ((m & 2) ? eflags::of : 0));
        }
    }
}

// CF stays, also over a carry that a 64-bit operation left behind.
template <class T>
void step_keeps_carry() {
    const auto c = std::make_unique<Cpu>();
    constexpr T top = static_cast<T>(T{1} << (bits_of<T> - 1));
    for (const bool cf : {false, true}) {
        for (const T v : {T{0}, T{1}, static_cast<T>(top - 1), top, static_cast<T>(~T{0})}) {
            add_flags<std::uint64_t>(c.get(), ~std::uint64_t{0}, cf ? 1 : 0);
            const T up = step<T, false>(c.get(), v);
            EXPECT_EQ(get_cf(c.get()), cf);
            EXPECT_EQ(get_of(c.get()), up == top);
            EXPECT_EQ(get_zf(c.get()), up == 0);
            EXPECT_EQ(get_sf(c.get()), (up & top) != 0);
            const T down = step<T, true>(c.get(), v);
            EXPECT_EQ(get_cf(c.get()), cf);
            EXPECT_EQ(get_of(c.get()), v == top);
            EXPECT_EQ(get_zf(c.get()), down == 0);
        }
    }
}
TEST(LazyFlags, StepKeepsCarry) {
    step_keeps_carry<std::uint8_t>();
    step_keeps_carry<std::uint16_t>();
    step_keeps_carry<std::uint32_t>();
    step_keeps_carry<std::uint64_t>();
}

}  // namespace
}  // namespace southgate::cpu::test
