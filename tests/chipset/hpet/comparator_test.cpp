// The computed comparator against one that steps tick by tick.
#include "chipset/hpet/comparator.h"

#include <gtest/gtest.h>

#include <random>

namespace southgate::chipset {
namespace {

struct Ticking {
    std::uint64_t mask, counter, value, period;
    bool periodic;
    bool step() {
        ++counter;
        if (((counter ^ value) & mask) != 0) return false;
        if (periodic) value = (value + period) & mask;
        return true;
    }
};

TEST(HpetComparator, AgreesWithOneThatTicks) {
    std::mt19937_64 random(1);
    for (int round = 0; round < 3000; ++round) {
        const bool narrow = random() % 2 != 0, periodic = random() % 2 != 0;
        const std::uint64_t mask = narrow ? 0xffff'ffff : ~std::uint64_t{0};
        const std::uint64_t start = random() % 3 ? random() : mask - random() % 20;
        Ticking reference{mask, start, (start + random() % 60 - 5) & mask, random() % 9, periodic};
        HpetComparator comparator;
        comparator.set_32_bits(narrow);
        comparator.set_periodic(periodic);
        comparator.jump(start);
        comparator.set_value(reference.value);
        comparator.set_period(reference.period);
        std::uint64_t position = 0;
        for (int i = 0; i < 20; ++i) {
            const auto next = comparator.ticks_to_match();
            const std::uint64_t steps = random() % 12;
            bool matched = false;
            for (std::uint64_t n = 1; n <= steps; ++n) {
                const bool now = reference.step();
                if (now && !matched) {
                    ASSERT_EQ(next, n);
                }
                matched |= now;
            }
            position += steps;
            ASSERT_EQ(comparator.advance(position, reference.counter), matched) << round << ' ' << i;
            ASSERT_EQ(comparator.value(), reference.value);
        }
    }
}

TEST(HpetComparator, TheCurrentValueMatchesAfterAFullTurn) {
    HpetComparator comparator;
    comparator.set_value(0);
    EXPECT_EQ(comparator.ticks_to_match(), std::nullopt);
    comparator.set_32_bits(true);
    EXPECT_EQ(comparator.ticks_to_match(), std::uint64_t{1} << 32);
}

}  // namespace
}  // namespace southgate::chipset
