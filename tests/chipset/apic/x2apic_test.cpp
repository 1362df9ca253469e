// The local APIC as MSRs, and the timer's TSC-deadline mode.
#include <gtest/gtest.h>

#include "tests/chipset/apic/apic_bench.h"

namespace southgate::chipset {
namespace {

using namespace sc_core;
using namespace test;

constexpr std::uint64_t xapic_base = 0xfee00800, x2apic_base = 0xfee00c00;
constexpr unsigned id = 0x02, version = 0x03, tpr = 0x08, ppr = 0x0a, eoi = 0x0b, ldr = 0x0d, dfr = 0x0e, svr = 0x0f,
                   isr = 0x10, esr = 0x28, icr = 0x30, lvt_timer = 0x32, initial_count = 0x38, current_count = 0x39,
                   divide = 0x3e, self_ipi = 0x3f;

struct X2ApicTest : testing::Test {
    X2ApicTest() {
        run();
        for (ApicBench* b : {&first, &second}) b->apic.set_base(x2apic_base);
    }
    static sc_time now() { return sc_time_stamp(); }
    std::uint64_t rdmsr(ApicBench& b, unsigned index) {
        std::uint64_t value = 0;
        EXPECT_TRUE(b.apic.read_msr(index, value, now())) << std::hex << index;
        return value;
    }
    bool faults_on_read(unsigned index) {
        std::uint64_t value = 0;
        return !first.apic.read_msr(index, value, now());
    }
    bool wrmsr(ApicBench& b, unsigned index, std::uint64_t value) { return b.apic.write_msr(index, value, now()); }

    ApicBus bus;
    ApicBench first{bus, {.id = 1}}, second{bus, {.id = 5}};
};

TEST_F(X2ApicTest, RegistersAreMsrs) {
    EXPECT_EQ(rdmsr(first, id), 1u);
    EXPECT_EQ(rdmsr(second, ldr), 0x20u) << "cluster 0, bit 5";
    EXPECT_EQ(rdmsr(first, version), 0x50014u);
    EXPECT_TRUE(wrmsr(first, svr, 0x1ff));
    EXPECT_TRUE(first.apic.software_enabled());
    EXPECT_TRUE(wrmsr(first, tpr, 0x33));
    EXPECT_EQ(first.apic.cr8(), 3);
    EXPECT_EQ(rdmsr(first, ppr), 0x33u);
    EXPECT_EQ(first.read(kApicTpr), 0xffffffffu) << "the page is gone";
}

TEST_F(X2ApicTest, WhatDoesNotExistOrIsReservedFaults) {
    for (const unsigned n : {0x00u, 0x09u, eoi, 0x0cu, dfr, 0x31u, 0x2fu, self_ipi, 0x40u, 0xffu})
        EXPECT_TRUE(faults_on_read(n)) << std::hex << n;
    for (const unsigned n : {id, version, ppr, ldr, isr, current_count, dfr, 0x31u}) EXPECT_FALSE(wrmsr(first, n, 0)) << n;
    EXPECT_FALSE(wrmsr(first, tpr, 0x100));
    EXPECT_FALSE(wrmsr(first, svr, std::uint64_t{1} << 32));
    EXPECT_FALSE(wrmsr(first, eoi, 1));
    EXPECT_FALSE(wrmsr(first, esr, 1));
    EXPECT_FALSE(wrmsr(first, icr, 1u << 12));
    EXPECT_FALSE(wrmsr(first, self_ipi, 0x100));
    EXPECT_TRUE(wrmsr(first, eoi, 0));
    EXPECT_TRUE(wrmsr(first, esr, 0));
}

TEST_F(X2ApicTest, InterruptsBetweenProcessors) {
    for (ApicBench* b : {&first, &second}) wrmsr(*b, svr, 0x1ff);
    EXPECT_TRUE(wrmsr(first, icr, std::uint64_t{5} << 32 | 0x61));
    EXPECT_EQ(second.apic.acknowledge(), 0x61);
    EXPECT_TRUE(wrmsr(second, eoi, 0));
    EXPECT_TRUE(wrmsr(first, icr, std::uint64_t{0x22} << 32 | 0x800 | 0x62)) << "logical: both";
    EXPECT_EQ(first.apic.acknowledge(), 0x62);
    EXPECT_EQ(second.apic.acknowledge(), 0x62);
    EXPECT_TRUE(wrmsr(first, icr, std::uint64_t{0x10002} << 32 | 0x800 | 0x72)) << "cluster 1: nobody";
    EXPECT_TRUE(wrmsr(first, icr, std::uint64_t{0x105} << 32 | 0x72)) << "the upper bits of an ID count";
    EXPECT_FALSE(first.intr.level() || second.intr.level());
    EXPECT_TRUE(wrmsr(first, icr, std::uint64_t{0xffffffff} << 32 | 0x73)) << "everybody";
    EXPECT_TRUE(first.intr.level() && second.intr.level());
    EXPECT_EQ(rdmsr(first, icr), std::uint64_t{0xffffffff} << 32 | 0x73);
    EXPECT_TRUE(wrmsr(second, self_ipi, 0x85));
    EXPECT_EQ(second.apic.acknowledge(), 0x85);
    EXPECT_TRUE(wrmsr(second, self_ipi, 3));
    wrmsr(second, esr, 0);
    EXPECT_EQ(rdmsr(second, esr), 0x20u) << "illegal vector";
}

TEST_F(X2ApicTest, ModeSurvivesInitAndEndsWithReset) {
    first.init_in.pulse();
    EXPECT_TRUE(first.apic.x2apic());
    EXPECT_EQ(rdmsr(first, id), 1u);
    first.cpurst.pulse();
    EXPECT_FALSE(first.apic.x2apic());
    EXPECT_EQ(first.read(kApicId), 1u << 24);
    first.apic.set_base(0xfee00000);
    EXPECT_FALSE(first.apic.globally_enabled());
    first.apic.set_base(xapic_base);
    EXPECT_TRUE(first.apic.globally_enabled());
}

struct DeadlineTest : X2ApicTest {
    DeadlineTest() {
        wrmsr(first, svr, 0x1ff);
        wrmsr(first, lvt_timer, 0x40055);
    }
    std::uint64_t ps() const { return to_picoseconds(now()); }
    LocalApic& apic = first.apic;
};

TEST_F(DeadlineTest, InterruptsOnce) {
    apic.set_deadline(ps() + 1'000'000, ps());
    EXPECT_TRUE(apic.deadline_armed(ps()));
    run(sc_time(999, SC_NS));
    EXPECT_FALSE(first.intr.level());
    run(sc_time(2, SC_NS));
    EXPECT_TRUE(first.intr.level());
    EXPECT_FALSE(apic.deadline_armed(ps()));
    EXPECT_EQ(apic.acknowledge(), 0x55);
    wrmsr(first, eoi, 0);
    run(sc_time(10, SC_US));
    EXPECT_FALSE(first.intr.level());
}

TEST_F(DeadlineTest, PastDeadlinesExpireAtOnceAndDisarmingWorks) {
    run(sc_time(1, SC_US));
    apic.set_deadline(1, ps());
    EXPECT_TRUE(first.intr.level());
    apic.acknowledge();
    wrmsr(first, eoi, 0);
    apic.set_deadline(ps() + 1'000'000, ps());
    apic.set_deadline(kNeverPs, ps());
    EXPECT_FALSE(apic.deadline_armed(ps()));
    run(sc_time(5, SC_US));
    EXPECT_FALSE(first.intr.level());
}

TEST_F(DeadlineTest, MaskedItPassesWithoutInterrupt) {
    wrmsr(first, lvt_timer, 0x50055);
    apic.set_deadline(ps() + 1'000'000, ps());
    run(sc_time(2, SC_US));
    EXPECT_FALSE(apic.deadline_armed(ps()));
    wrmsr(first, lvt_timer, 0x40055);
    run(sc_time(2, SC_US));
    EXPECT_FALSE(first.intr.level());
}

struct WithoutDeadlineTest : testing::Test {
    WithoutDeadlineTest() { run(); }
    ApicBus bus;
    ApicBench bench{bus, {.id = 1, .tsc_deadline = false}};
};

TEST_F(WithoutDeadlineTest, ItsModeIsReserved) {
    bench.enable();
    bench.write(kApicLvtTimer, 0x40055);
    EXPECT_EQ(bench.read(kApicLvtTimer), 0x55u);
    bench.apic.set_base(x2apic_base);
    EXPECT_FALSE(bench.apic.write_msr(lvt_timer, 0x40056, sc_time_stamp()));
    EXPECT_TRUE(bench.apic.write_msr(lvt_timer, 0x56, sc_time_stamp()));
    EXPECT_EQ(bench.apic.value(lapic::kLvtTimer), 0x56u);
}

TEST_F(DeadlineTest, CounterAndDeadlineExcludeEachOther) {
    EXPECT_TRUE(wrmsr(first, initial_count, 1000));
    EXPECT_EQ(rdmsr(first, initial_count), 0u);
    EXPECT_EQ(rdmsr(first, current_count), 0u);
    apic.set_deadline(ps() + 1'000'000, ps());
    wrmsr(first, lvt_timer, 0x55);
    EXPECT_FALSE(apic.deadline_armed(ps()));
    apic.set_deadline(ps() + 1'000'000, ps());
    EXPECT_FALSE(apic.deadline_armed(ps())) << "ignored in one-shot mode";
    wrmsr(first, divide, 0xb);
    wrmsr(first, initial_count, 1000);
    wrmsr(first, lvt_timer, 0x40055);
    run(sc_time(5, SC_US));
    EXPECT_FALSE(first.intr.level()) << "the count was dropped";
}

}  // namespace
}  // namespace southgate::chipset
