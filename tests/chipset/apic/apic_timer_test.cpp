// The timer alone, and its interrupts to the picosecond.
#include "chipset/apic/apic_timer.h"

#include <gtest/gtest.h>

#include "tests/chipset/apic/apic_bench.h"

namespace southgate::chipset {
namespace {

using namespace sc_core;
using namespace test;

TEST(ApicTimer, OneShotCountsDownOnce) {
    ApicTimer timer(1'000'000'000);
    timer.set_divider(16, 0);
    timer.start(100, 5000);
    EXPECT_EQ(timer.count(5000), 100u);
    EXPECT_EQ(timer.count(5000 + 15999), 100u);
    EXPECT_EQ(timer.count(5000 + 16000), 99u);
    EXPECT_EQ(timer.next_expiry(5000), 5000u + 1600000);
    EXPECT_EQ(timer.count(5000 + 1600000), 0u);
    EXPECT_EQ(timer.count(1'000'000'000), 0u);
    EXPECT_EQ(timer.next_expiry(5000 + 1600000), kNeverPs);
}

TEST(ApicTimer, PeriodicReloads) {
    ApicTimer timer(1'000'000'000);
    timer.set_divider(1, 0);
    timer.set_periodic(true, 0);
    timer.start(10, 0);
    EXPECT_EQ(timer.count(9999), 1u);
    EXPECT_EQ(timer.count(10000), 10u);
    EXPECT_EQ(timer.next_expiry(10000), 20000u);
    EXPECT_EQ(timer.next_expiry(123456789), 123460000u);
}

TEST(ApicTimer, OddClocksDoNotDrift) {
    __extension__ using Wide = unsigned __int128;
    ApicTimer timer(66'666'667);
    timer.set_divider(2, 0);
    timer.set_periodic(true, 0);
    timer.start(333'333, 0);
    std::uint64_t at = 0;
    for (unsigned n = 1; n <= 1000; ++n) {
        at = timer.next_expiry(at);
        const Wide exact = static_cast<Wide>(n) * 666'666 * kPicosecondsPerSecond;
        ASSERT_EQ(at, static_cast<std::uint64_t>((exact + 66'666'666) / 66'666'667));
        ASSERT_EQ(timer.count(at), 333'333u);
        ASSERT_EQ(timer.count(at - 1), 1u);
    }
}

TEST(ApicTimer, ChangingTheDividerKeepsTheCount) {
    ApicTimer timer(1'000'000'000);
    timer.set_divider(1, 0);
    timer.start(1000, 0);
    timer.set_divider(128, 400'000);
    EXPECT_EQ(timer.count(400'000), 600u);
    EXPECT_EQ(timer.next_expiry(400'000), 400'000u + 600 * 128 * 1000);
}

TEST(ApicTimer, ZeroStops) {
    ApicTimer timer(1'000'000'000);
    timer.set_periodic(true, 0);
    timer.start(10, 0);
    timer.start(0, 3000);
    EXPECT_EQ(timer.count(4000), 0u);
    EXPECT_EQ(timer.next_expiry(4000), kNeverPs);
}

TEST(LocalApicTimer, OneShotInterruptIsExact) {
    ApicBus bus;
    ApicBench bench(bus);
    run();
    bench.enable();
    bench.write(kApicDivide, 0x3);
    bench.write(kApicLvtTimer, 0x40);
    bench.port.delay = sc_time(123, SC_NS);
    bench.write(kApicInitialCount, 1000);
    run(sc_time(1, SC_MS));
    ASSERT_EQ(bench.intr.edges.size(), 1u);
    EXPECT_EQ(bench.intr.edges[0].at, sc_time(16123, SC_NS));
    EXPECT_EQ(bench.apic.acknowledge(), 0x40);
    bench.write(kApicEoi, 0);
    run(sc_time(1, SC_MS));
    EXPECT_FALSE(bench.intr.level());
    EXPECT_EQ(bench.read(kApicCurrentCount), 0u);
}

// OVMF: 10 ms at 1 GHz.
TEST(LocalApicTimer, PeriodicInterruptsAreExact) {
    ApicBus bus;
    ApicBench bench(bus);
    run();
    bench.enable();
    bench.write(kApicDivide, 0xb);
    bench.write(kApicLvtTimer, 0x20020);
    bench.write(kApicInitialCount, 10'000'000);
    for (unsigned n = 1; n <= 50; ++n) {
        run(sc_time(n == 1 ? 10'000'001 : 10'000'000, SC_NS));
        ASSERT_EQ(bench.intr.rises(), n);
        ASSERT_EQ(bench.intr.edges[2 * n - 2].at, sc_time(10 * n, SC_MS));
        EXPECT_EQ(bench.apic.acknowledge(), 0x20);
        bench.write(kApicEoi, 0);
    }
}

TEST(LocalApicTimer, ExpiriesWhileRequestedCostNoEventsAndStayInPhase) {
    ApicBus bus;
    ApicBench bench(bus);
    run();
    bench.enable();
    bench.write(kApicDivide, 0xb);
    bench.write(kApicLvtTimer, 0x20020);
    bench.write(kApicInitialCount, 1000);
    run(sc_time(1001, SC_NS));
    ASSERT_TRUE(bench.intr.level());
    EXPECT_FALSE(sc_pending_activity());
    run(sc_time(4200, SC_NS));
    EXPECT_EQ(bench.apic.acknowledge(), 0x20);
    bench.write(kApicEoi, 0);
    EXPECT_FALSE(bench.intr.level());
    run(sc_time(2, SC_US));
    ASSERT_EQ(bench.intr.rises(), 2u);
    EXPECT_EQ(bench.intr.edges.back().at, sc_time(6, SC_US));
}

TEST(LocalApicTimer, MaskedTimerCountsSilently) {
    ApicBus bus;
    ApicBench bench(bus);
    run();
    bench.enable();
    bench.write(kApicDivide, 0xb);
    bench.write(kApicLvtTimer, 0x30020);
    bench.write(kApicInitialCount, 1000);
    EXPECT_FALSE(sc_pending_activity());
    bench.port.delay = sc_time(3300, SC_NS);
    EXPECT_EQ(bench.read(kApicCurrentCount), 700u);
    bench.write(kApicLvtTimer, 0x20020);
    run(sc_time(10, SC_US));
    ASSERT_EQ(bench.intr.edges.size(), 1u);
    EXPECT_EQ(bench.intr.edges[0].at, sc_time(4, SC_US));
}

TEST(LocalApicTimer, DividerCodes) {
    ApicBus bus;
    ApicBench bench(bus);
    run();
    const std::vector<std::pair<unsigned, unsigned>> codes{{0x0, 2},  {0x1, 4},  {0x2, 8},   {0x3, 16},
                                                           {0x8, 32}, {0x9, 64}, {0xa, 128}, {0xb, 1}};
    for (const auto& [code, divider] : codes) {
        bench.port.delay = SC_ZERO_TIME;
        bench.write(kApicDivide, code);
        EXPECT_EQ(bench.read(kApicDivide), code);
        bench.write(kApicInitialCount, 1000);
        bench.port.delay = sc_time(100.0 * divider, SC_NS);
        EXPECT_EQ(bench.read(kApicCurrentCount), 900u) << "divider " << divider;
    }
}

}  // namespace
}  // namespace southgate::chipset
