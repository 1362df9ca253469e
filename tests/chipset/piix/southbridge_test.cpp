// The southbridge behind its host bridge: which port belongs to whom, who sees which reset, interrupts,
// whole-chip fuzz.
#include "chipset/piix/southbridge.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/chipset/pc_bench.h"

namespace southgate::chipset::test {
namespace {

using sc_core::SC_MS;
using sc_core::sc_time;

TEST(PiixSouthbridge, PortsReachTheirDevices) {
    PcBench pc;
    pc.start();
    pc.cpu.out(0x21, 0x5a);
    EXPECT_EQ(pc.cpu.in(0x21), 0x5au);
    pc.cpu.out(0xa1, 0xa5);
    EXPECT_EQ(pc.cpu.in(0xa1), 0xa5u);
    pc.cpu.out(0x4d0, 0x0c00, 2);
    EXPECT_EQ(pc.cpu.in(0x4d1), 0x0cu);
    pc.cpu.out(0x80, 0x42);
    EXPECT_EQ(pc.cpu.in(0x80), 0x42u);
    pc.cpu.out(0x70, 0x0f);
    pc.cpu.out(0x71, 0x99);
    EXPECT_EQ(pc.cpu.in(0x71), 0x99u);
    pc.cpu.out(0x61, 0x03);
    EXPECT_EQ(pc.cpu.in(0x61) & 3, 3u);
    pc.cpu.out(0x92, 0x02);
    EXPECT_EQ(pc.cpu.in(0x92) & 3, 2u);
    pc.cpu.out(0xb3, 0x77);
    EXPECT_EQ(pc.cpu.in(0xb3), 0x77u);
    EXPECT_EQ(pc.cpu.in(0x3f8), 0xffu);
    pc.cpu.store(0xfec00000, 0x01, 4);
    EXPECT_EQ(pc.cpu.load(0xfec00010, 4) & 0xff00ff, 0x170011u);
}

TEST(PiixSouthbridge, PmTimerThroughTheBuses) {
    PcBench pc;
    pc.start();
    EXPECT_EQ(pc.cpu.in(0x608, 4), 0xffffffffu);
    pc.cpu.config_write(1, 3, 0x40, 0x0601, 4);
    pc.cpu.config_write(1, 3, 0x80, 0x01, 1);
    const auto before = pc.cpu.in(0x608, 4);
    run(sc_time(1, SC_MS));
    EXPECT_NEAR(static_cast<double>(pc.cpu.in(0x608, 4) - before), 3579.5, 1.0);
}

TEST(PiixSouthbridge, TimerInterruptReachesTheCpu) {
    PcBench pc;
    pc.start();
    for (const unsigned v : {0x11u, 0x08u, 0x04u, 0x01u, 0xfeu}) pc.cpu.out(v == 0x11 ? 0x20 : 0x21, v);
    pc.cpu.out(0x43, 0x34);
    pc.cpu.out(0x40, 0x00);
    pc.cpu.out(0x40, 0x10);
    // Mode 2 starts with OUT high, which is an edge already.
    pc.cpu.special(SpecialCycle::Kind::interrupt_acknowledge);
    pc.cpu.out(0x20, 0x20);
    EXPECT_FALSE(pc.intr.level());
    run(sc_time(3, SC_MS));  // 1000h counts take 3.43 ms
    EXPECT_FALSE(pc.intr.level());
    run(sc_time(1, SC_MS));
    EXPECT_TRUE(pc.intr.level());
    EXPECT_EQ(pc.cpu.special(SpecialCycle::Kind::interrupt_acknowledge), 8);
}

TEST(PiixSouthbridge, ApmcThroughThePorts) {
    PcBench pc;
    pc.start();
    pc.cpu.config_write(1, 3, 0x40, 0x0601, 4);
    pc.cpu.config_write(1, 3, 0x80, 0x01, 1);
    pc.cpu.config_write(1, 3, 0x58, 0x02000000, 4);
    pc.cpu.out(0x628, 1, 4);
    pc.cpu.out(0xb3, 0x01);
    EXPECT_EQ(pc.smi.rises(), 0u);
    pc.cpu.out(0xb2, 0x00);
    EXPECT_EQ(pc.smi.rises(), 1u);
}

TEST(PiixSouthbridge, SoftOffSwitchesOff) {
    PcBench pc;
    pc.start();
    pc.cpu.config_write(1, 3, 0x40, 0x0601, 4);
    pc.cpu.config_write(1, 3, 0x80, 0x01, 1);
    pc.cpu.out(0x604, 0x2000, 2);
    EXPECT_TRUE(pc.powered_off.level());
    pc.south.reset.press_power_button();
    run(sc_time(1, SC_MS));
    EXPECT_FALSE(pc.powered_off.level());
    pc.cpu.config_write(1, 3, 0x40, 0x0601, 4);
    pc.cpu.config_write(1, 3, 0x80, 0x01, 1);
    EXPECT_EQ(pc.cpu.in(0x600, 2) & 0x8000, 0x8000u);  // RSM_STS
}

// Section 5.2 of the reset matrix, the rows of this chip: register, value software leaves, value after a hard
// reset.
struct Row {
    const char* what;
    unsigned function, offset, size;
    std::uint32_t written, after_reset;
};
constexpr Row rows[] = {
    {"IORT", 0, 0x4c, 1, 0x7f, 0x4d},
    {"XBCS", 0, 0x4e, 2, 0x01e3, 0x0003},
    {"PIRQRC", 0, 0x60, 4, 0x0b0b0a0a, 0x80808080},
    {"TOM", 0, 0x69, 1, 0x10, 0x02},
    {"MBIRQ0", 0, 0x70, 1, 0x0f, 0x80},
    {"MBDMA", 0, 0x76, 1, 0x04, 0x0c},
    {"PCSC", 0, 0x78, 2, 0x0402, 0x0002},
    {"SMICNTL", 0, 0xa0, 1, 0x01, 0x08},
    {"APICBASE", 0, 0x80, 1, 0x3f, 0x00},
    {"PMBA", 3, 0x40, 4, 0x0601, 0x0001},
    {"PMREGMISC", 3, 0x80, 1, 0x01, 0x00},
    {"SMBBA", 3, 0x90, 4, 0x0701, 0x0001},
    {"DEVACTB", 3, 0x58, 4, 0x02000000, 0},
    {"PCICMD", 3, 0x04, 2, 0x0001, 0x0000},
};

TEST(PiixSouthbridge, ConfigurationSurvivesInitAndNotHardReset) {
    PcBench pc;
    pc.start();
    for (const Row& r : rows) pc.cpu.config_write(1, r.function, r.offset, r.written, r.size);
    pc.cpu.out(0x92, 0x01);
    pc.cpu.out(0xcf9, 0x04);
    pc.cpu.special(SpecialCycle::Kind::shutdown);
    ASSERT_EQ(pc.init.rises(), 3u);
    for (const Row& r : rows)
        EXPECT_EQ(pc.cpu.config_read(1, r.function, r.offset, r.size), r.written) << r.what;
    pc.cpu.out(0xcf9, 0x00);
    pc.cpu.out(0xcf9, 0x0e);
    ASSERT_EQ(pc.cpurst.rises(), 1u);
    for (const Row& r : rows)
        EXPECT_EQ(pc.cpu.config_read(1, r.function, r.offset, r.size), r.after_reset) << r.what;
}

TEST(PiixSouthbridge, PmTimerRunsThroughInitAndRestartsWithHardReset) {
    PcBench pc;
    pc.start();
    const auto open = [&] {
        pc.cpu.config_write(1, 3, 0x40, 0x0601, 4);
        pc.cpu.config_write(1, 3, 0x80, 0x01, 1);
    };
    open();
    run(sc_time(1, SC_MS));
    pc.cpu.out(0x92, 0x01);
    EXPECT_GT(pc.cpu.in(0x608, 4), 3000u);
    pc.cpu.out(0xcf9, 0x06);
    open();
    EXPECT_LT(pc.cpu.in(0x608, 4), 10u);
}

TEST(PiixSouthbridge, RandomPortAccessesNeverCrash) {
    PcBench pc;
    pc.start();
    std::mt19937_64 random(82371);
    const std::uint16_t bases[] = {0x00,  0x20,  0x40,  0x60,  0x70,   0x80,  0x92,
                                   0xa0,  0xb2,  0xc0,  0xf0,  0x170, 0x1f0,  0x376, 0x3f6,
                                   0x4d0, 0x600, 0x620, 0x700, 0xc000, 0xcf8, 0xcfc};
    for (int i = 0; i < 60000; ++i) {
        const auto port = static_cast<std::uint16_t>(bases[random() % std::size(bases)] + random() % 16);
        const unsigned size = 1u << random() % 3;
        switch (random() % 5) {
            case 0:
                pc.cpu.config_write(1, random() % 4, random() % 256, random(), size);
                break;
            case 1:
                pc.cpu.config_write(1, 3, 0x40, 0x601, 4), pc.cpu.config_write(1, 3, 0x80, 1, 1);
                break;
            case 2:
                pc.cpu.out(port, random(), size);
                break;
            case 3:
                pc.cpu.in(port, size);
                break;
            default:
                pc.cpu.special(random() % 8 ? SpecialCycle::Kind::interrupt_acknowledge
                                            : SpecialCycle::Kind::shutdown);
        }
        if (random() % 200 == 0) run(sc_time(static_cast<double>(random() % 100), SC_MS));
        if (!pc.south.reset.is_powered()) {
            pc.south.reset.press_power_button();
            run(sc_time(1, SC_MS));
        }
    }
    pc.cpu.out(0xcf9, 0x00);
    const auto before = pc.cpurst.rises();
    pc.cpu.out(0xcf9, 0x06);
    EXPECT_EQ(pc.cpurst.rises(), before + 1);
}

}  // namespace
}  // namespace southgate::chipset::test
