#include "chipset/legacy/pit8254.h"

#include <gtest/gtest.h>

#include "tests/chipset/harness.h"

namespace southgate::chipset {
namespace {

using namespace sc_core;
using test::run;

constexpr std::uint64_t kTickPs = 838096;  // 838095.1 ps, rounded up

struct Bench {
    explicit Bench(const Timer8254::Config& config = {}) : pit("pit", config), ports(pit.socket) {}
    void program(unsigned counter, unsigned mode, unsigned count) {
        ports.write(3, counter << 6 | 0x30 | mode << 1);
        ports.write(counter, count & 0xff);
        ports.write(counter, count >> 8);
    }
    Timer8254 pit;
    test::Initiator ports;
};

std::uint64_t edge_ps(std::uint64_t tick) { return Timer8254::kClock.picoseconds(tick); }

TEST(Timer8254, Counter0InMode2InterruptsExactly18Point2TimesASecond) {
    Bench bench;
    test::LineProbe irq0;
    bench.pit.out0.bind(irq0.in);
    run();
    bench.program(0, 2, 0);  // as SeaBIOS does
    run(sc_time(1, SC_SEC));
    ASSERT_EQ(irq0.rises(), 1u + 18) << "the control word and 18 full cycles";
    for (unsigned n = 1; n <= 18; ++n) {
        EXPECT_EQ(irq0.edges[2 * n - 1].at.value(), edge_ps(65536ull * n)) << "falling edge " << n;
        EXPECT_EQ(irq0.edges[2 * n].at.value(), edge_ps(65536ull * n + 1)) << "rising edge " << n;
    }
}

TEST(Timer8254, Mode3SquareWaveHasNoDrift) {
    Bench bench;
    test::LineProbe irq0;
    bench.pit.out0.bind(irq0.in);
    run();
    bench.program(0, 3, 11932);  // 100 Hz
    run(sc_time(10, SC_SEC));
    ASSERT_GE(irq0.rises(), 1000u);
    for (std::size_t n = 1; n < irq0.edges.size(); ++n)
        ASSERT_EQ(irq0.edges[n].at.value(), edge_ps(1 + 5966ull * n)) << "edge " << n;
}

// Linux quick_pit_calibrate and coreboot: counter 2, mode 0, gate from port 61h.
TEST(Timer8254, Counter2Mode0MeasuresAnInterval) {
    Bench bench;
    test::LineDriver gate(bench.pit.gate2);
    run();
    bench.program(2, 0, 0x0952);  // coreboot: 2 ms
    EXPECT_FALSE(bench.pit.output(2, sc_time(1, SC_SEC))) << "gate low: not counting";
    run(sc_time(5, SC_MS));
    gate.set(true);
    const std::uint64_t start = Timer8254::tick_of(sc_time_stamp());
    const sc_time end = from_picoseconds(edge_ps(start + 0x0952));
    EXPECT_FALSE(bench.pit.output(2, end - sc_time(1, SC_PS)));
    EXPECT_TRUE(bench.pit.output(2, end));
}

TEST(Timer8254, ReadsFollowTheLocalTimeOfTheAccess) {
    Bench bench;
    run();
    bench.ports.write(3, 0x14);  // counter 0, LSB, mode 2
    bench.ports.write(0, 200);
    for (unsigned tick = 1; tick < 450; ++tick) {
        bench.ports.delay = from_picoseconds(edge_ps(tick));
        EXPECT_EQ(bench.ports.read(0), 200 - (tick - 1) % 200);
        bench.ports.delay -= sc_time(1, SC_PS);
        if (tick > 1) {
            EXPECT_EQ(bench.ports.read(0), 200 - (tick - 2) % 200);
        }
    }
}

TEST(Timer8254, AWriteAheadOfSimulatedTimeStillInterruptsOnTime) {
    Bench bench;
    test::LineProbe irq0;
    bench.pit.out0.bind(irq0.in);
    run();
    bench.ports.delay = from_picoseconds(edge_ps(1000));
    bench.program(0, 0, 50);
    run(sc_time(2, SC_MS));
    ASSERT_EQ(irq0.edges.size(), 1u);
    EXPECT_EQ(irq0.edges[0].at.value(), edge_ps(1000 + 1 + 50));
}

TEST(Timer8254, ReadBackLatchesSeveralCounters) {
    Bench bench;
    run();
    bench.program(0, 2, 0x1234);
    bench.program(1, 3, 0x2000);
    bench.ports.delay = from_picoseconds(edge_ps(1));
    bench.ports.write(3, 0xc0 | 2 | 4);  // count and status of 0 and 1
    bench.ports.delay = from_picoseconds(edge_ps(100));
    EXPECT_EQ(bench.ports.read(0), 0xb4u);
    EXPECT_EQ(bench.ports.read(0), 0x34u);
    EXPECT_EQ(bench.ports.read(0), 0x12u);
    EXPECT_EQ(bench.ports.read(1), 0xb6u);
    EXPECT_EQ(bench.ports.read(1), 0x00u);
    EXPECT_EQ(bench.ports.read(1), 0x20u);
    bench.ports.write(3, 0xd2);  // SeaBIOS: count only, counter 0
    const auto low = bench.ports.read(0);
    EXPECT_EQ(low | bench.ports.read(0) << 8, 0x1234u - 99);
}

TEST(Timer8254, NobodyListeningCostsNoEvents) {
    Bench bench;
    run();
    bench.program(0, 2, 2);
    bench.program(1, 3, 18);
    bench.program(2, 3, 1000);
    EXPECT_FALSE(sc_pending_activity());
}

TEST(Timer8254, DebugReadsChangeNothing) {
    Bench bench;
    run();
    bench.program(0, 2, 0x1234);
    bench.ports.delay = from_picoseconds(edge_ps(1));
    bench.ports.write(3, 0x00);
    EXPECT_EQ(bench.ports.peek(0), 0x34u);
    EXPECT_EQ(bench.ports.peek(0), 0x34u);
    EXPECT_EQ(bench.ports.read(0), 0x34u);
    EXPECT_EQ(bench.ports.peek(0), 0x12u);
    EXPECT_EQ(bench.ports.read(0), 0x12u);
    EXPECT_EQ(bench.ports.read(3), 0xffu) << "the control word is write-only";
}

TEST(Timer8254, HardResetKeepsTheCountersRunning) {
    Bench bench;
    test::LineProbe irq0;
    bench.pit.out0.bind(irq0.in);
    test::LineDriver reset(bench.pit.pcirst);
    run();
    bench.program(0, 2, 1000);
    run(sc_time(100, SC_US));
    reset.pulse();
    run(sc_time(1, SC_MS));
    ASSERT_GE(irq0.edges.size(), 3u);
    EXPECT_EQ(irq0.edges[2].at.value(), edge_ps(1001));
}

TEST(Timer8254, QemuPersonalityRunsMode3AfterReset) {
    Bench bench({.reset_to_mode3 = true});
    test::LineProbe irq0;
    bench.pit.out0.bind(irq0.in);
    test::LineDriver reset(bench.pit.pcirst);
    run();
    run(sc_time(1, SC_MS));
    reset.pulse();
    const std::uint64_t start = Timer8254::tick_of(sc_time_stamp());
    run(sc_time(40, SC_MS));
    ASSERT_EQ(irq0.edges.size(), 2u);
    EXPECT_TRUE(irq0.edges[0].asserted);
    EXPECT_EQ(irq0.edges[1].at.value(), edge_ps(start + 1 + 32768));
}

TEST(Timer8254, ClockIsExact) {
    EXPECT_EQ(Timer8254::kClock.picoseconds(1), kTickPs);
    EXPECT_EQ(Timer8254::tick_of(sc_time(12, SC_SEC)), 14318180u);
    EXPECT_EQ(Timer8254::tick_of(sc_time(12, SC_SEC) - sc_time(1, SC_PS)), 14318179u);
}

}  // namespace
}  // namespace southgate::chipset
