// RESET and INIT of the local APIC (SDM vol. 3A 10.4.7): the same values, but INIT keeps the APIC ID.
#include <gtest/gtest.h>

#include "tests/chipset/apic/apic_bench.h"

namespace southgate::chipset {
namespace {

using namespace sc_core;
using namespace test;

struct LocalApicReset : testing::Test {
    LocalApicReset() {
        run();
        // Everything away from its reset value.
        bench.write(kApicId, 0x09000000);
        bench.enable();
        bench.write(kApicTpr, 0x20);
        bench.write(kApicLdr, 0x04000000);
        bench.write(kApicDfr, 0x0fffffff);
        for (unsigned lvt = kApicLvtTimer; lvt <= kApicLvtError; lvt += 0x10) bench.write(lvt, 0x60);
        bench.write(kApicIcrHigh, 0x03000000);
        bench.self_ipi(0x05);
        bench.write(kApicEsr, 0);
        bench.write(kApicEoi, 0);
        bench.self_ipi(0x70);
        bench.apic.acknowledge();
        bench.self_ipi(0x71);
        bench.write(kApicDivide, 0xb);
        bench.write(kApicInitialCount, 1000);
    }
    void expect_reset_values() {
        EXPECT_EQ(bench.read(kApicTpr), 0u);
        EXPECT_EQ(bench.read(kApicPpr), 0u);
        EXPECT_EQ(bench.read(kApicLdr), 0u);
        EXPECT_EQ(bench.read(kApicDfr), 0xffffffffu);
        EXPECT_EQ(bench.read(kApicSvr), 0x000000ffu);
        for (unsigned i = 0; i < 0x80; i += 0x10) {
            EXPECT_EQ(bench.read(kApicIsr + i), 0u);
            EXPECT_EQ(bench.read(kApicTmr + i), 0u);
            EXPECT_EQ(bench.read(kApicIrr + i), 0u);
        }
        EXPECT_EQ(bench.read(kApicEsr), 0u);
        EXPECT_EQ(bench.read(kApicIcrLow), 0u);
        EXPECT_EQ(bench.read(kApicIcrHigh), 0u);
        for (unsigned lvt = kApicLvtTimer; lvt <= kApicLvtError; lvt += 0x10)
            EXPECT_EQ(bench.read(lvt), 0x00010000u) << lvt;
        EXPECT_EQ(bench.read(kApicInitialCount), 0u);
        EXPECT_EQ(bench.read(kApicCurrentCount), 0u);
        EXPECT_EQ(bench.read(kApicDivide), 0u);
        EXPECT_FALSE(bench.intr.level());
        EXPECT_FALSE(sc_pending_activity()) << "the timer is stopped";
        EXPECT_TRUE(bench.apic.globally_enabled());
    }
    ApicBus bus;
    ApicBench bench{bus, {.id = 2}};
};

TEST_F(LocalApicReset, InitPinKeepsTheApicId) {
    bench.init_in.pulse();
    expect_reset_values();
    EXPECT_EQ(bench.read(kApicId), 0x09000000u);
    EXPECT_EQ(bench.init.rises(), 0u) << "the processor sees the pin itself";
}

TEST_F(LocalApicReset, InitMessageKeepsTheApicIdAndReachesTheProcessor) {
    bench.write(kApicIcrHigh, 0x09000000);
    bench.write(kApicIcrLow, 0x00004500);
    expect_reset_values();
    EXPECT_EQ(bench.read(kApicId), 0x09000000u);
    EXPECT_EQ(bench.init.rises(), 1u);
}

TEST_F(LocalApicReset, ResetRestoresTheApicId) {
    bench.cpurst.pulse();
    expect_reset_values();
    EXPECT_EQ(bench.read(kApicId), 0x02000000u);
}

TEST_F(LocalApicReset, InitKeepsTheGlobalEnable) {
    bench.apic.set_globally_enabled(false);
    bench.init_in.pulse();
    EXPECT_FALSE(bench.apic.globally_enabled());
    bench.cpurst.pulse();
    EXPECT_TRUE(bench.apic.globally_enabled());
}

TEST(LocalApicDeviation, Lint0StartsAsExtInt) {
    ApicBus bus;
    ApicBench bench{bus, {.lint0_starts_as_ext_int = true}};
    run();
    EXPECT_EQ(bench.read(kApicLvtLint0), 0x00000700u);
    bench.write(kApicLvtLint0, 0x00010000);
    bench.init_in.pulse();
    EXPECT_EQ(bench.read(kApicLvtLint0), 0x00000700u);
    EXPECT_EQ(bench.read(kApicLvtLint0 + 0x10), 0x00010000u);
}

TEST_F(LocalApicReset, ReleasingThePinDoesNothing) {
    bench.init_in.set(true);
    bench.enable();
    bench.init_in.set(false);
    EXPECT_EQ(bench.read(kApicSvr), 0x1ffu);
}

}  // namespace
}  // namespace southgate::chipset
