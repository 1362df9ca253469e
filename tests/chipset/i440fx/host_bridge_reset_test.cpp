// Reset rows of the 82441FX, its TRC register, special cycles, register fuzz.
#include <gtest/gtest.h>

#include <random>

#include "tests/chipset/pc_bench.h"

namespace southgate::chipset::test {
namespace {

TEST(HostBridgeReset, HardResetReloadsInitDoesNot) {
    PcBench pc;
    pc.start();
    struct Row {
        unsigned offset, size;
        std::uint64_t written, after_reset;
    };
    const Row rows[] = {{0x59, 1, 0x30, 0x00}, {0x5a, 1, 0x33, 0x00},    {0x5f, 1, 0x11, 0x00},
                        {0x60, 1, 0x08, 0x01}, {0x58, 1, 0x42, 0x10},    {0x72, 1, 0x4a, 0x02},
                        {0x90, 1, 0x11, 0x00}, {0x04, 2, 0x0106, 0x0006}};
    for (const Row& row : rows) pc.cpu.config_write(0, 0, row.offset, row.written, row.size);
    pc.cpu.out(0xcf9, 0x04);
    ASSERT_EQ(pc.init.rises(), 1u);
    for (const Row& row : rows)
        EXPECT_EQ(pc.cpu.config_read(0, 0, row.offset, row.size), row.written) << row.offset;
    pc.cpu.out(0xcf8, 0x80000000, 4);
    pc.cpu.out(0xcf9, 0x00);
    pc.cpu.out(0xcf9, 0x06);
    EXPECT_EQ(pc.cpu.in(0xcf8, 4), 0u);
    for (const Row& row : rows)
        EXPECT_EQ(pc.cpu.config_read(0, 0, row.offset, row.size), row.after_reset) << row.offset;
}

TEST(HostBridgeReset, QemuKeepsPamAndSmram) {
    PcBench::Config config;
    config.host.personality.pam_survives_reset = true;
    config.host.personality.smram_lock_absent = true;
    PcBench pc(config);
    pc.start();
    pc.cpu.config_write(0, 0, 0x59, 0x30, 1);
    pc.cpu.config_write(0, 0, 0x72, 0x5a, 1);
    pc.cpu.store(0xf0000, 0x42);
    pc.cpu.out(0xcf9, 0x06);
    EXPECT_EQ(pc.cpu.config_read(0, 0, 0x59, 1), 0x30u);
    EXPECT_EQ(pc.cpu.config_read(0, 0, 0x72, 1), 0x5au);
    EXPECT_EQ(pc.cpu.load(0xf0000), 0x42u);
    EXPECT_EQ(pc.cpu.config_read(0, 0, 0x60, 1), 0x01u);
}

TEST(HostBridgeReset, TrcFiresOnTheRisingEdgeOfRcpu) {
    PcBench pc;
    pc.start();
    pc.cpu.config_write(0, 0, 0x93, 0x04, 1);
    EXPECT_EQ(pc.init.rises(), 1u);
    pc.cpu.config_write(0, 0, 0x93, 0x06, 1);  // no edge
    EXPECT_EQ(pc.cpurst.rises(), 0u);
    pc.cpu.config_write(0, 0, 0x93, 0x02, 1);
    pc.cpu.config_write(0, 0, 0x93, 0x06, 1);
    EXPECT_EQ(pc.cpurst.rises(), 1u);
    EXPECT_EQ(pc.cpu.config_read(0, 0, 0x93, 1), 0x00u);
}

TEST(HostBridgeReset, ShutdownCycleMakesAnInit) {
    PcBench pc;
    pc.start();
    pc.cpu.special(SpecialCycle::Kind::halt);
    EXPECT_EQ(pc.init.rises(), 0u);
    pc.cpu.special(SpecialCycle::Kind::shutdown);
    EXPECT_EQ(pc.init.rises(), 1u);
    EXPECT_EQ(pc.cpurst.rises(), 0u);
}

TEST(HostBridgeReset, InterruptAcknowledgeReachesThe8259) {
    PcBench pc;
    LineDriver irq4(pc.south.isa_irq(4));
    pc.start();
    for (const std::uint16_t port : {0x20, 0xa0}) {
        pc.cpu.out(port, 0x11);
        pc.cpu.out(static_cast<std::uint16_t>(port + 1), port == 0x20 ? 0x08 : 0x70);
        pc.cpu.out(static_cast<std::uint16_t>(port + 1), port == 0x20 ? 0x04 : 0x02);
        pc.cpu.out(static_cast<std::uint16_t>(port + 1), 0x01);
        pc.cpu.out(static_cast<std::uint16_t>(port + 1), 0x00);
    }
    irq4.set(true);
    EXPECT_TRUE(pc.intr.level());
    EXPECT_EQ(pc.cpu.special(SpecialCycle::Kind::interrupt_acknowledge), 0x0c);
    EXPECT_FALSE(pc.intr.level());
}

TEST(HostBridgeFuzz, RandomCyclesNeverCrash) {
    PcBench pc({.host = {.dram_size = 2u << 20}});
    pc.start();
    std::mt19937_64 random(440);
    const std::uint64_t tops[] = {0xa0000,    0xc0000,    0x100000,    0x200000,
                                  0xfec00000, 0xfffc0000, 0x100000000, ~0ull};
    for (int i = 0; i < 60000; ++i) {
        const unsigned size = 1u << random() % 4;
        switch (random() % 6) {
            case 0:
                pc.cpu.config_write(0, 0, random() % 256, random(), 1u << random() % 3);
                break;
            case 1:
                pc.cpu.out(static_cast<std::uint16_t>(0xcf0 + random() % 24), random(), size);
                break;
            case 2:
                pc.cpu.in(static_cast<std::uint16_t>(0xcf0 + random() % 24), size);
                break;
            case 3:
                pc.cpu.load(tops[random() % 8] + random() % 16 - 8, size);
                break;
            case 4:
                pc.cpu.store(tops[random() % 8] + random() % 16 - 8, random(), size);
                break;
            default: {
                tlm::tlm_dmi dmi;
                const std::uint64_t a = tops[random() % 8] + random() % 16 - 8;
                if (pc.cpu.dmi(a, dmi, random() & 1)) {
                    ASSERT_LE(dmi.get_start_address(), a);
                    ASSERT_GE(dmi.get_end_address(), a);
                }
            }
        }
        if (i % 1000 == 0) run(sc_core::sc_time(1, sc_core::SC_US));
    }
}

}  // namespace
}  // namespace southgate::chipset::test
