// FERR#, IRQ13, port F0h and IGNNE#: the logic alone, and in the southbridge with XBCS, 8259 and I/O APIC.
#include "chipset/piix/coprocessor_error.h"

#include <gtest/gtest.h>

#include "tests/chipset/pc_bench.h"

namespace southgate::chipset::test {
namespace {

struct Alone {
    CoprocessorError error;
    Initiator io{error.socket};
    LineDriver pcirst{error.pcirst}, enable{error.enable}, ferr{error.ferr};
    LineProbe irq, ignne;

    explicit Alone(bool enabled = true, bool always_enabled = false) : error("error", always_enabled) {
        error.irq(irq.in);
        error.ignne(ignne.in);
        run();
        enable.set(enabled);
    }
};

TEST(CoprocessorError, FerrRequestsUntilPortF0IsWritten) {
    Alone b;
    EXPECT_FALSE(b.irq.level());
    b.ferr.set(true);
    EXPECT_TRUE(b.irq.level());
    EXPECT_FALSE(b.ignne.level());
    b.io.write(0, 0);
    EXPECT_FALSE(b.irq.level());
    EXPECT_TRUE(b.ignne.level());
    b.ferr.set(false);
    EXPECT_FALSE(b.ignne.level());
    b.ferr.set(true);  // the next error
    EXPECT_TRUE(b.irq.level());
    EXPECT_EQ(b.irq.rises(), 2u);
    EXPECT_EQ(b.ignne.rises(), 1u);
}

TEST(CoprocessorError, TheHandlerMayClearTheErrorFirst) {
    Alone b;
    b.ferr.set(true);
    b.ferr.set(false);
    EXPECT_TRUE(b.irq.level());
    b.io.write(0, 0xff);
    EXPECT_FALSE(b.irq.level());
    EXPECT_EQ(b.ignne.rises(), 0u);
}

TEST(CoprocessorError, PortF0WithoutAnErrorDoesNothing) {
    Alone b;
    b.io.write(0, 0);
    b.ferr.set(true);
    EXPECT_TRUE(b.irq.level());
    EXPECT_EQ(b.ignne.rises(), 0u);
    EXPECT_EQ(b.io.read(0), 0xffu);
    EXPECT_TRUE(b.irq.level());
}

TEST(CoprocessorError, DisabledItIgnoresBoth) {
    Alone b(false);
    b.ferr.set(true);
    b.io.write(0, 0);
    EXPECT_EQ(b.irq.rises() + b.ignne.rises(), 0u);
    b.enable.set(true);  // FERR# is a level
    EXPECT_TRUE(b.irq.level());
    b.io.write(0, 0);
    EXPECT_TRUE(b.ignne.level());
    b.enable.set(false);
    EXPECT_FALSE(b.ignne.level());
    b.enable.set(true);
    EXPECT_TRUE(b.irq.level());
    b.enable.set(false);
    EXPECT_FALSE(b.irq.level());
}

TEST(CoprocessorError, HardResetClearsBothLatches) {
    Alone b;
    b.ferr.set(true);
    b.pcirst.pulse();
    EXPECT_FALSE(b.irq.level());
    b.ferr.set(false);
    b.ferr.set(true);
    b.io.write(0, 0);
    b.pcirst.pulse();
    EXPECT_FALSE(b.ignne.level());
}

TEST(CoprocessorError, TheDeviationNeedsNoEnable) {
    Alone b(false, true);
    b.ferr.set(true);
    EXPECT_TRUE(b.irq.level());
    b.io.write(0, 0);
    EXPECT_TRUE(b.ignne.level());
}

// In a PC.
struct Board : PcBench {
    LineDriver ferr{south.coprocessor_error.ferr};
    LineProbe ignne{"ignne_probe"};

    explicit Board(const Config& config = {}) : PcBench(config) {
        south.coprocessor_error.ignne(ignne.in);
        start();
        for (const unsigned v : {0x11u, 0x08u, 0x04u, 0x01u, 0xfbu}) cpu.out(v == 0x11 ? 0x20 : 0x21, v);
        for (const unsigned v : {0x11u, 0x70u, 0x02u, 0x01u, 0xdfu}) cpu.out(v == 0x11 ? 0xa0 : 0xa1, v);
    }
    void enable() { cpu.config_write(1, 0, 0x4e, 0x0023, 2); }
    std::uint8_t acknowledge() { return cpu.special(SpecialCycle::Kind::interrupt_acknowledge); }
    void end_of_interrupt() {
        cpu.out(0xa0, 0x20);
        cpu.out(0x20, 0x20);
    }
};

TEST(CoprocessorError, Irq13ThroughThe8259) {
    Board b;
    b.enable();
    b.ferr.set(true);
    ASSERT_TRUE(b.intr.level());
    EXPECT_EQ(b.acknowledge(), 0x75);
    b.cpu.out(0xf0, 0);
    EXPECT_TRUE(b.ignne.level());
    b.end_of_interrupt();
    EXPECT_FALSE(b.intr.level());
    b.ferr.set(false);
    EXPECT_FALSE(b.ignne.level());
    b.ferr.set(true);
    ASSERT_TRUE(b.intr.level());
    EXPECT_EQ(b.acknowledge(), 0x75);
}

TEST(CoprocessorError, XbcsClosesItByDefault) {
    Board b;
    b.ferr.set(true);
    b.cpu.out(0xf0, 0);
    EXPECT_FALSE(b.intr.level());
    EXPECT_FALSE(b.ignne.level());
    b.enable();
    EXPECT_TRUE(b.intr.level());
    EXPECT_EQ(b.cpu.in(0xf0), 0xffu);
}

TEST(CoprocessorError, ThePersonalityOpensIt) {
    Board::Config config;
    config.south.personality.ferr_without_xbcs = true;
    Board b(config);
    b.ferr.set(true);
    EXPECT_TRUE(b.intr.level());
    b.cpu.out(0xf0, 0);
    EXPECT_TRUE(b.ignne.level());
}

TEST(CoprocessorError, SoftResetKeepsAndHardResetClears) {
    Board b;
    b.enable();
    b.ferr.set(true);
    b.cpu.out(0xf0, 0);
    b.cpu.out(0x92, 0x01);
    EXPECT_TRUE(b.ignne.level());
    b.cpu.out(0xcf9, 0x06);
    EXPECT_FALSE(b.ignne.level());
    EXPECT_FALSE(b.intr.level());
    EXPECT_EQ(b.cpu.config_read(1, 0, 0x4e, 2), 0x0003u);
}

TEST(CoprocessorError, Irq13IsAlwaysEdgeTriggered) {
    Board b;
    b.enable();
    b.cpu.out(0x4d1, 0xff);
    EXPECT_EQ(b.cpu.in(0x4d1), 0xdeu);
    b.ferr.set(true);
    EXPECT_EQ(b.acknowledge(), 0x75);
    b.end_of_interrupt();
    EXPECT_FALSE(b.intr.level());  // held, but no new edge
}

TEST(CoprocessorError, TheIoApicSeesItAtPin13) {
    Board b;
    b.enable();
    b.ferr.set(true);
    EXPECT_TRUE(b.south.ioapic.irq(13).level());
    b.cpu.out(0xf0, 0);
    EXPECT_FALSE(b.south.ioapic.irq(13).level());
}

}  // namespace
}  // namespace southgate::chipset::test
