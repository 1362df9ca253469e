#include "chipset/apic/io_apic.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>

#include "tests/chipset/apic/apic_bench.h"

namespace southgate::chipset {
namespace {

using namespace sc_core;
using namespace test;

struct Bench {
    explicit Bench(const IoApic::Config& config = {})
        : cpu(bus), io("ioapic", bus, config), port(io.socket), reset(io.pcirst) {
        for (unsigned n = 0; n < IoApic::kPins; ++n) irq[n] = std::make_unique<LineDriver>(io.irq(n));
        run();
        cpu.enable();
    }
    std::uint32_t read(unsigned index) {
        port.write(0, index, 4);
        return static_cast<std::uint32_t>(port.read(0x10, 4));
    }
    void write(unsigned index, std::uint32_t data) {
        port.write(0, index, 4);
        port.write(0x10, data, 4);
    }
    void route(unsigned pin, std::uint32_t low, std::uint32_t high = 0) {
        write(0x11 + 2 * pin, high);
        write(0x10 + 2 * pin, low);
    }
    std::uint8_t take() {
        const std::uint8_t vector = cpu.apic.acknowledge();
        cpu.write(kApicEoi, 0);
        return vector;
    }
    ApicBus bus;
    ApicBench cpu;
    IoApic io;
    Initiator port;
    LineDriver reset;
    std::array<std::unique_ptr<LineDriver>, IoApic::kPins> irq;
};

TEST(IoApic, IdentificationAndReset) {
    Bench bench;
    EXPECT_EQ(bench.read(0), 0u);
    EXPECT_EQ(bench.read(1), 0x00170011u);
    for (unsigned pin = 0; pin < 24; ++pin) {
        EXPECT_EQ(bench.read(0x10 + 2 * pin), 0x00010000u);
        EXPECT_EQ(bench.read(0x11 + 2 * pin), 0u);
    }
    bench.write(0, 0x02000000);
    EXPECT_EQ(bench.read(0), 0x02000000u);
    EXPECT_EQ(bench.read(2), 0x02000000u);
    bench.write(1, 0);
    EXPECT_EQ(bench.read(1), 0x00170011u);
    EXPECT_EQ(bench.read(0x40), 0u);
    EXPECT_EQ(bench.read(0xff), 0u);
}

TEST(IoApic, EntryFieldsAndByteAccess) {
    Bench bench;
    bench.route(5, 0xffffffff, 0xffffffff);
    EXPECT_EQ(bench.read(0x1a), 0x0001afffu) << "delivery status and remote IRR are read-only";
    EXPECT_EQ(bench.read(0x1b), 0xff000000u);
    bench.port.write(0, 0x1a);
    bench.port.write(0x10, 0x33);
    EXPECT_EQ(bench.read(0x1a), 0x0001af33u);
    EXPECT_EQ(bench.port.read(0x11), 0xafu);
    EXPECT_EQ(bench.io.redirection(5), 0xff0000000001af33u);
}

TEST(IoApic, EdgeTriggeredInput) {
    Bench bench;
    bench.route(4, 0x34);
    bench.irq[4]->set(true);
    EXPECT_EQ(bench.take(), 0x34);
    EXPECT_FALSE(bench.cpu.intr.level());
    bench.irq[4]->set(false);
    bench.irq[4]->set(true);
    EXPECT_TRUE(bench.cpu.intr.level());
    bench.take();
    bench.route(4, 0x10034);
    bench.irq[4]->pulse();
    bench.route(4, 0x34);
    EXPECT_FALSE(bench.cpu.intr.level()) << "an edge on a masked input is lost";
}

TEST(IoApic, LevelTriggeredInputWaitsForEoi) {
    Bench bench;
    bench.route(10, 0x8051);
    bench.irq[10]->set(true);
    EXPECT_EQ(bench.read(0x24), 0xc051u);
    EXPECT_EQ(bench.cpu.apic.acknowledge(), 0x51);
    EXPECT_FALSE(bench.cpu.intr.level());
    bench.cpu.write(kApicEoi, 0);
    EXPECT_TRUE(bench.cpu.intr.level()) << "still asserted: again";
    bench.cpu.apic.acknowledge();
    bench.irq[10]->set(false);
    bench.cpu.write(kApicEoi, 0);
    EXPECT_FALSE(bench.cpu.intr.level());
    EXPECT_EQ(bench.read(0x24), 0x8051u);
}

TEST(IoApic, UnmaskingAnAssertedLevelDelivers) {
    Bench bench;
    bench.route(11, 0x18052);
    bench.irq[11]->set(true);
    EXPECT_FALSE(bench.cpu.intr.level());
    bench.route(11, 0x8052);
    EXPECT_TRUE(bench.cpu.intr.level());
}

TEST(IoApic, SwitchingToEdgeClearsRemoteIrr) {
    Bench bench;
    bench.route(11, 0x8052);
    bench.irq[11]->set(true);
    bench.route(11, 0x10052);
    EXPECT_EQ(bench.read(0x26), 0x10052u);
}

TEST(IoApic, NobodyAcceptsKeepsRemoteIrrClear) {
    Bench bench;
    bench.route(11, 0x8052, 0x07000000);
    bench.irq[11]->set(true);
    EXPECT_EQ(bench.read(0x26), 0x8052u);
}

TEST(IoApic, NmiSmiAndExtIntModes) {
    Bench bench;
    bench.route(1, 0x0400);
    bench.route(3, 0x0200);
    bench.route(0, 0x0700);
    bench.irq[1]->pulse();
    EXPECT_EQ(bench.cpu.nmi.rises(), 1u);
    bench.irq[3]->pulse();
    EXPECT_EQ(bench.cpu.smi.rises(), 1u);
    bench.irq[0]->set(true);
    EXPECT_TRUE(bench.cpu.intr.level());
    EXPECT_EQ(bench.cpu.apic.acknowledge(), 0x08);
    EXPECT_EQ(bench.cpu.inta_cycles, 1u);
    EXPECT_FALSE(bench.cpu.intr.level());
}

TEST(IoApic, EoiRegisterOfTheIch) {
    Bench bench({.version = 0x20});
    EXPECT_EQ(bench.read(1), 0x00170020u);
    bench.route(9, 0x8060);
    bench.irq[9]->set(true);
    bench.irq[9]->set(false);
    bench.port.write(0x40, 0x61, 4);
    EXPECT_EQ(bench.read(0x22), 0xc060u);
    bench.port.write(0x40, 0x60, 4);
    EXPECT_EQ(bench.read(0x22), 0x8060u);
    EXPECT_EQ(bench.port.read(0x40, 4), 0u);
}

TEST(IoApic, HardResetMasksEveryEntry) {
    Bench bench;
    bench.write(0, 0x05000000);
    bench.route(11, 0x8052, 0x01000000);
    bench.reset.pulse();
    EXPECT_EQ(bench.read(0), 0u);
    EXPECT_EQ(bench.read(0x26), 0x00010000u);
    bench.irq[11]->set(true);
    EXPECT_FALSE(bench.cpu.intr.level());
}

}  // namespace
}  // namespace southgate::chipset
