// Bus-master DMA: descriptor tables, status, errors and hostile tables (Bus Master IDE Controller 1.0).
#include <gtest/gtest.h>

#include "tests/chipset/storage/ide_bench.h"

namespace southgate::chipset::storage {
namespace {

constexpr std::uint32_t table = 0x1000, eot = 0x80000000;
constexpr unsigned primary = 0, secondary = 8;
constexpr unsigned bm_command = 0, bm_status = 2, bm_table = 4;
constexpr unsigned start_read = 0x09, start_write = 0x01;
constexpr unsigned active = 1, error = 2, interrupt = 4;

struct Region {
    std::uint32_t address, bytes;
};

void describe(IdeBench& b, unsigned channel, std::initializer_list<Region> regions) {
    std::uint32_t at = table;
    for (const Region& region : regions) {
        b.memory.put(at, region.address);
        b.memory.put(at + 4, (region.bytes & 0xffff) | (&region == regions.end() - 1 ? eot : 0));
        at += 8;
    }
    b.bus_master.write(channel + bm_table, table, 4);
    b.bus_master.write(channel + bm_status, error | interrupt);
}

struct BusMaster : testing::Test {
    BusMaster() { b.config.write(0x04, 0x05, 2); }
    IdeBench b;
};

TEST_F(BusMaster, ReadsIntoScatteredRegions) {
    describe(b, primary, {{0x20000, 512}, {0x2fff0, 1024}, {0x40000, 512}});
    b.issue(0, ata::read_dma, 0, 4, 50);
    EXPECT_EQ(b.in(0, ata::status_command) & ata::drq, ata::drq) << "waits for the bus master";
    b.bus_master.write(primary + bm_command, start_read);
    EXPECT_EQ(b.bus_master.read(primary + bm_status), interrupt) << "done, at the end of the table";
    EXPECT_TRUE(b.irq[0].level());
    EXPECT_EQ(b.in(0, ata::status_command), ata::drdy | ata::dsc);
    const auto* expected = &b.disk_image->bytes()[50 * 512];
    EXPECT_TRUE(std::equal(expected, expected + 512, &b.memory.bytes[0x20000]));
    EXPECT_TRUE(std::equal(expected + 512, expected + 1536, &b.memory.bytes[0x2fff0]));
    EXPECT_TRUE(std::equal(expected + 1536, expected + 2048, &b.memory.bytes[0x40000]));
    b.bus_master.write(primary + bm_status, interrupt);
    EXPECT_EQ(b.bus_master.read(primary + bm_status), 0u);
}

TEST_F(BusMaster, WritesFromMemoryInBothOrdersOfStart) {
    for (unsigned i = 0; i < 65536; ++i) b.memory.bytes[0x20000 + i] = static_cast<std::uint8_t>(i * 5);
    describe(b, primary, {{0x20000, 0x10000}, {0x20000, 0x8000}});
    b.bus_master.write(primary + bm_command, start_write);
    EXPECT_EQ(b.bus_master.read(primary + bm_status), active);
    b.issue(0, ata::write_dma, 0, 192, 100);  // 96 KiB: more than one stretch
    EXPECT_EQ(b.bus_master.read(primary + bm_status), interrupt);
    const auto* disk = &b.disk_image->bytes()[100 * 512];
    EXPECT_TRUE(std::equal(disk, disk + 65536, &b.memory.bytes[0x20000]));
    EXPECT_TRUE(std::equal(disk + 65536, disk + 98304, &b.memory.bytes[0x20000]));
}

TEST_F(BusMaster, Reads48BitAddressesAndTheCdRom) {
    describe(b, primary, {{0x20000, 1024}});
    b.issue_ext(ata::read_dma_ext, 2, 3000);
    b.bus_master.write(primary + bm_command, start_read);
    EXPECT_EQ(b.memory.bytes[0x20000 + 513], pattern(3001, 1));

    b.clear_attention();
    describe(b, secondary, {{0x30000, 4096}});
    b.packet({0x28, 0, 0, 0, 0, 3, 0, 0, 2}, 0, true);
    b.bus_master.write(secondary + bm_command, start_read);
    EXPECT_EQ(b.bus_master.read(secondary + bm_status), interrupt);
    EXPECT_EQ(b.memory.bytes[0x30000 + 2048], pattern(4, 0));
    EXPECT_EQ(b.in(1, ata::status_command), ata::drdy | ata::dsc);
}

TEST_F(BusMaster, TableLongerThanTheTransferStaysActive) {
    describe(b, primary, {{0x20000, 4096}});
    b.issue(0, ata::read_dma, 0, 1, 0);
    b.bus_master.write(primary + bm_command, start_read);
    EXPECT_EQ(b.bus_master.read(primary + bm_status), active | interrupt);
    b.bus_master.write(primary + bm_command, 0x08);
    EXPECT_EQ(b.bus_master.read(primary + bm_status), interrupt);
}

TEST_F(BusMaster, TableShorterThanTheTransferCanBeContinued) {
    describe(b, primary, {{0x20000, 100}});
    b.issue(0, ata::read_dma, 0, 1, 8);
    b.bus_master.write(primary + bm_command, start_read);
    EXPECT_EQ(b.bus_master.read(primary + bm_status), 0u)
        << "neither active nor interrupt: the table was short";
    EXPECT_EQ(b.in(0, ata::status_command) & ata::drq, ata::drq);
    b.bus_master.write(primary + bm_command, 0);
    describe(b, primary, {{0x20064, 412}});
    b.bus_master.write(primary + bm_command, start_read);
    EXPECT_EQ(b.bus_master.read(primary + bm_status), interrupt);
    EXPECT_EQ(b.memory.bytes[0x20000 + 511], pattern(8, 511));
}

TEST_F(BusMaster, WaitsForBusMasterEnable) {
    b.config.write(0x04, 0x01, 2);
    describe(b, primary, {{0x20000, 512}});
    b.issue(0, ata::read_dma, 0, 1, 8);
    b.bus_master.write(primary + bm_command, start_read);
    EXPECT_EQ(b.bus_master.read(primary + bm_status), active);
    EXPECT_EQ(b.memory.bytes[0x20001], 0);
    b.config.write(0x04, 0x05, 2);
    EXPECT_EQ(b.memory.bytes[0x20001], pattern(8, 1));
}

TEST_F(BusMaster, BadTablesEndWithTheErrorBit) {
    // Table outside memory.
    b.bus_master.write(primary + bm_table, 0xfffffffc, 4);
    b.issue(0, ata::read_dma, 0, 1, 8);
    b.bus_master.write(primary + bm_command, start_read);
    EXPECT_EQ(b.bus_master.read(primary + bm_status), error);
    b.bus_master.write(primary + bm_command, 0);
    // Region outside memory.
    describe(b, primary, {{0xf0000000, 512}});
    b.bus_master.write(primary + bm_command, start_read);
    EXPECT_EQ(b.bus_master.read(primary + bm_status), error);
    b.bus_master.write(primary + bm_command, 0);
    // Wrong direction.
    describe(b, primary, {{0x20000, 512}});
    b.bus_master.write(primary + bm_command, start_write);
    EXPECT_EQ(b.bus_master.read(primary + bm_status), error);
    EXPECT_EQ(b.in(0, ata::status_command) & ata::drq, ata::drq) << "the drive still waits; a reset frees it";
    b.control[0].write(0, ata::srst);
    b.control[0].write(0, 0);
    EXPECT_EQ(b.in(0, ata::status_command), ata::drdy | ata::dsc);
}

TEST_F(BusMaster, EndlessTableIsBounded) {
    // 8192 descriptors of two bytes without an end; the transfer would need 65536.
    for (std::uint32_t at = 0x10000; at < 0x20000; at += 8) {
        b.memory.put<std::uint32_t>(at, 0x30000);
        b.memory.put<std::uint32_t>(at + 4, 2);
    }
    b.bus_master.write(primary + bm_table, 0x18000, 4);
    b.issue(0, ata::read_dma, 0, 0, 0);
    b.bus_master.write(primary + bm_command, start_read);
    EXPECT_EQ(b.bus_master.read(primary + bm_status), error);
}

TEST_F(BusMaster, ConfigurationSpace) {
    EXPECT_EQ(b.config.read(0x00, 4), 0x70108086u);
    EXPECT_EQ(b.config.read(0x08, 4), 0x01018000u);
    b.config.write(0x20, 0xffffffff, 4);
    EXPECT_EQ(b.config.read(0x20, 4), 0xfffffff1u);
    for (const unsigned bar : {0x10u, 0x14u, 0x18u, 0x1cu, 0x30u}) {
        b.config.write(bar, 0xffffffff, 4);
        EXPECT_EQ(b.config.read(bar, 4), 0u);
    }
    const auto decoded = [&](std::uint64_t port) {
        for (const PciWindow& w : b.ide.windows())
            if (w.enabled && port >= w.first && port < w.first + w.size) return true;
        return false;
    };
    b.config.write(0x20, 0xc001, 4);
    EXPECT_TRUE(decoded(0xc00f));
    EXPECT_FALSE(decoded(0x1f0));
    b.config.write(0x41, 0x80);
    EXPECT_TRUE(decoded(0x1f7) && decoded(0x3f6));
    EXPECT_FALSE(decoded(0x170));
    b.config.write(0x04, 0x00, 2);
    EXPECT_FALSE(decoded(0x1f0) || decoded(0xc000));
    b.config.write(0x04, 0x05, 2);
    b.pcirst.pulse();
    EXPECT_FALSE(decoded(0x1f0) || decoded(0xc000));
    EXPECT_EQ(b.config.read(0x20, 4), 1u);
}

TEST(PiixIde, ChannelsAnswerWithoutIdetimAsADeviation) {
    IdeBench b(no_delay(), {.decodes_without_idetim = true});
    const auto decoded = [&](std::uint64_t port) {
        for (const PciWindow& w : b.ide.windows())
            if (w.enabled && port >= w.first && port < w.first + w.size) return true;
        return false;
    };
    b.pcirst.pulse();
    EXPECT_FALSE(decoded(0x1f0)) << "the command register still rules";
    b.config.write(0x04, 0x01, 2);
    EXPECT_TRUE(decoded(0x1f7) && decoded(0x3f6) && decoded(0x177) && decoded(0x376));
    EXPECT_EQ(b.config.read(0x40, 2), 0u);
}

TEST(PiixIde, ChannelsAnswerWithoutIoEnableAsADeviation) {
    IdeBench b(no_delay(), {.decodes_without_io_enable = true});
    const auto decoded = [&](std::uint64_t port) {
        for (const PciWindow& w : b.ide.windows())
            if (w.enabled && port >= w.first && port < w.first + w.size) return true;
        return false;
    };
    b.pcirst.pulse();
    EXPECT_FALSE(decoded(0x1f0)) << "IDETIM still rules";
    b.config.write(0x40, 0x8000, 2);
    EXPECT_TRUE(decoded(0x1f7) && decoded(0x3f6));
    EXPECT_FALSE(decoded(0x177) || decoded(0x376));
    b.config.write(0x20, 0xc000, 4);
    EXPECT_FALSE(decoded(0xc000)) << "the bus master has no such exception";
}

}  // namespace
}  // namespace southgate::chipset::storage
