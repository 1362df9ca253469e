// Priorities, pins and registers of one local APIC.
#include "chipset/apic/local_apic.h"

#include <gtest/gtest.h>

#include "tests/chipset/apic/apic_bench.h"

namespace southgate::chipset {
namespace {

using namespace sc_core;
using namespace test;

struct LocalApicTest : testing::Test {
    LocalApicTest() { run(); }
    ApicBus bus;
    ApicBench bench{bus};
};

TEST_F(LocalApicTest, RequestBecomesInServiceUntilEoi) {
    bench.enable();
    bench.self_ipi(0x51);
    EXPECT_TRUE(bench.intr.level());
    EXPECT_TRUE(bench.holds(kApicIrr, 0x51));
    EXPECT_EQ(bench.apic.acknowledge(), 0x51);
    EXPECT_FALSE(bench.intr.level());
    EXPECT_FALSE(bench.holds(kApicIrr, 0x51));
    EXPECT_TRUE(bench.holds(kApicIsr, 0x51));
    EXPECT_EQ(bench.read(kApicPpr), 0x50u);
    bench.write(kApicEoi, 0);
    EXPECT_FALSE(bench.holds(kApicIsr, 0x51));
    EXPECT_EQ(bench.read(kApicPpr), 0u);
}

TEST_F(LocalApicTest, OnlyAHigherClassNests) {
    bench.enable();
    bench.self_ipi(0x51);
    bench.apic.acknowledge();
    bench.self_ipi(0x5f);
    EXPECT_FALSE(bench.intr.level()) << "same class";
    bench.self_ipi(0x60);
    EXPECT_TRUE(bench.intr.level());
    EXPECT_EQ(bench.apic.acknowledge(), 0x60);
    bench.write(kApicEoi, 0);
    bench.write(kApicEoi, 0);
    EXPECT_EQ(bench.apic.acknowledge(), 0x5f);
}

TEST_F(LocalApicTest, TaskPriorityHoldsInterruptsBack) {
    bench.enable();
    bench.write(kApicTpr, 0x55);
    EXPECT_EQ(bench.read(kApicPpr), 0x55u);
    EXPECT_EQ(bench.apic.cr8(), 5);
    bench.self_ipi(0x5f);
    EXPECT_FALSE(bench.intr.level());
    bench.apic.set_cr8(4);
    EXPECT_EQ(bench.read(kApicTpr), 0x40u);
    EXPECT_TRUE(bench.intr.level());
    bench.apic.set_cr8(15);
    EXPECT_FALSE(bench.intr.level());
    EXPECT_EQ(bench.apic.acknowledge(), 0xff) << "the request is masked by now: spurious vector";
    EXPECT_FALSE(bench.holds(kApicIsr, 0xff));
}

TEST_F(LocalApicTest, PassesThePicThroughWhileSoftwareDisabled) {
    bench.lint0.set(true);
    EXPECT_TRUE(bench.intr.level());
    EXPECT_EQ(bench.apic.acknowledge(), 0x08);
    EXPECT_EQ(bench.inta_cycles, 1u);
    bench.lint0.set(false);
    EXPECT_FALSE(bench.intr.level());
    bench.lint1.set(true);
    EXPECT_EQ(bench.nmi.rises(), 1u);
}

TEST_F(LocalApicTest, PassesThePicThroughWhileGloballyDisabled) {
    bench.enable();
    bench.write(kApicLvtLint0, 0x10700);
    bench.lint0.set(true);
    EXPECT_FALSE(bench.intr.level());
    bench.apic.set_globally_enabled(false);
    EXPECT_TRUE(bench.intr.level());
    EXPECT_EQ(bench.apic.acknowledge(), 0x08);
    EXPECT_EQ(bench.read(kApicVersion), 0xffffffffu);
    bench.apic.set_globally_enabled(true);
    EXPECT_EQ(bench.read(kApicSvr), 0xffu) << "re-enabling finds the reset state";
}

// SeaBIOS: SVR |= 100h, LINT0 = 8700h, LINT1 = 8400h.
TEST_F(LocalApicTest, VirtualWire) {
    bench.enable();
    bench.lint0.set(true);
    EXPECT_FALSE(bench.intr.level()) << "LINT0 is masked by reset";
    bench.write(kApicLvtLint0, 0x8700);
    EXPECT_TRUE(bench.intr.level());
    EXPECT_EQ(bench.apic.acknowledge(), 0x08);
    EXPECT_EQ(bench.read(kApicPpr), 0u) << "an ExtINT is not in service here";
    bench.lint0.set(false);
    bench.write(kApicLvtLint1, 0x8400);
    bench.lint1.set(true);
    EXPECT_EQ(bench.nmi.rises(), 1u);
    bench.lint1.set(false);
    EXPECT_EQ(bench.nmi.rises(), 1u);
}

TEST_F(LocalApicTest, LocalVectorGoesBeforeAnExtInt) {
    bench.enable();
    bench.write(kApicLvtLint0, 0x700);
    bench.lint0.set(true);
    bench.self_ipi(0x90);
    EXPECT_EQ(bench.apic.acknowledge(), 0x90);
    EXPECT_TRUE(bench.intr.level());
    EXPECT_EQ(bench.apic.acknowledge(), 0x08);
}

TEST_F(LocalApicTest, LevelTriggeredPinRequestsAgainAfterEoi) {
    bench.enable();
    bench.write(kApicLvtLint1, 0x8040);
    bench.lint1.set(true);
    EXPECT_EQ(bench.read(kApicLvtLint1), 0xc040u) << "remote IRR";
    EXPECT_EQ(bench.apic.acknowledge(), 0x40);
    EXPECT_TRUE(bench.holds(kApicTmr, 0x40));
    bench.write(kApicEoi, 0);
    EXPECT_TRUE(bench.intr.level());
    bench.apic.acknowledge();
    bench.lint1.set(false);
    bench.write(kApicEoi, 0);
    EXPECT_FALSE(bench.intr.level());
    EXPECT_EQ(bench.read(kApicLvtLint1), 0x8040u);
}

TEST_F(LocalApicTest, EdgePinWithAFixedVector) {
    bench.enable();
    bench.write(kApicLvtLint0, 0x0041);
    bench.lint0.pulse();
    EXPECT_EQ(bench.apic.acknowledge(), 0x41);
    EXPECT_FALSE(bench.intr.level());
}

TEST_F(LocalApicTest, SoftwareDisableMasksTheLocalVectorTable) {
    bench.enable();
    for (unsigned lvt = kApicLvtTimer; lvt <= kApicLvtError; lvt += 0x10) {
        bench.write(lvt, 0x40);
        EXPECT_EQ(bench.read(lvt), 0x40u);
    }
    bench.write(kApicSvr, 0x0ff);
    for (unsigned lvt = kApicLvtTimer; lvt <= kApicLvtError; lvt += 0x10) {
        EXPECT_EQ(bench.read(lvt), 0x10040u);
        bench.write(lvt, 0x41);
        EXPECT_EQ(bench.read(lvt), 0x10041u) << "the mask cannot be cleared";
    }
}

TEST_F(LocalApicTest, ErrorsAppearInEsrAfterAWrite) {
    bench.enable();
    bench.write(kApicLvtError, 0x50);
    bench.self_ipi(0x05);
    EXPECT_EQ(bench.read(kApicEsr), 0u);
    bench.write(kApicEsr, 0);
    EXPECT_EQ(bench.read(kApicEsr), 0x20u) << "send illegal vector";
    EXPECT_EQ(bench.apic.acknowledge(), 0x50);
    bench.read(0x40);
    bench.write(kApicEsr, 0);
    EXPECT_EQ(bench.read(kApicEsr), 0x80u) << "illegal register address";
    bench.write(kApicEsr, 0);
    EXPECT_EQ(bench.read(kApicEsr), 0u);
    bench.port.peek(0x40, 4);
    bench.write(kApicEsr, 0);
    EXPECT_EQ(bench.read(kApicEsr), 0u);
}

TEST_F(LocalApicTest, IllegalErrorVectorDoesNotRecurse) {
    bench.enable();
    bench.write(kApicLvtError, 0x00);
    bench.self_ipi(0x05);
    bench.write(kApicEsr, 0);
    EXPECT_EQ(bench.read(kApicEsr), 0x60u);
}

TEST_F(LocalApicTest, ReservedBitsAndByteAccess) {
    EXPECT_EQ(bench.read(kApicVersion), 0x00050014u);
    bench.write(kApicDfr, 0);
    EXPECT_EQ(bench.read(kApicDfr), 0x0fffffffu);
    bench.write(kApicLdr, 0xffffffff);
    EXPECT_EQ(bench.read(kApicLdr), 0xff000000u);
    bench.write(kApicVersion, 0);
    EXPECT_EQ(bench.read(kApicVersion), 0x00050014u);
    bench.port.write(kApicId + 3, 0x07, 1);
    EXPECT_EQ(bench.read(kApicId), 0x07000000u);
    EXPECT_EQ(bench.apic.apic_id(), 7);
    EXPECT_EQ(bench.read(kApicEoi), 0u);
}

}  // namespace
}  // namespace southgate::chipset
