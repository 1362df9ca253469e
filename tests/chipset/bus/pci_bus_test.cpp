#include "chipset/bus/pci_bus.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/chipset/bus/test_function.h"
#include "tests/chipset/harness.h"

namespace southgate::chipset::test {
namespace {

struct Bench {
    PciBus bus{"bus", {.timing = BusTiming::datasheet()}};
    TestFunction one{"one"}, two{"two"};
    Recorder isa_io{"isa_io"}, isa_memory{"isa_memory"}, host{"host"};
    LineDriver pcirst{one.pcirst};
    LineProbe pirq[4];
    Initiator config{bus.config}, io{bus.io.target}, memory{bus.memory.target}, master{bus.connect_master()};

    Bench() {
        bus.attach(one, 2, 0);
        bus.attach(two, 3, 1);
        bus.attach_subtractive(isa_io.socket, isa_memory.socket);
        bus.host_memory.bind(host.socket);
        for (unsigned i = 0; i < 4; ++i) bus.pirq(i)(pirq[i].in);
        run();
    }
    static std::uint64_t at(unsigned device, unsigned function, unsigned reg) {
        return device << 15 | function << 12 | reg;
    }
    void enable(unsigned device, unsigned function, std::uint32_t io_base, std::uint32_t memory_base) {
        config.write(at(device, function, 0x10), io_base, 4);
        config.write(at(device, function, 0x14), memory_base, 4);
        config.write(at(device, function, 0x04), 7, 2);
    }
};

TEST(PciBus, ConfigurationGoesToTheFunctionOrNowhere) {
    Bench b;
    EXPECT_EQ(b.config.read(Bench::at(2, 0, 0), 4), 0x56781234u);
    EXPECT_EQ(b.config.read(Bench::at(3, 1, 0), 2), 0x1234u);
    for (const auto address : {Bench::at(2, 1, 0), Bench::at(3, 0, 0), Bench::at(31, 7, 0),
                               Bench::at(2, 0, 0) | 1u << 20, Bench::at(2, 0, 0x100)}) {
        EXPECT_EQ(b.config.read(address, 4), 0xffffffffu) << std::hex << address;
        b.config.write(address, 0, 4);
        EXPECT_EQ(b.config.response, tlm::TLM_OK_RESPONSE);
    }
    EXPECT_EQ(b.config.peek(Bench::at(2, 0, 0), 4), 0x56781234u);
}

TEST(PciBus, PositiveDecodeBeatsTheSubtractiveAgent) {
    Bench b;
    b.io.write(0xc004, 0x11);
    EXPECT_EQ(b.isa_io.log, (Log{{'W', 0xc004, 1, 0x11}}));
    const auto subtractive = b.io.delay;
    b.io.delay = sc_core::SC_ZERO_TIME;
    b.enable(2, 0, 0xc000, 0xfeb00000);
    b.io.write(0xc004, 0x22);
    EXPECT_EQ(b.one.io.log, (Log{{'W', 4, 1, 0x22}}));
    EXPECT_EQ(b.isa_io.log.size(), 1u);
    EXPECT_LT(b.io.delay, subtractive);
    b.memory.write(0xfeb00ffc, 0x33, 4);
    EXPECT_EQ(b.one.memory.log, (Log{{'W', 0xffc, 4, 0x33}}));
    b.memory.write(0xfeb01000, 0x44, 4);
    EXPECT_EQ(b.isa_memory.log, (Log{{'W', 0xfeb01000, 4, 0x44}}));
}

TEST(PciBus, DecodeFollowsBarsAndReset) {
    Bench b;
    b.enable(2, 0, 0xc000, 0xfeb00000);
    b.enable(3, 1, 0xd000, 0xfeb10000);
    b.io.write(0x3c4, 1);  // both claim it: the one attached last
    EXPECT_EQ(b.two.legacy.log.size(), 1u);
    b.config.write(Bench::at(2, 0, 0x10), 0xe000, 4);
    b.io.write(0xe000, 1);
    b.io.write(0xc000, 1);
    EXPECT_EQ(b.one.io.log.size(), 1u);
    EXPECT_EQ(b.isa_io.log.size(), 1u);
    b.pcirst.pulse();
    b.io.write(0xe000, 1);
    EXPECT_EQ(b.isa_io.log.size(), 2u);
    b.io.write(0xd000, 1);
    EXPECT_EQ(b.two.io.log.size(), 1u);
}

TEST(PciBus, MastersReachPeersAndTheHost) {
    Bench b;
    b.enable(2, 0, 0xc000, 0xfeb00000);
    b.master.write(0x1000, 0x55, 4);
    EXPECT_EQ(b.host.log, (Log{{'W', 0x1000, 4, 0x55}}));
    b.master.write(0xfeb00010, 0x66, 4);
    EXPECT_EQ(b.one.memory.log, (Log{{'W', 0x10, 4, 0x66}}));
}

// INTB# of device 2 with device 1 on PIRQA#: PIRQC#.
TEST(PciBus, InterruptPinsRotateOverThePirqs) {
    Bench b;
    b.one.intx.set(true);
    EXPECT_TRUE(b.pirq[2].level());
    b.two.intx.set(true);
    EXPECT_TRUE(b.pirq[3].level());
    b.one.intx.set(false);
    EXPECT_FALSE(b.pirq[2].level());
    EXPECT_EQ(b.pirq[0].edges.size() + b.pirq[1].edges.size(), 0u);
}

TEST(PciBus, OnePlaceOneFunction) {
    PciBus bus("bus");
    TestFunction one("one"), two("two");
    bus.attach(one, 2, 0);
    EXPECT_THROW(bus.attach(two, 2, 0), std::logic_error);
    EXPECT_THROW(bus.attach(two, 32, 0), std::logic_error);
}

TEST(PciBus, RandomConfigurationNeverCrashes) {
    Bench b;
    std::mt19937_64 random(3);
    for (int i = 0; i < 20000; ++i) {
        const auto address = Bench::at(2 + random() % 2, random() % 2, random() % 256);
        b.config.write(address, random(), 1u << random() % 3);
        b.config.read(random() % (1u << 22), 1u << random() % 4);
        b.io.write(random() % 0x10004, random(), 1u << random() % 4);
        b.memory.read(random() % 4 ? random() & 0xfff00fff : random(), 1u << random() % 4);
        if (random() % 64 == 0) b.pcirst.pulse();
        for (auto* r : {&b.isa_io, &b.isa_memory, &b.one.io, &b.two.io}) r->log.clear();
    }
}

}  // namespace
}  // namespace southgate::chipset::test
