// The PACKET protocol and the commands of the CD-ROM (ATA/ATAPI-6, 9.8; MMC-3).
#include <gtest/gtest.h>

#include "tests/chipset/storage/ide_bench.h"

namespace southgate::chipset::storage {
namespace {

constexpr std::uint8_t ready = ata::drdy | ata::dsc;

std::vector<std::uint8_t> cd_sectors(unsigned first, unsigned count) {
    const auto all = patterned(kCdSectors, 2048);
    return {all.begin() + first * 2048, all.begin() + (first + count) * 2048};
}

std::vector<int> sense(IdeBench& b) {
    b.packet({0x03, 0, 0, 0, 18});
    const auto data = b.packet_data();
    return data.size() == 18 ? std::vector<int>{data[2], data[12], data[13]} : std::vector<int>{};
}

TEST(Atapi, IdentifyAndTheRefusalOfIdentifyDevice) {
    IdeBench b;
    b.out(1, ata::device, 0xa0);
    b.out(1, ata::status_command, ata::identify_device);
    EXPECT_EQ(b.in(1, ata::status_command) & (ata::err | ata::drq), ata::err);
    EXPECT_EQ(b.in(1, ata::lba_mid), 0x14);
    EXPECT_EQ(b.in(1, ata::lba_high), 0xeb);
    b.out(1, ata::status_command, ata::identify_packet_device);
    const auto id = b.read_block(1, 512);
    EXPECT_EQ(id[0] | id[1] << 8, 0x85c0);
    EXPECT_EQ(b.in(1, ata::status_command), ready);
}

TEST(Atapi, FirstCommandAfterResetReportsAttention) {
    IdeBench b;
    b.packet({0x00});
    EXPECT_EQ(b.in(1, ata::status_command), ready | ata::err);
    EXPECT_EQ(b.in(1, ata::error_features) >> 4, 6);
    EXPECT_EQ(b.in(1, ata::sector_count), 3);
    EXPECT_EQ(sense(b), (std::vector<int>{6, 0x29, 0}));
    EXPECT_EQ(sense(b), (std::vector<int>{0, 0, 0}));
    b.packet({0x00});
    EXPECT_EQ(b.in(1, ata::status_command), ready);
}

TEST(Atapi, ReadInBlocksOfTheByteCountLimit) {
    IdeBench b;
    b.clear_attention();
    const auto before = b.irq[1].rises();
    b.packet({0x28, 0, 0, 0, 0, 7, 0, 0, 2}, 1501);
    EXPECT_EQ(b.in(1, ata::sector_count), ata::reason_io);
    EXPECT_EQ(b.byte_count(1), 1500u) << "an odd limit is rounded down";
    EXPECT_EQ(b.packet_data(), cd_sectors(7, 2));
    EXPECT_EQ(b.irq[1].rises() - before, 4u) << "three blocks and the completion";
    EXPECT_EQ(b.in(1, ata::sector_count), ata::reason_cod | ata::reason_io);
    b.packet({0xa8, 0, 0, 0, 0, 1, 0, 0, 0, 3});
    EXPECT_EQ(b.packet_data(), cd_sectors(1, 3));
    b.packet({0xbe, 0, 0, 0, 0, 4, 0, 0, 1, 0x10});
    EXPECT_EQ(b.packet_data(), cd_sectors(4, 1));
    b.packet({0x28, 0, 0, 0, 0, kCdSectors - 1, 0, 0, 2});
    EXPECT_EQ(b.in(1, ata::status_command), ready | ata::err);
    EXPECT_EQ(sense(b), (std::vector<int>{5, 0x21, 0}));
}

TEST(Atapi, InformationCommands) {
    IdeBench b;
    b.packet({0x12, 0, 0, 0, 36});
    auto data = b.packet_data();
    ASSERT_EQ(data.size(), 36u);
    EXPECT_EQ(data[0], 0x05);
    EXPECT_EQ(data[1], 0x80);
    b.packet({0x12, 0, 0, 0, 5});
    EXPECT_EQ(b.packet_data().size(), 5u) << "cut to the allocation length, odd";
    b.clear_attention();
    b.packet({0x25});
    EXPECT_EQ(b.packet_data(), (std::vector<std::uint8_t>{0, 0, 0, kCdSectors - 1, 0, 0, 8, 0}));
    b.packet({0x43, 0, 0, 0, 0, 0, 0, 0, 100});
    data = b.packet_data();
    ASSERT_EQ(data.size(), 20u);
    EXPECT_EQ(data[1], 18);
    EXPECT_EQ(data[6], 1);
    EXPECT_EQ(data[14], 0xaa);
    EXPECT_EQ(data[19], kCdSectors);
    b.packet({0x43, 2, 0, 0, 0, 0, 0, 0, 100});
    data = b.packet_data();
    EXPECT_EQ((std::vector<int>{data[9], data[10], data[11]}), (std::vector<int>{0, 2, 0}))
        << "track 1 at 00:02:00";
    b.packet({0x5a, 0, 0x2a, 0, 0, 0, 0, 0, 100});
    data = b.packet_data();
    ASSERT_EQ(data.size(), 28u);
    EXPECT_EQ(data[8], 0x2a);
    b.packet({0x46, 0, 0, 0, 0, 0, 0, 0, 200});
    data = b.packet_data();
    EXPECT_EQ(data[7], 0x08) << "CD-ROM profile";
    EXPECT_EQ(data[3] + 4u, data.size());
    b.packet({0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8});
    data = b.packet_data();
    EXPECT_EQ(data[2], 4);
    EXPECT_EQ(data[5], 2) << "medium present";
    b.packet({0x51, 0, 0, 0, 0, 0, 0, 0, 34});
    EXPECT_EQ(b.packet_data().size(), 34u);
    b.packet({0xbd, 0, 0, 0, 0, 0, 0, 0, 0, 8});
    EXPECT_EQ(b.packet_data().size(), 8u);
    b.packet({0xff});
    EXPECT_EQ(sense(b), (std::vector<int>{5, 0x20, 0}));
}

TEST(Atapi, EjectLoadAndLock) {
    IdeBench b;
    b.clear_attention();
    b.packet({0x1e, 0, 0, 0, 1});
    b.packet({0x1b, 0, 0, 0, 2});
    EXPECT_EQ(sense(b), (std::vector<int>{5, 0x53, 2}));
    b.packet({0x1e});
    b.packet({0x1b, 0, 0, 0, 2});
    b.packet({0x28, 0, 0, 0, 0, 0, 0, 0, 1});
    EXPECT_EQ(sense(b), (std::vector<int>{2, 0x3a, 0}));
    EXPECT_FALSE(b.cd->loaded());
    b.packet({0x1b, 0, 0, 0, 3});
    EXPECT_EQ(sense(b), (std::vector<int>{6, 0x28, 0}));
    b.packet({0x28, 0, 0, 0, 0, 0, 0, 0, 1});
    EXPECT_EQ(b.packet_data(), cd_sectors(0, 1));
    b.cd->insert(std::make_unique<MemoryImage>(std::vector<std::uint8_t>(4096, 0x11), false));
    EXPECT_EQ(sense(b), (std::vector<int>{6, 0x28, 0}));
    b.packet({0x28, 0, 0, 0, 0, 0, 0, 0, 1});
    EXPECT_EQ(b.packet_data(), std::vector<std::uint8_t>(2048, 0x11));
}

TEST(Atapi, DeviceResetWorksWhileDataIsPending) {
    IdeBench b;
    b.clear_attention();
    b.packet({0x28, 0, 0, 0, 0, 0, 0, 0, 1});
    EXPECT_EQ(b.alternate_status(1) & ata::drq, ata::drq);
    b.out(1, ata::status_command, ata::identify_packet_device);
    EXPECT_EQ(b.byte_count(1), 2048u) << "other commands are ignored";
    b.out(1, ata::status_command, ata::device_reset);
    EXPECT_EQ(b.in(1, ata::status_command), 0);
    EXPECT_EQ(b.in(1, ata::lba_high), 0xeb);
}

}  // namespace
}  // namespace southgate::chipset::storage
