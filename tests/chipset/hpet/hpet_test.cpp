#include "chipset/hpet/hpet.h"

#include <gtest/gtest.h>

#include "tests/chipset/hpet/hpet_bench.h"

namespace southgate::chipset {
namespace {

using namespace sc_core;
using namespace test;

// First picosecond at which the counter has ticked `n` times since time 0.
sc_time tick(std::uint64_t n) { return from_picoseconds(Hpet::clock.picoseconds(n)); }

TEST(Hpet, SaysWhatItIs) {
    HpetBench b;
    run();
    EXPECT_EQ(b.read(kGcap, 8), 0x0429b17f'8086a201u);
    EXPECT_EQ(b.read(kT0 + kConf, 8), 0x00f00000'00000030u);
    b.write(kT0 + kConf, 2 << 9 | 4);  // input 2 is none of its routes
    EXPECT_EQ(b.read(kT0 + kConf), 0x34u);
    b.write(kT0 + kConf, 23 << 9 | 1u << 14);
    EXPECT_EQ(b.read(kT0 + kConf), 23u << 9 | 0x30);
    EXPECT_EQ(b.read(0x3f8), 0u);
}

TEST(Hpet, CountsOnlyWhileEnabled) {
    HpetBench b;
    run();
    run(tick(100));
    EXPECT_EQ(b.read(kMainCount, 8), 0u);
    b.write(kMainCount, 0xffff'ffff'ffff'fff0, 8);
    b.write(kGenConf, 1);
    run(tick(120) - tick(100));
    EXPECT_EQ(b.read(kMainCount, 8), 4u);
    b.port.delay = tick(130) - tick(120);  // an access ahead of simulated time
    EXPECT_EQ(b.read(kMainCount, 8), 14u);
    b.write(kGenConf, 0);
    b.port.delay = SC_ZERO_TIME;
    run(tick(1000));
    EXPECT_EQ(b.read(kMainCount), 14u);
}

TEST(Hpet, LegacyReplacementTakesIrq0AndIrq8) {
    HpetBench b;
    run();
    b.pit.set(true);
    b.rtc.set(true);
    EXPECT_TRUE(b.irq0.level() && b.irq8.level());
    b.write(kGenConf, 2);
    EXPECT_FALSE(b.irq0.level() || b.irq8.level());
    b.write(kT0 + kConf, 4);
    b.write(kT0 + kCompare, 50, 8);
    b.write(kT1 + kConf, 4);
    b.write(kT1 + kCompare, 70, 8);
    b.write(kGenConf, 3);
    run(tick(1000));
    ASSERT_EQ(b.irq0.edges.back().at, tick(50));
    ASSERT_EQ(b.irq8.edges.back().at, tick(70));
    EXPECT_TRUE(b.irq0.level() && b.irq8.level()) << "an edge is held";
    b.write(kGenConf, 0);
    EXPECT_TRUE(b.irq0.level() && b.irq8.level()) << "the 8254 and the RTC again";
    b.pit.set(false);
    EXPECT_FALSE(b.irq0.level());
}

TEST(Hpet, PeriodicWithoutDrift) {
    HpetBench b;
    run();
    b.write(kT0 + kConf, 1u << 6 | 1u << 3 | 4 | 20 << 9);
    b.write(kT0 + kCompare, 1000, 8);  // VAL_SET: first match and period
    b.write(kT0 + kCompare, 300, 8);   // period alone
    b.write(kGenConf, 1);
    run(tick(1000 + 300 * 20 + 1));
    EXPECT_EQ(b.route20.rises(), 21u);
    std::uint64_t due = 1000;
    for (const auto& edge : b.route20.edges) {
        if (!edge.asserted) continue;
        EXPECT_EQ(edge.at, tick(due));
        due += 300;
    }
    EXPECT_EQ(b.read(kT0 + kCompare, 8), due);
}

TEST(Hpet, LevelInterruptStaysUntilItsStatusIsCleared) {
    HpetBench b;
    run();
    b.write(kT1 + kConf, 1u << 1 | 4 | 23 << 9 | 1u << 8);
    b.write(kT1 + kCompare, 10);
    b.write(kGenConf, 1);
    run(tick(20));
    EXPECT_TRUE(b.route23.level());
    EXPECT_EQ(b.read(kStatus), 2u);
    b.write(kStatus, 1);
    EXPECT_TRUE(b.route23.level());
    b.write(kStatus, 2);
    EXPECT_FALSE(b.route23.level());
    EXPECT_EQ(b.read(kStatus), 0u);
}

TEST(Hpet, StatusIsThereWithoutAnInterrupt) {
    HpetBench b;
    run();
    b.write(kT0 + kConf, 1u << 1 | 1u << 8 | 20 << 9);
    b.write(kT0 + kCompare, 10);
    b.write(kGenConf, 1);
    EXPECT_FALSE(sc_pending_activity()) << "no event for what only shows in registers";
    run(tick(20));
    EXPECT_EQ(b.read(kStatus), 1u);
    EXPECT_FALSE(b.route20.level());
}

TEST(Hpet, HardResetStopsIt) {
    HpetBench b;
    run();
    b.write(kT0 + kConf, 4);
    b.write(kT0 + kCompare, 10);
    b.write(kT0 + kCompare + 4, 0);
    b.write(kGenConf, 3);
    run(tick(20));
    EXPECT_TRUE(b.irq0.level());
    b.pcirst.pulse();
    EXPECT_FALSE(b.irq0.level());
    EXPECT_EQ(b.read(kGenConf), 0u);
    EXPECT_EQ(b.read(kMainCount, 8), 0u);
    EXPECT_EQ(b.read(kT0 + kCompare, 8), ~std::uint64_t{0});
    EXPECT_FALSE(sc_pending_activity());
}

}  // namespace
}  // namespace southgate::chipset
