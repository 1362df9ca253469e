#include "chipset/legacy/rtc146818.h"

#include <gtest/gtest.h>

#include "tests/chipset/harness.h"

namespace southgate::chipset {
namespace {

using namespace sc_core;
using test::run;

const sc_time kSecond(1, SC_SEC);

struct Bench {
    explicit Bench(const RealTimeClock::Config& config = {})
        : rtc("rtc", config), ports(rtc.socket), reset(rtc.pcirst) {
        rtc.irq.bind(irq.in);
        rtc.nmi_mask.bind(nmi_mask.in);
        run();
    }
    unsigned read(unsigned index) {
        ports.write(0, index);
        return static_cast<unsigned>(ports.read(1));
    }
    void write(unsigned index, unsigned data) {
        ports.write(0, index);
        ports.write(1, data);
    }
    RealTimeClock rtc;
    test::Initiator ports;
    test::LineDriver reset;
    test::LineProbe irq, nmi_mask;
};

TEST(RealTimeClock, ShowsTheEpochPlusSimulatedTime) {
    Bench bench;
    EXPECT_EQ(bench.read(9), 0x26u);
    EXPECT_EQ(bench.read(8), 0x01u);
    EXPECT_EQ(bench.read(7), 0x01u);
    EXPECT_EQ(bench.read(6), 0x05u);
    EXPECT_EQ(bench.read(4) << 16 | bench.read(2) << 8 | bench.read(0), 0u);
    bench.ports.delay = sc_time(86400 + 3600 * 13 + 59 * 60 + 58, SC_SEC) + sc_time(999, SC_MS);
    EXPECT_EQ(bench.read(7), 0x02u);
    EXPECT_EQ(bench.read(4) << 16 | bench.read(2) << 8 | bench.read(0), 0x135958u);
}

TEST(RealTimeClock, UpdateInProgressLeadsEachSecond) {
    Bench bench;
    EXPECT_EQ(bench.read(0x0a), 0x26u);
    bench.ports.delay = kSecond - sc_time(2228, SC_US) - sc_time(1, SC_PS);
    EXPECT_EQ(bench.read(0x0a), 0x26u);
    bench.ports.delay += sc_time(1, SC_PS);
    EXPECT_EQ(bench.read(0x0a), 0xa6u);
    bench.ports.delay = kSecond - sc_time(1, SC_PS);
    EXPECT_EQ(bench.read(0x0a), 0xa6u);
    EXPECT_EQ(bench.read(0), 0x00u);
    bench.ports.delay = kSecond;
    EXPECT_EQ(bench.read(0x0a), 0x26u);
    EXPECT_EQ(bench.read(0), 0x01u);
    bench.write(0x0b, 0x82);
    bench.ports.delay = 2 * kSecond - sc_time(1, SC_MS);
    EXPECT_EQ(bench.read(0x0a), 0x26u) << "SET stops updates";
}

TEST(RealTimeClock, UpdateEndedInterruptIsExact) {
    Bench bench;
    bench.write(0x0b, 0x12);
    run(3 * kSecond);
    ASSERT_EQ(bench.irq.edges.size(), 1u) << "the line stays until register C is read";
    EXPECT_EQ(bench.irq.edges[0].at, kSecond);
    EXPECT_EQ(bench.ports.peek(1), 0x12u);
    EXPECT_EQ(bench.read(0x0c), 0xd0u);
    EXPECT_FALSE(bench.irq.level());
    EXPECT_EQ(bench.read(0x0c), 0x00u);
    run(2 * kSecond);
    ASSERT_EQ(bench.irq.edges.size(), 3u);
    EXPECT_EQ(bench.irq.edges[2].at, 4 * kSecond);
}

TEST(RealTimeClock, AlarmInterruptIsExact) {
    Bench bench;
    bench.write(1, 0x30);
    bench.write(3, 0x01);
    bench.write(5, 0xff);  // any hour
    bench.write(0x0b, 0x22);
    run(3600 * kSecond);
    ASSERT_EQ(bench.irq.rises(), 1u);
    EXPECT_EQ(bench.irq.edges[0].at, 90 * kSecond);
    EXPECT_EQ(bench.read(0x0c), 0xf0u);
    run(3600 * kSecond);
    ASSERT_EQ(bench.irq.edges.size(), 3u);
    EXPECT_EQ(bench.irq.edges[2].at, 3690 * kSecond);
}

TEST(RealTimeClock, FlagsAreFoundWithoutEvents) {
    Bench bench;
    bench.write(0x0a, 0x20);  // no periodic rate
    bench.write(1, 0x10);
    bench.write(3, 0x00);
    bench.write(5, 0x00);
    bench.read(0x0c);
    EXPECT_FALSE(sc_pending_activity());
    bench.ports.delay = kSecond * 0.5;
    EXPECT_EQ(bench.read(0x0c), 0x00u);
    bench.ports.delay = 5 * kSecond;
    EXPECT_EQ(bench.read(0x0c), 0x10u);
    bench.ports.delay = 9 * kSecond + sc_time(999, SC_MS);
    EXPECT_EQ(bench.read(0x0c), 0x10u);
    bench.ports.delay = 10 * kSecond;
    EXPECT_EQ(bench.read(0x0c), 0x30u);
    bench.ports.delay = 86409 * kSecond;
    EXPECT_EQ(bench.read(0x0c), 0x10u) << "the next match is a second away";
    bench.ports.delay = 3 * 86400 * kSecond;
    EXPECT_EQ(bench.read(0x0c), 0x30u);
}

TEST(RealTimeClock, PeriodicInterruptRates) {
    Bench bench;
    bench.write(0x0b, 0x42);
    for (unsigned rate = 3; rate < 16; ++rate) {
        bench.write(0x0a, 0x20 | rate);
        bench.read(0x0c);
        const std::size_t before = bench.irq.edges.size();
        const std::uint64_t ticks = 1ull << (rate - 1);
        const std::uint64_t now = sc_time_stamp().value();
        const std::uint64_t next = (now * 32768 / kPicosecondsPerSecond / ticks + 1) * ticks;
        const std::uint64_t expected = (next * kPicosecondsPerSecond + 32767) / 32768;
        run(sc_time(501, SC_MS));
        ASSERT_GT(bench.irq.edges.size(), before);
        EXPECT_EQ(bench.irq.edges[before].at.value(), expected) << "rate " << rate;
        EXPECT_EQ(bench.read(0x0c) & 0xc0, 0xc0u);
    }
}

TEST(RealTimeClock, PeriodicInterruptHasNoDrift) {
    Bench bench;
    bench.write(0x0b, 0x42);
    bench.read(0x0c);
    unsigned interrupts = 0;
    while (sc_time_stamp() <= kSecond) {
        run(sc_time(100, SC_US));
        if (!bench.irq.level()) continue;
        ++interrupts;
        bench.read(0x0c);
    }
    EXPECT_EQ(interrupts, 1024u);
}

TEST(RealTimeClock, EnablingAnInterruptWhoseFlagIsSetRequestsAtOnce) {
    Bench bench;
    bench.read(0x0c);
    run(2 * kSecond);
    EXPECT_FALSE(bench.irq.level());
    bench.write(0x0b, 0x12);
    EXPECT_TRUE(bench.irq.level());
}

TEST(RealTimeClock, SettingTheTime) {
    Bench bench;
    run(sc_time(300, SC_MS));
    bench.write(0x0b, 0x82);
    bench.write(0, 0x58);
    bench.write(2, 0x59);
    bench.write(4, 0x23);
    bench.write(7, 0x28);
    bench.write(8, 0x02);
    bench.write(9, 0x24);
    run(5 * kSecond);
    EXPECT_EQ(bench.read(0), 0x58u) << "SET freezes the registers";
    bench.write(0x0b, 0x02);
    bench.ports.delay = sc_time(699, SC_MS);
    EXPECT_EQ(bench.read(0), 0x58u);
    bench.ports.delay = sc_time(700, SC_MS);
    EXPECT_EQ(bench.read(0), 0x59u) << "SET does not move the divider chain";
    bench.ports.delay = sc_time(1700, SC_MS);
    EXPECT_EQ(bench.read(7), 0x29u);
    EXPECT_EQ(bench.read(4), 0x00u);
}

TEST(RealTimeClock, DividerResetDelaysTheFirstUpdateByHalfASecond) {
    Bench bench;
    bench.write(0x0a, 0x76);
    bench.write(0, 0x10);
    run(sc_time(7300, SC_MS));
    EXPECT_EQ(bench.read(0), 0x10u);
    bench.write(0x0a, 0x26);
    bench.write(0x0b, 0x12);
    bench.read(0x0c);
    run(2 * kSecond);
    ASSERT_GE(bench.irq.edges.size(), 1u);
    EXPECT_EQ(bench.irq.edges[0].at, sc_time(7800, SC_MS));
    EXPECT_EQ(bench.read(0), 0x12u);
}

TEST(RealTimeClock, BinaryAndTwelveHourFormats) {
    Bench bench({.epoch = 1767225600 + 15 * 3600 + 42 * 60});
    EXPECT_EQ(bench.read(4), 0x15u);
    bench.write(0x0b, 0x00);
    bench.write(4, 0x83);
    EXPECT_EQ(bench.read(4), 0x83u);
    bench.write(0x0b, 0x06);
    bench.write(2, 42);
    EXPECT_EQ(bench.read(2), 42u);
}

TEST(RealTimeClock, CmosBanks) {
    RealTimeClock::Config config;
    config.cmos[0x10] = 0x40;
    config.cmos[0x8a] = 0x55;
    Bench bench(config);
    EXPECT_EQ(bench.read(0x10), 0x40u);
    bench.write(0x0f, 0x0a);
    EXPECT_EQ(bench.read(0x0f), 0x0au);
    bench.ports.write(2, 0x0a);
    EXPECT_EQ(bench.ports.read(3), 0x55u) << "80h + 0Ah is RAM, not register A";
    bench.ports.write(3, 0x66);
    EXPECT_EQ(bench.rtc.peek(0x8a, sc_time_stamp()), 0x66);
    EXPECT_EQ(bench.ports.read(0), 0xffu) << "the index port is write-only";
    bench.write(0x0d, 0x00);
    EXPECT_EQ(bench.read(0x0d), 0x80u);
}

TEST(RealTimeClock, WithoutTheExtendedBankItsPortsFloat) {
    Bench bench({.extended_bank = false});
    bench.ports.write(2, 0x10);
    bench.ports.write(3, 0x10);
    EXPECT_EQ(bench.ports.read(3), 0xffu);
}

TEST(RealTimeClock, NmiMaskIsSetByPowerUpAndReset) {
    Bench bench;
    EXPECT_TRUE(bench.nmi_mask.level());
    bench.ports.write(0, 0x0d);
    EXPECT_FALSE(bench.nmi_mask.level());
    bench.reset.pulse();
    EXPECT_TRUE(bench.nmi_mask.level());
}

TEST(RealTimeClock, HardResetKeepsTimeAndRamAndClearsInterrupts) {
    Bench bench;
    bench.write(0x0b, 0x7a);
    bench.write(0x0f, 0x0a);
    bench.write(0x40, 0x99);
    run(10 * kSecond);
    ASSERT_TRUE(bench.irq.level());
    bench.reset.pulse();
    EXPECT_FALSE(bench.irq.level());
    EXPECT_EQ(bench.read(0x0b), 0x02u);
    EXPECT_EQ(bench.read(0x0c), 0x00u);
    EXPECT_EQ(bench.read(0x0a), 0x26u);
    EXPECT_EQ(bench.read(0), 0x10u);
    EXPECT_EQ(bench.read(0x0f), 0x0au);
    EXPECT_EQ(bench.read(0x40), 0x99u);
    run(5 * kSecond);
    EXPECT_EQ(bench.read(0), 0x15u);
}

TEST(RealTimeClock, IchKeepsInterruptEnables) {
    Bench bench({.reset_clears_interrupts = false});
    bench.write(0x0b, 0x12);
    bench.reset.pulse();
    EXPECT_EQ(bench.read(0x0b), 0x12u);
}

TEST(RealTimeClock, QemuPersonalityClearsTheShutdownByte) {
    Bench bench({.reset_clears_shutdown_byte = true});
    bench.write(0x0f, 0x0a);
    bench.reset.pulse();
    EXPECT_EQ(bench.read(0x0f), 0x00u);
    bench.write(0x0f, 0xfe);
    bench.reset.pulse();
    EXPECT_EQ(bench.read(0x0f), 0xfeu);
}

TEST(RealTimeClock, DebugReadsLeaveTheFlags) {
    Bench bench;
    bench.write(0x0b, 0x12);
    run(2 * kSecond);
    bench.ports.write(0, 0x0c);
    EXPECT_EQ(bench.ports.peek(1) & 0x90, 0x90u);
    EXPECT_TRUE(bench.irq.level());
    EXPECT_EQ(bench.ports.read(1) & 0x90, 0x90u);
}

}  // namespace
}  // namespace southgate::chipset
