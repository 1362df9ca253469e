#include "chipset/legacy/pic8259.h"

#include <gtest/gtest.h>

#include <memory>

#include "tests/chipset/harness.h"

namespace southgate::chipset {
namespace {

using test::run;

struct Bench {
    Bench()
        : pic("pic"),
          master(pic.master),
          slave(pic.slave),
          elcr(pic.elcr),
          inta(pic.inta),
          reset(pic.pcirst) {
        pic.intr.bind(intr.in);
        for (unsigned n = 0; n < 16; ++n) irq[n] = std::make_unique<test::LineDriver>(pic.irq(n));
    }
    // Vectors 08h and 70h as the BIOS sets them, everything unmasked.
    void initialise(unsigned icw4 = 0x01) {
        run();
        for (auto* chip : {&master, &slave}) chip->write(0, 0x11);
        master.write(1, 0x08);
        slave.write(1, 0x70);
        master.write(1, 0x04);
        slave.write(1, 0x02);
        for (auto* chip : {&master, &slave}) chip->write(1, icw4);
    }
    void eoi(test::Initiator& chip) { chip.write(0, 0x20); }
    unsigned isr(test::Initiator& chip) {
        chip.write(0, 0x0b);
        return static_cast<unsigned>(chip.read(0));
    }
    unsigned irr(test::Initiator& chip) {
        chip.write(0, 0x0a);
        return static_cast<unsigned>(chip.read(0));
    }

    InterruptController pic;
    test::Initiator master, slave, elcr, inta;
    test::LineDriver reset;
    test::LineProbe intr;
    std::array<std::unique_ptr<test::LineDriver>, 16> irq;
};

TEST(InterruptController, DeliversNothingBeforeInitialisation) {
    Bench bench;
    run();
    bench.irq[0]->set(true);
    EXPECT_FALSE(bench.intr.level());
    bench.master.write(0, 0x11);
    bench.master.write(1, 0x08);
    bench.master.write(1, 0x04);
    bench.irq[0]->set(false);
    bench.irq[0]->set(true);
    EXPECT_FALSE(bench.intr.level()) << "ICW4 is still missing";
    bench.master.write(1, 0x01);
    EXPECT_TRUE(bench.intr.level());
}

TEST(InterruptController, AcknowledgeMovesTheRequestToInService) {
    Bench bench;
    bench.initialise();
    bench.irq[3]->set(true);
    EXPECT_TRUE(bench.intr.level());
    EXPECT_EQ(bench.irr(bench.master), 0x08u);
    EXPECT_EQ(bench.inta.peek(0), 0x0bu);
    EXPECT_EQ(bench.inta.read(0), 0x0bu);
    EXPECT_FALSE(bench.intr.level());
    EXPECT_EQ(bench.irr(bench.master), 0u);
    EXPECT_EQ(bench.isr(bench.master), 0x08u);
    bench.eoi(bench.master);
    EXPECT_EQ(bench.isr(bench.master), 0u);
    EXPECT_FALSE(bench.intr.level()) << "edge-triggered: a level that stays is one request";
}

TEST(InterruptController, ICW1ForgetsEdgesAndTheMask) {
    Bench bench;
    bench.initialise();
    bench.master.write(1, 0xff);
    bench.irq[4]->set(true);
    bench.initialise();
    EXPECT_EQ(bench.master.read(1), 0u);
    EXPECT_FALSE(bench.intr.level()) << "a line must rise after ICW1";
    bench.irq[4]->set(false);
    bench.irq[4]->set(true);
    EXPECT_TRUE(bench.intr.level());
}

TEST(InterruptController, HigherPriorityNestsLowerWaits) {
    Bench bench;
    bench.initialise();
    bench.irq[4]->set(true);
    ASSERT_EQ(bench.pic.acknowledge(), 0x0c);
    bench.irq[6]->set(true);
    EXPECT_FALSE(bench.intr.level());
    bench.irq[1]->set(true);
    EXPECT_TRUE(bench.intr.level());
    EXPECT_EQ(bench.pic.acknowledge(), 0x09);
    bench.eoi(bench.master);
    EXPECT_EQ(bench.isr(bench.master), 0x10u) << "non-specific EOI ends the highest";
    bench.eoi(bench.master);
    EXPECT_EQ(bench.pic.acknowledge(), 0x0e);
}

TEST(InterruptController, SlaveInterruptTakesTwoEois) {
    Bench bench;
    bench.initialise();
    bench.irq[14]->set(true);
    EXPECT_EQ(bench.pic.acknowledge(), 0x76);
    EXPECT_EQ(bench.isr(bench.master), 0x04u);
    EXPECT_EQ(bench.isr(bench.slave), 0x40u);
    bench.irq[9]->set(true);
    EXPECT_FALSE(bench.intr.level()) << "higher in the slave, but IR2 of the master is in service";
    bench.eoi(bench.slave);
    bench.eoi(bench.master);
    EXPECT_TRUE(bench.intr.level());
    EXPECT_EQ(bench.pic.acknowledge(), 0x71);
}

TEST(InterruptController, SpecialFullyNestedLetsTheSlaveInterruptItself) {
    Bench bench;
    bench.initialise(0x11);
    bench.irq[14]->set(true);
    ASSERT_EQ(bench.pic.acknowledge(), 0x76);
    bench.irq[5]->set(true);
    EXPECT_FALSE(bench.intr.level());
    bench.irq[9]->set(true);
    EXPECT_TRUE(bench.intr.level());
    EXPECT_EQ(bench.pic.acknowledge(), 0x71);
    EXPECT_EQ(bench.isr(bench.slave), 0x42u);
}

TEST(InterruptController, WithdrawnRequestsAreSpurious) {
    Bench bench;
    bench.initialise();
    bench.irq[3]->pulse();
    EXPECT_FALSE(bench.intr.level());
    EXPECT_EQ(bench.pic.acknowledge(), 0x0f);
    EXPECT_EQ(bench.isr(bench.master), 0u) << "a spurious IRQ7 is not in service";

    // Masking the only slave request withdraws the cascade input too.
    bench.irq[15]->set(true);
    bench.slave.write(1, 0xff);
    EXPECT_FALSE(bench.intr.level());
    EXPECT_EQ(bench.pic.acknowledge(), 0x0f);
}

TEST(InterruptController, LevelTriggeredInputsRequestAgainAfterEoi) {
    Bench bench;
    bench.initialise();
    bench.elcr.write(0, 0xff);
    bench.elcr.write(1, 0xff);
    EXPECT_EQ(bench.elcr.read(0, 2), 0xdef8u) << "IRQ0, 1, 2, 8 and 13 cannot be level-triggered";
    bench.irq[11]->set(true);
    EXPECT_EQ(bench.pic.acknowledge(), 0x73);
    bench.eoi(bench.slave);
    bench.eoi(bench.master);
    EXPECT_TRUE(bench.intr.level());
    EXPECT_EQ(bench.pic.acknowledge(), 0x73);
    bench.irq[11]->set(false);
    bench.eoi(bench.slave);
    bench.eoi(bench.master);
    EXPECT_FALSE(bench.intr.level());
}

TEST(InterruptController, SpecialMaskModeLetsLowerLevelsThrough) {
    Bench bench;
    bench.initialise();
    bench.irq[3]->set(true);
    ASSERT_EQ(bench.pic.acknowledge(), 0x0b);
    bench.irq[5]->set(true);
    EXPECT_FALSE(bench.intr.level());
    bench.master.write(1, 0x08);
    EXPECT_FALSE(bench.intr.level());
    bench.master.write(0, 0x68);
    EXPECT_TRUE(bench.intr.level());
    EXPECT_EQ(bench.pic.acknowledge(), 0x0d);
    bench.eoi(bench.master);
    EXPECT_EQ(bench.isr(bench.master), 0x08u) << "a non-specific EOI passes over the masked level";
    bench.master.write(0, 0x63);
    EXPECT_EQ(bench.isr(bench.master), 0u);
}

TEST(InterruptController, RotationMovesTheLowestPriority) {
    Bench bench;
    bench.initialise();
    bench.master.write(0, 0xc4);  // set priority: IR4 lowest
    bench.irq[0]->set(true);
    bench.irq[5]->set(true);
    EXPECT_EQ(bench.pic.acknowledge(), 0x0d);
    bench.master.write(0, 0xa0);  // rotate on non-specific EOI: IR5 lowest
    bench.irq[6]->set(true);
    EXPECT_EQ(bench.pic.acknowledge(), 0x0e);
    bench.master.write(0, 0xe6);  // rotate on specific EOI: IR6 lowest
    EXPECT_EQ(bench.pic.acknowledge(), 0x08);
}

TEST(InterruptController, AutomaticEoi) {
    Bench bench;
    bench.initialise(0x03);
    bench.irq[1]->set(true);
    bench.irq[4]->set(true);
    EXPECT_EQ(bench.pic.acknowledge(), 0x09);
    EXPECT_EQ(bench.isr(bench.master), 0u);
    EXPECT_TRUE(bench.intr.level());
    EXPECT_EQ(bench.pic.acknowledge(), 0x0c);
    bench.master.write(0, 0x80);  // rotate in automatic EOI mode
    bench.irq[1]->set(false);
    bench.irq[1]->set(true);
    ASSERT_EQ(bench.pic.acknowledge(), 0x09);
    bench.irq[0]->set(true);
    bench.irq[3]->set(true);
    EXPECT_EQ(bench.pic.acknowledge(), 0x0b) << "IR1 became the lowest, so IR2 is the highest";
}

TEST(InterruptController, AutomaticEoiOfTheSlaveMakesANewEdge) {
    Bench bench;
    bench.initialise(0x03);
    bench.irq[9]->set(true);
    bench.irq[12]->set(true);
    EXPECT_EQ(bench.pic.acknowledge(), 0x71);
    EXPECT_TRUE(bench.intr.level());
    EXPECT_EQ(bench.intr.rises(), 2u) << "INTR dropped in between";
    EXPECT_EQ(bench.pic.acknowledge(), 0x74);
    EXPECT_FALSE(bench.intr.level());
}

TEST(InterruptController, PollCommandAcknowledges) {
    Bench bench;
    bench.initialise();
    bench.irq[6]->set(true);
    bench.master.write(0, 0x0c);
    EXPECT_EQ(bench.master.read(0), 0x86u);
    EXPECT_FALSE(bench.intr.level());
    EXPECT_EQ(bench.isr(bench.master), 0x40u);
    bench.master.write(0, 0x0c);
    EXPECT_EQ(bench.master.read(0) & 0x80, 0u);
}

TEST(InterruptController, DebugReadsDoNotPoll) {
    Bench bench;
    bench.initialise();
    bench.irq[6]->set(true);
    bench.master.write(0, 0x0c);
    bench.master.peek(0);
    EXPECT_TRUE(bench.intr.level());
    EXPECT_EQ(bench.master.read(0), 0x86u);
}

TEST(InterruptController, UnprogrammedCascadeIsAnOrdinaryInput) {
    Bench bench;
    run();
    bench.master.write(0, 0x13);  // single, ICW4
    bench.master.write(1, 0x20);
    bench.master.write(1, 0x01);
    bench.irq[7]->set(true);
    EXPECT_EQ(bench.pic.acknowledge(), 0x27);
}

TEST(InterruptController, HardResetClearsElcrAndStopsDelivery) {
    Bench bench;
    bench.initialise();
    bench.elcr.write(0, 0x20);
    bench.irq[3]->set(true);
    bench.pic.acknowledge();
    bench.irq[1]->set(true);
    ASSERT_TRUE(bench.intr.level());
    bench.reset.pulse();
    EXPECT_FALSE(bench.intr.level());
    EXPECT_EQ(bench.elcr.read(0, 2), 0u);
    EXPECT_EQ(bench.isr(bench.master), 0u);
    bench.irq[1]->set(false);
    bench.irq[1]->set(true);
    EXPECT_FALSE(bench.intr.level()) << "needs ICW1 to ICW4 again";
}

}  // namespace
}  // namespace southgate::chipset
