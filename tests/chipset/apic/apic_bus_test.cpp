// Interrupt messages between several local APICs.
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "tests/chipset/apic/apic_bench.h"

namespace southgate::chipset {
namespace {

using namespace sc_core;
using namespace test;

struct ApicBusTest : testing::Test {
    ApicBusTest() {
        for (std::uint8_t id = 0; id < 4; ++id)
            cpus.push_back(std::make_unique<ApicBench>(bus, LocalApic::Config{.id = id}));
        run();
        for (auto& cpu : cpus) cpu->enable();
    }
    ApicBench& cpu(unsigned n) { return *cpus[n]; }
    // Which CPUs have an interrupt request, as a bit mask.
    unsigned requested() {
        unsigned mask = 0;
        for (unsigned n = 0; n < cpus.size(); ++n) mask |= (cpu(n).intr.level() ? 1u : 0u) << n;
        return mask;
    }
    ApicBus bus;
    std::vector<std::unique_ptr<ApicBench>> cpus;
};

TEST_F(ApicBusTest, PhysicalDestination) {
    cpu(0).write(kApicIcrHigh, 0x02000000);
    cpu(0).write(kApicIcrLow, 0x40);
    EXPECT_EQ(requested(), 4u);
    EXPECT_EQ(cpu(2).apic.acknowledge(), 0x40);
    cpu(0).write(kApicIcrHigh, 0xff000000);
    cpu(0).write(kApicIcrLow, 0x50);
    EXPECT_EQ(requested(), 15u);
}

TEST_F(ApicBusTest, Shorthands) {
    cpu(1).write(kApicIcrLow, 0x000c0041);
    EXPECT_EQ(requested(), 13u) << "all but self";
    cpu(1).write(kApicIcrLow, 0x00080042);
    EXPECT_EQ(requested(), 15u) << "all";
}

TEST_F(ApicBusTest, FlatLogicalDestination) {
    for (unsigned n = 0; n < 4; ++n) cpu(n).write(kApicLdr, 0x01000000u << n);
    cpu(0).write(kApicIcrHigh, 0x0a000000);
    cpu(0).write(kApicIcrLow, 0x0840);
    EXPECT_EQ(requested(), 10u);
}

TEST_F(ApicBusTest, ClusterLogicalDestination) {
    for (unsigned n = 0; n < 4; ++n) {
        cpu(n).write(kApicDfr, 0x0fffffff);
        cpu(n).write(kApicLdr, (n / 2 << 4 | 1u << (n % 2)) << 24);
    }
    cpu(0).write(kApicIcrHigh, 0x13000000);
    cpu(0).write(kApicIcrLow, 0x0840);
    EXPECT_EQ(requested(), 12u);
    cpu(0).write(kApicIcrHigh, 0xf1000000);
    cpu(0).write(kApicIcrLow, 0x0850);
    EXPECT_EQ(requested(), 13u);
}

TEST_F(ApicBusTest, LowestPriorityGoesToOneProcessor) {
    for (unsigned n = 0; n < 4; ++n) cpu(n).write(kApicLdr, 0x01000000u << n);
    cpu(0).write(kApicTpr, 0x30);
    cpu(1).write(kApicTpr, 0x20);
    cpu(2).write(kApicTpr, 0x10);
    cpu(3).write(kApicSvr, 0x0ff);  // software-disabled: no candidate
    cpu(0).write(kApicIcrHigh, 0xff000000);
    cpu(0).write(kApicIcrLow, 0x0940);
    EXPECT_EQ(requested(), 4u);
    cpu(0).write(kApicTpr, 0x10);
    cpu(0).write(kApicIcrLow, 0x0941);
    EXPECT_EQ(requested(), 5u) << "equal priority: the lowest ID";
}

// SeaBIOS: ICR = C4500h, then C4600h + vector, to all but self.
TEST_F(ApicBusTest, InitAndStartUp) {
    for (unsigned n = 1; n < 4; ++n) cpu(n).write(kApicSvr, 0x0ff);
    cpu(0).write(kApicIcrLow, 0x000c4500);
    cpu(0).write(kApicIcrLow, 0x000c4610);
    EXPECT_EQ(cpu(0).init.rises(), 0u);
    EXPECT_TRUE(cpu(0).start_ups.empty());
    for (unsigned n = 1; n < 4; ++n) {
        EXPECT_EQ(cpu(n).init.rises(), 1u);
        EXPECT_EQ(cpu(n).start_ups, (std::vector<unsigned>{0x10}));
        EXPECT_EQ(cpu(n).apic.apic_id(), n);
    }
}

TEST_F(ApicBusTest, InitLevelDeassertDoesNothing) {
    cpu(0).write(kApicIcrHigh, 0x01000000);
    cpu(0).write(kApicIcrLow, 0x0000c500);
    EXPECT_EQ(cpu(1).init.rises(), 1u);
    cpu(0).write(kApicIcrLow, 0x00008500);
    EXPECT_EQ(cpu(1).init.rises(), 1u);
}

TEST_F(ApicBusTest, NmiAndSmiAreDeliveredToADisabledApic) {
    cpu(1).write(kApicSvr, 0x0ff);
    cpu(0).write(kApicIcrHigh, 0x01000000);
    cpu(0).write(kApicIcrLow, 0x0400);
    cpu(0).write(kApicIcrLow, 0x0200);
    cpu(0).write(kApicIcrLow, 0x0040);
    EXPECT_EQ(cpu(1).nmi.rises(), 1u);
    EXPECT_EQ(cpu(1).smi.rises(), 1u);
    EXPECT_FALSE(cpu(1).intr.level());
    cpu(1).apic.set_globally_enabled(false);
    cpu(0).write(kApicIcrLow, 0x0400);
    EXPECT_EQ(cpu(1).nmi.rises(), 1u) << "globally disabled: not on the bus";
}

TEST(ApicBus, HoldsSixteen) {
    struct Nobody : ApicReceiver {
        bool matches(std::uint32_t, DestinationMode) const override { return false; }
        bool accept(DeliveryMode, std::uint8_t, TriggerMode) override { return false; }
        bool accepts_fixed() const override { return false; }
        std::uint8_t processor_priority() const override { return 0; }
        std::uint8_t apic_id() const override { return 0; }
    } nobody;
    ApicBus bus;
    for (unsigned n = 0; n < ApicBus::kMaxReceivers; ++n) bus.add(nobody);
    EXPECT_THROW(bus.add(nobody), std::length_error);
    EXPECT_FALSE(bus.deliver({}));
}

}  // namespace
}  // namespace southgate::chipset
