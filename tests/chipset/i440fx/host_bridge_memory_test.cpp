#include <gtest/gtest.h>

#include "tests/chipset/pc_bench.h"

namespace southgate::chipset::test {
namespace {

using Ranges = std::vector<Cpu::Range>;

TEST(HostBridgeMemory, BiosRomAnswersAtBothEndsAfterReset) {
    PcBench pc;
    pc.start();
    for (const std::uint64_t a : {0xe0000ull, 0xfffffull, 0xfffc0000ull, 0xfffffff0ull, 0xffffffffull})
        EXPECT_EQ(pc.cpu.load(a), pc.rom_at(a)) << std::hex << a;
    EXPECT_EQ(pc.cpu.load(0xdffff), 0xffu);  // the alias is 128 KiB
    EXPECT_EQ(pc.cpu.load(0xfffbffff), 0xffu);
    pc.cpu.store(0xf0000, 0x12);
    EXPECT_EQ(pc.cpu.load(0xf0000), pc.rom_at(0xf0000));
    EXPECT_EQ(pc.dram.bytes[0xf0000], 0u);
}

// All four combinations of RE and WE, as firmware uses them to shadow the ROM.
TEST(HostBridgeMemory, PamTruthTable) {
    PcBench pc;
    pc.start();
    const std::uint8_t rom = pc.rom_at(0xf1234);
    pc.cpu.config_write(0, 0, 0x59, 0x20, 1);  // write-only: reads come from ROM
    pc.cpu.store(0xf1234, 0x77);
    EXPECT_EQ(pc.cpu.load(0xf1234), rom);
    EXPECT_EQ(pc.dram.bytes[0xf1234], 0x77);
    pc.cpu.config_write(0, 0, 0x59, 0x10, 1);  // read-only RAM
    EXPECT_EQ(pc.cpu.load(0xf1234), 0x77u);
    pc.cpu.store(0xf1234, 0x88);
    EXPECT_EQ(pc.cpu.load(0xf1234), 0x77u);
    pc.cpu.config_write(0, 0, 0x59, 0x30, 1);
    pc.cpu.store(0xf1234, 0x99);
    EXPECT_EQ(pc.cpu.load(0xf1234), 0x99u);
    pc.cpu.config_write(0, 0, 0x59, 0x00, 1);
    EXPECT_EQ(pc.cpu.load(0xf1234), rom);
}

TEST(HostBridgeMemory, PamReservedBitsReadZero) {
    PcBench pc;
    pc.start();
    pc.cpu.config_write(0, 0, 0x58, 0xffffffff, 4);
    EXPECT_EQ(pc.cpu.config_read(0, 0, 0x58, 4), 0x777770ffu);
}

TEST(HostBridgeMemory, AccessAcrossASegmentBorderIsCut) {
    PcBench pc;
    pc.start();
    pc.cpu.config_write(0, 0, 0x5f, 0x33, 1);  // E8000-EFFFF is RAM, F0000 is ROM
    pc.cpu.store(0xefffe, 0x44332211, 4);
    EXPECT_EQ(pc.cpu.load(0xefffe, 4),
              0x2211u | std::uint64_t{pc.rom_at(0xf0000)} << 16 | std::uint64_t{pc.rom_at(0xf0001)} << 24);
}

TEST(HostBridgeMemory, SmramIsVisibleInSmmOrWhileOpen) {
    PcBench pc;
    LineDriver smiact(pc.host.smiact);
    pc.start();
    pc.cpu.store(0xa8000, 0x11);
    EXPECT_EQ(pc.cpu.load(0xa8000), 0xffu);
    pc.cpu.config_write(0, 0, 0x72, 0x4a, 1);  // D_OPEN
    pc.cpu.store(0xa8000, 0x22);
    EXPECT_EQ(pc.cpu.load(0xa8000), 0x22u);
    pc.cpu.config_write(0, 0, 0x72, 0x6a, 1);  // D_CLS wins over D_OPEN
    EXPECT_EQ(pc.cpu.load(0xa8000), 0xffu);
    pc.cpu.config_write(0, 0, 0x72, 0x0a, 1);
    EXPECT_EQ(pc.cpu.load(0xa8000), 0xffu);
    smiact.set(true);
    EXPECT_EQ(pc.cpu.load(0xa8000), 0x22u);
    smiact.set(false);
    EXPECT_EQ(pc.cpu.load(0xa8000), 0xffu);
    pc.cpu.config_write(0, 0, 0x72, 0x42, 1);  // G_SMRAME off: never
    smiact.set(true);
    EXPECT_EQ(pc.cpu.load(0xa8000), 0xffu);
}

// T21.
TEST(HostBridgeMemory, SmramLockHoldsUntilHardReset) {
    PcBench pc;
    pc.start();
    pc.cpu.config_write(0, 0, 0x72, 0x5a, 1);  // D_OPEN and D_LCK together: locked and closed
    EXPECT_EQ(pc.cpu.config_read(0, 0, 0x72, 1), 0x1au);
    pc.cpu.config_write(0, 0, 0x72, 0x42, 1);
    EXPECT_EQ(pc.cpu.config_read(0, 0, 0x72, 1), 0x1au);
    pc.cpu.out(0x92, 0x01);
    EXPECT_EQ(pc.init.rises(), 1u);
    EXPECT_EQ(pc.cpu.config_read(0, 0, 0x72, 1), 0x1au);
    pc.cpu.out(0xcf9, 0x06);
    EXPECT_EQ(pc.cpu.config_read(0, 0, 0x72, 1), 0x02u);
    pc.cpu.config_write(0, 0, 0x72, 0x4a, 1);
    EXPECT_EQ(pc.cpu.config_read(0, 0, 0x72, 1), 0x4au);
}

TEST(HostBridgeMemory, FixedHoleGoesToPci) {
    PcBench pc({.host = {.dram_size = 32u << 20}});
    pc.start();
    pc.cpu.store(0xf00000, 0x5a);
    pc.cpu.config_write(0, 0, 0x68, 0x80, 1);
    EXPECT_EQ(pc.cpu.load(0xf00000), 0xffu);
    EXPECT_EQ(pc.cpu.load(0xeffff0), 0u);
    pc.cpu.config_write(0, 0, 0x68, 0x00, 1);
    EXPECT_EQ(pc.cpu.load(0xf00000), 0x5au);
}

TEST(HostBridgeMemory, PciMastersReachDramButNotSmram) {
    PcBench pc;
    Initiator master(pc.bus.connect_master());
    pc.start();
    pc.cpu.config_write(0, 0, 0x72, 0x4a, 1);
    pc.cpu.store(0xa0000, 0x5a);
    master.write(0x5000, 0xdeadbeef, 4);
    EXPECT_EQ(pc.cpu.load(0x5000, 4), 0xdeadbeefu);
    EXPECT_EQ(master.read(0xa0000), 0xffu);
    master.write(0xa0000, 0x00);
    EXPECT_EQ(pc.cpu.load(0xa0000), 0x5au);
    EXPECT_EQ(master.read(0x2000000, 4), 0xffffffffu);  // above DRAM: nobody
}

// ---- DMI

TEST(HostBridgeDmi, GrantsFollowPam) {
    PcBench pc;
    pc.start();
    tlm::tlm_dmi dmi;
    ASSERT_TRUE(pc.cpu.dmi(0x1000, dmi));
    EXPECT_TRUE(dmi.is_read_write_allowed());
    EXPECT_EQ(dmi.get_start_address(), 0u);
    EXPECT_EQ(dmi.get_end_address(), 0x9ffffu);
    EXPECT_EQ(dmi.get_dmi_ptr(), pc.dram.bytes.data());

    ASSERT_TRUE(pc.cpu.dmi(0xffff0, dmi));  // ROM
    EXPECT_TRUE(dmi.is_read_allowed());
    EXPECT_FALSE(dmi.is_write_allowed());
    EXPECT_EQ(dmi.get_start_address(), 0xe0000u);
    EXPECT_EQ(dmi.get_end_address(), 0xfffffu);
    EXPECT_EQ(*(dmi.get_dmi_ptr() + 0x1fff0), pc.rom_at(0xffff0));
    EXPECT_FALSE(pc.cpu.dmi(0xffff0, dmi, true));
    EXPECT_FALSE(pc.cpu.dmi(0xb8000, dmi));

    pc.cpu.config_write(0, 0, 0x59, 0x20, 1);  // writes to DRAM, reads from ROM
    ASSERT_TRUE(pc.cpu.dmi(0xf0000, dmi));
    EXPECT_FALSE(dmi.is_write_allowed());
    EXPECT_EQ(dmi.get_start_address(), 0xf0000u);
    EXPECT_EQ(*dmi.get_dmi_ptr(), pc.rom_at(0xf0000));
    ASSERT_TRUE(pc.cpu.dmi(0xf0000, dmi, true));
    EXPECT_FALSE(dmi.is_read_allowed());
    EXPECT_EQ(dmi.get_dmi_ptr(), pc.dram.bytes.data() + 0xf0000);

    pc.cpu.config_write(0, 0, 0x59, 0x10, 1);  // read-only RAM
    ASSERT_TRUE(pc.cpu.dmi(0xf0000, dmi));
    EXPECT_FALSE(dmi.is_write_allowed());
    EXPECT_EQ(dmi.get_dmi_ptr(), pc.dram.bytes.data() + 0xf0000);

    ASSERT_TRUE(pc.cpu.dmi(0xfffffff0, dmi));
    EXPECT_EQ(dmi.get_start_address(), 0xfffc0000u);
    EXPECT_EQ(dmi.get_end_address(), 0xffffffffu);
}

TEST(HostBridgeDmi, ChangesAreTakenBackOnceAndExactly) {
    PcBench pc;
    LineDriver smiact(pc.host.smiact);
    pc.start();
    tlm::tlm_dmi dmi;
    pc.cpu.dmi(0x1000, dmi);
    pc.cpu.invalidated.clear();
    // SeaBIOS opens everything with two dwords.
    pc.cpu.config_write(0, 0, 0x58, 0x33333010, 4);
    EXPECT_EQ(pc.cpu.invalidated, (Ranges{{0xc0000, 0xcffff}, {0xf0000, 0xfffff}}));
    pc.cpu.invalidated.clear();
    pc.cpu.config_write(0, 0, 0x58, 0x33333010, 4);
    EXPECT_TRUE(pc.cpu.invalidated.empty());
    smiact.set(true);  // G_SMRAME is off: nothing changes
    smiact.set(false);
    EXPECT_TRUE(pc.cpu.invalidated.empty());
    pc.cpu.config_write(0, 0, 0x72, 0x0a, 1);
    smiact.set(true);
    EXPECT_EQ(pc.cpu.invalidated, (Ranges{{0xa0000, 0xbffff}}));
}

TEST(HostBridgeDmi, AResetThatChangesNothingTakesNothingBack) {
    PcBench pc;
    pc.start();
    tlm::tlm_dmi dmi;
    pc.cpu.dmi(0x1000, dmi);
    pc.cpu.dmi(0xfffffff0, dmi);
    pc.cpu.invalidated.clear();
    pc.cpu.out(0xcf9, 0x06);
    EXPECT_EQ(pc.cpurst.rises(), 1u);
    EXPECT_TRUE(pc.cpu.invalidated.empty());
    pc.cpu.config_write(0, 0, 0x59, 0x30, 1);
    pc.cpu.invalidated.clear();
    pc.cpu.out(0xcf9, 0x06);
    EXPECT_EQ(pc.cpu.invalidated, (Ranges{{0xf0000, 0xfffff}}));
}

}  // namespace
}  // namespace southgate::chipset::test
