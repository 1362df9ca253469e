// The ATA protocols of a disk, through the ports (ATA/ATAPI-6, section 9).
#include <gtest/gtest.h>

#include <string>

#include "tests/chipset/storage/ide_bench.h"

namespace southgate::chipset::storage {
namespace {

constexpr std::uint8_t ready = ata::drdy | ata::dsc;

std::vector<std::uint8_t> sectors(unsigned first, unsigned count) {
    const auto all = patterned(kDiskSectors, 512);
    return {all.begin() + first * 512, all.begin() + (first + count) * 512};
}

TEST(Ata, Identify) {
    IdeBench b;
    b.issue(0, ata::identify_device);
    EXPECT_EQ(b.alternate_status(0), ready | ata::drq);
    EXPECT_TRUE(b.irq[0].level());
    const auto id = b.read_block(0, 512, 4);
    EXPECT_EQ(b.in(0, ata::status_command), ready);
    const auto word = [&](unsigned i) { return id[2 * i] | id[2 * i + 1] << 8; };
    EXPECT_EQ(word(0), 0x0040);
    EXPECT_EQ(word(1), kDiskSectors / (16 * 63));
    EXPECT_EQ(word(3), 16);
    EXPECT_EQ(word(6), 63);
    EXPECT_EQ(word(60), static_cast<int>(kDiskSectors));
    EXPECT_EQ(word(100), static_cast<int>(kDiskSectors));
    std::string model;
    for (unsigned i = 27; i < 47; ++i)
        model += {static_cast<char>(id[2 * i + 1]), static_cast<char>(id[2 * i])};
    EXPECT_EQ(model.substr(0, 19), "southgate hard disk");
    EXPECT_EQ(b.read_block(0, 2), std::vector<std::uint8_t>(2, 0xff)) << "without DRQ the data lines float";
}

TEST(Ata, ReadSectorsInterruptsOncePerBlock) {
    IdeBench b;
    b.issue(0, ata::read_sectors, 0, 3, 5);
    std::vector<std::uint8_t> data;
    for (unsigned block = 0; block < 3; ++block) {
        EXPECT_EQ(b.irq[0].rises(), block + 1);
        EXPECT_EQ(b.in(0, ata::status_command), ready | ata::drq);
        EXPECT_FALSE(b.irq[0].level()) << "reading Status acknowledges";
        const auto part = b.read_block(0, 512);
        data.insert(data.end(), part.begin(), part.end());
    }
    EXPECT_EQ(data, sectors(5, 3));
    EXPECT_EQ(b.in(0, ata::status_command), ready);
    EXPECT_EQ(b.irq[0].rises(), 3u) << "no interrupt after the last block of a data-in command";
    EXPECT_EQ(b.in(0, ata::lba_low), 7);
}

TEST(Ata, AddressesByChsAndByInitializedParameters) {
    IdeBench b;
    // Cylinder 1, head 2, sector 3 of 16 x 63: (1*16+2)*63+2 = 1136.
    b.issue(0, ata::read_sectors, 0, 1, 0x000103, 0xa2);
    EXPECT_EQ(b.read_block(0, 512), sectors(1136, 1));
    b.issue(0, ata::initialize_device_parameters, 0, 17, 0, 0xa3);  // 4 heads, 17 sectors
    EXPECT_EQ(b.in(0, ata::status_command), ready);
    b.issue(0, ata::read_sectors, 0, 1, 0x000103, 0xa2);
    EXPECT_EQ(b.read_block(0, 512), sectors((1 * 4 + 2) * 17 + 2, 1));
    b.issue(0, ata::read_sectors, 0, 1, 0x000100, 0xa0);  // sector 0 does not exist
    EXPECT_EQ(b.in(0, ata::status_command), ready | ata::err);
    EXPECT_EQ(b.in(0, ata::error_features), ata::idnf);
}

TEST(Ata, Reads48BitAddresses) {
    IdeBench b;
    b.issue_ext(ata::read_sectors_ext, 2, kDiskSectors - 2);
    EXPECT_EQ(b.read_block(0, 1024), sectors(kDiskSectors - 2, 2));
    b.issue_ext(ata::read_sectors_ext, 1, 0x0000'0100'0000'0000);
    EXPECT_EQ(b.in(0, ata::status_command), ready | ata::err);
    EXPECT_EQ(b.in(0, ata::error_features), ata::idnf);
    b.control[0].write(0, ata::hob);
    EXPECT_EQ(b.in(0, ata::lba_high), 0x01);
    b.control[0].write(0, 0);
    EXPECT_EQ(b.in(0, ata::lba_high), 0x00);
}

TEST(Ata, StopsAtTheEndOfTheMedium) {
    IdeBench b;
    b.issue(0, ata::read_sectors, 0, 4, kDiskSectors - 2);
    b.read_block(0, 1024);
    EXPECT_EQ(b.in(0, ata::status_command), ready | ata::err);
    EXPECT_EQ(b.in(0, ata::error_features), ata::idnf);
    EXPECT_EQ(b.in(0, ata::sector_count), 2);
    EXPECT_EQ(b.in(0, ata::lba_mid), kDiskSectors >> 8);
}

TEST(Ata, MultipleMovesSeveralSectorsABlock) {
    IdeBench b;
    b.issue(0, ata::read_multiple, 0, 5, 10);
    EXPECT_EQ(b.in(0, ata::error_features), ata::abrt) << "not set up";
    b.issue(0, ata::set_multiple_mode, 0, 3);
    EXPECT_EQ(b.in(0, ata::error_features), ata::abrt);
    b.issue(0, ata::set_multiple_mode, 0, 4);
    EXPECT_EQ(b.in(0, ata::status_command), ready);
    const auto before = b.irq[0].rises();
    b.issue(0, ata::read_multiple, 0, 5, 10);
    b.in(0, ata::status_command);
    const auto data = b.read_block(0, 5 * 512, 4);
    EXPECT_EQ(data, sectors(10, 5));
    EXPECT_EQ(b.irq[0].rises(), before + 2);
    b.issue(0, ata::write_multiple, 0, 5, 100);
    b.write_block(0, data, 4);
    EXPECT_EQ(b.in(0, ata::status_command), ready);
    EXPECT_TRUE(std::equal(data.begin(), data.end(), b.disk_image->bytes().begin() + 100 * 512));
}

TEST(Ata, WriteSectors) {
    IdeBench b;
    const std::vector<std::uint8_t> data(1024, 0x5a);
    b.issue(0, ata::write_sectors, 0, 2, 20);
    EXPECT_EQ(b.irq[0].rises(), 0u) << "the first block of a data-out command is not announced";
    EXPECT_EQ(b.in(0, ata::status_command), ready | ata::drq);
    b.write_block(0, data);
    EXPECT_TRUE(b.irq[0].level());
    EXPECT_EQ(b.in(0, ata::status_command), ready);
    EXPECT_TRUE(std::equal(data.begin(), data.end(), b.disk_image->bytes().begin() + 20 * 512));
    EXPECT_EQ(b.disk_image->bytes()[22 * 512], pattern(22, 0));
}

TEST(Ata, VerifySeekFlushPowerAndFeatures) {
    IdeBench b;
    const auto status = [&](unsigned opcode, unsigned features, unsigned count, std::uint32_t lba) {
        b.issue(0, opcode, features, count, lba);
        return b.in(0, ata::status_command);
    };
    EXPECT_EQ(status(ata::read_verify, 0, 8, 0), ready);
    EXPECT_EQ(status(ata::read_verify, 0, 8, kDiskSectors - 7), ready | ata::err);
    EXPECT_EQ(status(ata::seek, 0, 0, kDiskSectors - 1), ready);
    EXPECT_EQ(status(ata::seek, 0, 0, kDiskSectors), ready | ata::err);
    EXPECT_EQ(status(ata::recalibrate, 0, 0, 0), ready);
    EXPECT_EQ(status(ata::flush_cache, 0, 0, 0), ready);
    EXPECT_EQ(status(ata::check_power_mode, 0, 0, 0), ready);
    EXPECT_EQ(b.in(0, ata::sector_count), 0xff);
    EXPECT_EQ(status(ata::set_features, 0x03, 0x42, 0), ready);
    EXPECT_EQ(status(ata::set_features, 0x03, 0x47, 0), ready | ata::err);
    EXPECT_EQ(status(ata::nop, 0, 0, 0), ready | ata::err);
    EXPECT_EQ(status(ata::packet, 0, 0, 0), ready | ata::err);
    b.issue(0, ata::read_native_max);
    EXPECT_EQ(b.in(0, ata::lba_mid), (kDiskSectors - 1) >> 8);
    b.issue(0, ata::identify_device);
    EXPECT_EQ(b.read_block(0, 512)[2 * 88 + 1], 0x04) << "Ultra DMA mode 2 selected";
}

TEST(Ata, SignatureAfterSoftwareResetAndDiagnostic) {
    IdeBench b;
    const auto signature = [&](unsigned channel) {
        return std::vector<int>{b.in(channel, 1), b.in(channel, 2), b.in(channel, 3),
                                b.in(channel, 4), b.in(channel, 5), b.in(channel, 6) & 0x10};
    };
    for (const unsigned channel : {0u, 1u}) {
        b.out(channel, ata::lba_mid, 0x77);
        b.control[channel].write(0, ata::srst);
        EXPECT_EQ(b.alternate_status(channel), ata::bsy);
        b.control[channel].write(0, 0);
    }
    const std::vector<int> disk = {1, 1, 1, 0, 0, 0}, cd = {1, 1, 1, 0x14, 0xeb, 0};
    EXPECT_EQ(signature(0), disk);
    EXPECT_EQ(signature(1), cd);
    EXPECT_EQ(b.in(0, ata::status_command), ready);
    EXPECT_EQ(b.in(1, ata::status_command), 0);
    b.out(0, ata::device, 0xb0);
    b.out(0, ata::status_command, ata::execute_device_diagnostic);
    EXPECT_EQ(signature(0), disk);
    EXPECT_TRUE(b.irq[0].level());
}

TEST(Ata, AbsentDrives) {
    IdeBench b;
    b.out(0, ata::device, 0xb0);
    EXPECT_EQ(b.in(0, ata::status_command), 0x00) << "device 0 answers for the absent device 1";
    b.out(0, ata::status_command, ata::identify_device);
    EXPECT_EQ(b.in(0, ata::status_command), 0x00);
    EXPECT_FALSE(b.irq[0].level());
    b.out(0, ata::sector_count, 0x55);
    EXPECT_EQ(b.in(0, ata::sector_count), 0x55);
}

TEST(Ata, EmptyChannelFloatsAndIsNotBusy) {
    IdeChannel channel("channel");
    test::Initiator command(channel.command), control(channel.control);
    test::run();
    command.write(ata::device, 0xa0);
    command.write(ata::sector_count, 0x55);
    command.write(ata::status_command, ata::identify_device);
    for (unsigned reg = 0; reg < 8; ++reg) EXPECT_EQ(command.read(reg), 0x7f) << reg;
    EXPECT_EQ(command.read(0, 2), 0xff7f);
    EXPECT_EQ(control.read(0), 0x7f);
}

TEST(Ata, InterruptDisable) {
    IdeBench b;
    b.control[0].write(0, ata::n_ien);
    b.issue(0, ata::recalibrate);
    EXPECT_FALSE(b.irq[0].level());
    b.control[0].write(0, 0);
    EXPECT_TRUE(b.irq[0].level()) << "INTRQ was pending behind nIEN";
}

TEST(Ata, CommandTakesItsTimeAndRegistersAreProtectedMeanwhile) {
    using sc_core::sc_time;
    IdeBench b(DriveTiming{});
    b.issue(0, ata::read_sectors, 0, 1, 9);
    EXPECT_EQ(b.alternate_status(0) & ata::bsy, ata::bsy);
    b.out(0, ata::lba_low, 0x33);
    b.out(0, ata::status_command, ata::identify_device);
    test::run(sc_time(19, sc_core::SC_US));
    EXPECT_EQ(b.alternate_status(0) & ata::bsy, ata::bsy);
    test::run(sc_time(2, sc_core::SC_US));
    ASSERT_EQ(b.irq[0].edges.size(), 1u);
    EXPECT_EQ(b.irq[0].edges[0].at, sc_time(20, sc_core::SC_US));
    EXPECT_EQ(b.read_block(0, 512), sectors(9, 1));
    // An initiator whose local time is past the deadline sees the command completed.
    b.in(0, ata::status_command);
    b.issue(0, ata::read_sectors, 0, 1, 9);
    b.command[0].delay = sc_time(20, sc_core::SC_US);
    EXPECT_EQ(b.in(0, ata::status_command), ready | ata::drq);
}

TEST(Ata, PciResetIsAHardwareReset) {
    using sc_core::sc_time;
    IdeBench b(DriveTiming{});
    b.config.write(0x40, 0x8000, 2);
    b.issue(0, ata::set_multiple_mode, 0, 4);
    test::run(sc_time(30, sc_core::SC_US));
    EXPECT_TRUE(b.irq[0].level());
    b.issue(0, ata::read_sectors, 0, 1, 9);
    test::run(sc_time(5, sc_core::SC_US));
    b.pcirst.set(true);
    EXPECT_FALSE(b.irq[0].level());
    EXPECT_EQ(b.alternate_status(0), ata::bsy);
    test::run(sc_time(1, sc_core::SC_MS));
    EXPECT_EQ(b.alternate_status(0), ata::bsy);
    b.pcirst.set(false);
    test::run(sc_time(101, sc_core::SC_US));
    EXPECT_EQ(b.alternate_status(0), ready) << "the old command is gone";
    EXPECT_EQ(b.in(0, ata::lba_low), 1);
    EXPECT_EQ(b.config.read(0x40, 2), 0u);
    b.issue(0, ata::read_multiple, 0, 1, 0);
    test::run(sc_time(30, sc_core::SC_US));
    EXPECT_EQ(b.in(0, ata::error_features), ata::abrt) << "SET MULTIPLE MODE is lost";
}

TEST(Ata, DebugAccessChangesNothing) {
    IdeBench b;
    b.issue(0, ata::identify_device);
    EXPECT_EQ(b.command[0].peek(ata::status_command), std::uint64_t{ready | ata::drq});
    b.command[0].peek(ata::data, 2);
    b.command[0].poke(ata::status_command, ata::device_reset);
    EXPECT_TRUE(b.irq[0].level());
    EXPECT_EQ(b.read_block(0, 512)[0], 0x40);
}

}  // namespace
}  // namespace southgate::chipset::storage
