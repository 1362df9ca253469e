// PCI configuration mechanism #1 and the CF9h byte inside it: rules CF9-7 to CF9-10, test vector T9.
#include <gtest/gtest.h>

#include "tests/chipset/pc_bench.h"

namespace southgate::chipset::test {
namespace {

TEST(ConfigMechanism, OnlyADwordAtCf8ReachesConfadd) {
    PcBench pc;
    pc.start();
    pc.cpu.out(0xcf8, 0x80000800, 4);
    EXPECT_EQ(pc.cpu.in(0xcf8, 4), 0x80000800u);
    for (const unsigned port : {0xcf8u, 0xcfau, 0xcfbu})
        pc.cpu.out(static_cast<std::uint16_t>(port), 0x55, 1);
    pc.cpu.out(0xcf8, 0x0000, 2);
    pc.cpu.out(0xcfa, 0x1234, 2);
    EXPECT_EQ(pc.cpu.in(0xcf8, 4), 0x80000800u);
    EXPECT_EQ(pc.cpu.in(0xcf8, 1), 0xffu);  // passes to PCI, nobody there
    EXPECT_EQ(pc.cpu.in(0xcfb, 1), 0xffu);
}

TEST(ConfigMechanism, ReservedBitsOfConfaddReadZero) {
    PcBench pc;
    pc.start();
    pc.cpu.out(0xcf8, 0xffffffff, 4);
    EXPECT_EQ(pc.cpu.in(0xcf8, 4), 0x80fffffcu);
}

// T9: a dword at CF8h never reaches CF9h, whatever its second byte holds.
TEST(ConfigMechanism, DwordAtCf8NeverResets) {
    PcBench pc;
    pc.start();
    pc.cpu.out(0xcf8, 0x80000600, 4);
    pc.cpu.out(0xcf8, 0x800006ff, 4);
    EXPECT_TRUE(pc.init.edges.empty());
    EXPECT_TRUE(pc.cpurst.edges.empty());
    EXPECT_EQ(pc.cpu.in(0xcf9), 0u);
}

TEST(ConfigMechanism, ByteAtCf9IsTheResetRegister) {
    PcBench pc;
    pc.start();
    pc.cpu.out(0xcf8, 0x80000000, 4);
    pc.cpu.out(0xcf9, 0x02);
    EXPECT_EQ(pc.cpu.in(0xcf9), 0x02u);
    EXPECT_EQ(pc.cpu.in(0xcf8, 4), 0x80000000u);
    pc.cpu.out(0xcf9, 0x00);
    pc.cpu.out(0xcf9, 0x04);
    EXPECT_EQ(pc.init.rises(), 1u);
    EXPECT_EQ(pc.cpurst.rises(), 0u);
}

// CF9-9: of a word at CF8h the upper byte lane is for CF9h.
TEST(ConfigMechanism, WordAtCf8GivesItsUpperByteToCf9) {
    PcBench pc;
    pc.start();
    pc.cpu.out(0xcf8, 0x04aa, 2);
    EXPECT_EQ(pc.init.rises(), 1u);
    EXPECT_EQ(pc.cpu.in(0xcf8, 4), 0u);
}

TEST(ConfigMechanism, ConfdataAnswersAllSizes) {
    PcBench pc;
    pc.start();
    EXPECT_EQ(pc.cpu.config_read(0, 0, 0x00, 4), 0x12378086u);
    EXPECT_EQ(pc.cpu.config_read(0, 0, 0x02, 2), 0x1237u);
    EXPECT_EQ(pc.cpu.config_read(0, 0, 0x01, 1), 0x80u);
    EXPECT_EQ(pc.cpu.config_read(0, 0, 0x2c, 4), 0x11001af4u);
    EXPECT_EQ(pc.cpu.config_read(1, 0, 0x00, 4), 0x70008086u);
    EXPECT_EQ(pc.cpu.config_read(1, 0, 0x0e, 1), 0x80u);
    EXPECT_EQ(pc.cpu.config_read(1, 1, 0x00, 4), 0x70108086u);
    EXPECT_EQ(pc.cpu.config_read(1, 3, 0x00, 4), 0x71138086u);
    EXPECT_EQ(pc.cpu.config_read(1, 3, 0x3d, 1), 0x01u);
    // A dword at CFEh is CFEh-CFFh and two ports of nobody.
    pc.cpu.out(0xcf8, 0x80000000, 4);
    EXPECT_EQ(pc.cpu.in(0xcfe, 4), 0xffff1237u);
    EXPECT_EQ(pc.cpu.in(0xcfa, 4), 0x8086ffffu);
}

TEST(ConfigMechanism, AbsentFunctionsReadOnesAndSwallowWrites) {
    PcBench pc;
    pc.start();
    for (unsigned device = 0; device < 32; ++device)
        for (unsigned function = 0; function < 8; ++function) {
            const bool present = (device == 0 && function == 0) ||
                                 (device == 1 && (function == 0 || function == 1 || function == 3));
            const auto id = pc.cpu.config_read(device, function, 0, 4);
            EXPECT_EQ(id == 0xffffffffu, !present) << device << '.' << function;
            if (!present) pc.cpu.config_write(device, function, 0x04, 0xffffffff, 4);
        }
    pc.cpu.out(0xcf8, 0x80010000, 4);  // bus 1
    EXPECT_EQ(pc.cpu.in(0xcfc, 4), 0xffffffffu);
}

TEST(ConfigMechanism, DisabledConfaddMakesConfdataOrdinaryIo) {
    PcBench pc;
    pc.start();
    pc.cpu.out(0xcf8, 0x00000000, 4);
    EXPECT_EQ(pc.cpu.in(0xcfc, 4), 0xffffffffu);
    EXPECT_EQ(pc.bus.io.unclaimed_accesses() + pc.south.isa.io.unclaimed_accesses(), 1u);
}

TEST(ConfigMechanism, DebugAccessesChangeNothing) {
    PcBench pc;
    pc.start();
    pc.cpu.out(0xcf8, 0x80000000, 4);
    EXPECT_EQ(pc.cpu.io.peek(0xcfc, 4), 0x12378086u);
    EXPECT_EQ(pc.cpu.io.peek(0xcf8, 4), 0x80000000u);
    pc.cpu.io.poke(0xcf9, 0x06);
    EXPECT_TRUE(pc.cpurst.edges.empty());
}

}  // namespace
}  // namespace southgate::chipset::test
