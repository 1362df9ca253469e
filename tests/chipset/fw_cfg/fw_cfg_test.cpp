#include "chipset/fw_cfg/fw_cfg.h"

#include <gtest/gtest.h>

#include <string>

#include "chipset/fw_cfg/pc_items.h"
#include "tests/chipset/harness.h"

namespace southgate::chipset::fw_cfg {
namespace {

struct Fixture : testing::Test {
    explicit Fixture(const FwCfgConfig& config = {}) : device("fw_cfg", config) {
        device.dma.bind(memory.socket);
    }

    void select(std::uint16_t key) { ports.write(0, key, 2); }
    std::string read(std::size_t bytes) {
        std::string text;
        for (std::size_t i = 0; i < bytes; ++i) text += static_cast<char>(ports.read(1));
        return text;
    }
    void put_big_endian(std::uint64_t address, std::uint64_t value, unsigned bytes) {
        for (unsigned i = 0; i < bytes; ++i)
            memory.bytes[address + i] = static_cast<std::uint8_t>(value >> (8 * (bytes - 1 - i)));
    }
    // Runs a DMA descriptor and returns its control field afterwards.
    std::uint32_t dma(std::uint32_t control, std::uint32_t length, std::uint64_t address) {
        put_big_endian(0x100, control, 4);
        put_big_endian(0x104, length, 4);
        put_big_endian(0x108, address, 8);
        ports.write(8, 0x00010000, 4);  // 100h, big-endian
        return __builtin_bswap32(memory.get<std::uint32_t>(0x100));
    }

    test::Memory memory{1 << 16};
    FwCfg device;
    test::Initiator ports{device.ports};
    test::LineDriver pcirst{device.pcirst};
};
using FwCfgTest = Fixture;

TEST_F(FwCfgTest, SignatureAndId) {
    test::run();
    EXPECT_EQ(read(4), "QEMU") << "item 0 is selected after reset";
    select(1);
    EXPECT_EQ(read(4), std::string("\3\0\0\0", 4));
    EXPECT_EQ(ports.read(4, 4), 0x554d4551u) << "the DMA address register reads QEMU CFG";
    EXPECT_EQ(ports.read(8, 4), 0x47464320u);
    select(0x7777);
    EXPECT_EQ(read(3), std::string(3, '\0')) << "an absent item is empty";
}

TEST_F(FwCfgTest, ALiveFileIsMadeAtEverySelection) {
    std::string contents = "abcd";
    device.add_live_file("live", [&] { return std::vector<std::uint8_t>(contents.begin(), contents.end()); });
    device.add_file("first", {1});  // moves the key of the other
    test::run();
    const std::uint16_t key = device.key_of("live");
    select(key);
    EXPECT_EQ(read(4), "abcd");
    contents = "EFGHIJ";
    EXPECT_EQ(read(1), std::string(1, '\0')) << "only a selection makes it";
    select(key);
    EXPECT_EQ(read(5), std::string("EFGH\0", 5)) << "the size in the directory stays true";
    contents = "x";
    select(key);
    EXPECT_EQ(read(4), std::string("x\0\0\0", 4));
}

TEST_F(FwCfgTest, ReadingPastTheEndGivesZeros) {
    device.add_item(Key::uuid, {1, 2});
    test::run();
    select(0x0002);
    EXPECT_EQ(read(4), std::string("\1\2\0\0", 4));
    select(0x4002);
    EXPECT_EQ(read(2), std::string("\1\2", 2)) << "the write channel bit selects the same item";
    ports.write(1, 0xff);
    select(0x0002);
    EXPECT_EQ(read(1), "\1") << "items are read-only";
}

TEST_F(FwCfgTest, DirectoryIsSortedAndBigEndian) {
    device.add_file("opt/z", {9});
    device.add_file("etc/a", std::vector<std::uint8_t>(0x1234));
    test::run();
    select(0x0019);
    EXPECT_EQ(read(4), std::string("\0\0\0\2", 4));
    EXPECT_EQ(read(8), std::string("\0\0\x12\x34\0\x20\0\0", 8));
    EXPECT_EQ(read(56).substr(0, 6), std::string("etc/a\0", 6));
    EXPECT_EQ(read(8), std::string("\0\0\0\1\0\x21\0\0", 8));
    EXPECT_EQ(read(56).substr(0, 6), std::string("opt/z\0", 6));
    select(device.key_of("opt/z"));
    EXPECT_EQ(read(1), "\x09");
    EXPECT_EQ(device.key_of("nothing"), 0);
    EXPECT_THROW(device.add_file(std::string(56, 'x'), {}), std::invalid_argument);
}

TEST_F(FwCfgTest, PcItems) {
    add_pc_items(device, {.ram_below_4g = 0x0800'0000,
                          .ram_above_4g = 0x1'0000'0000,
                          .cpus = 2,
                          .max_cpus = 4,
                          .boot_order = {"/a", "/b"}});
    test::run();
    select(0x0005);
    EXPECT_EQ(read(2), std::string("\2\0", 2));
    select(0x000f);
    EXPECT_EQ(read(2), std::string("\4\0", 2));
    EXPECT_EQ(device.files(), (std::vector<std::string>{"bootorder", "etc/boot-fail-wait", "etc/e820"}));
    select(device.key_of("bootorder"));
    EXPECT_EQ(read(6), std::string("/a\n/b\0", 6));
    select(device.key_of("etc/boot-fail-wait"));
    EXPECT_EQ(read(4), "\xff\xff\xff\xff");
    select(device.key_of("etc/e820"));
    EXPECT_EQ(read(20), std::string("\0\0\0\0\0\0\0\0\0\0\0\x08\0\0\0\0\1\0\0\0", 20));
    EXPECT_EQ(read(20), std::string("\0\0\0\0\1\0\0\0\0\0\0\0\1\0\0\0\1\0\0\0", 20));
}

TEST_F(FwCfgTest, DmaSelectsReadsAndSkips) {
    device.add_item(Key::uuid, {1, 2, 3, 4, 5, 6});
    test::run();
    memory.bytes[0x203] = 0xee;
    EXPECT_EQ(dma(0x0002'000a, 3, 0x200), 0u);
    EXPECT_EQ(memory.get<std::uint32_t>(0x200), 0xee030201u);
    EXPECT_EQ(dma(0x04, 1, 0), 0u);
    EXPECT_EQ(dma(0x02, 3, 0x200), 0u);
    EXPECT_EQ(memory.get<std::uint32_t>(0x200), 0xee000605u) << "zeros past the end";
    EXPECT_EQ(dma(0x0002'0008, 0, 0), 0u);
    EXPECT_EQ(read(1), "\1") << "DMA and ports share the position";
}

TEST_F(FwCfgTest, DmaErrors) {
    device.add_item(Key::uuid, {1, 2, 3, 4, 5, 6});
    test::run();
    EXPECT_EQ(dma(0x0002'0018, 3, 0x200), 1u) << "writing is refused";
    EXPECT_EQ(dma(0x0002'000a, 6, 0xfffffff0), 1u) << "nothing at the destination";
    EXPECT_EQ(dma(0x0002'000a, 0xffffffff, 0x200), 1u) << "4 GiB of zeros";
    EXPECT_EQ(dma(0x0002'000a, 0x20000, 0), 1u) << "runs off the end of memory";
    ports.write(4, 0xffffffff, 4);
    ports.write(8, 0xffffffff, 4);  // no descriptor there: dropped
    EXPECT_EQ(dma(0x0002'000a, 1, 0x200), 0u) << "the high half was used up by the failed operation";
}

TEST_F(FwCfgTest, ResetSelectsTheSignature) {
    test::run();
    select(1);
    read(1);
    pcirst.pulse();
    EXPECT_EQ(read(4), "QEMU");
    EXPECT_EQ(ports.peek(1), 0xffu);
    EXPECT_EQ(read(1), std::string(1, '\0'));
}

TEST_F(FwCfgTest, Fuzz) {
    add_pc_items(device, {.ram_below_4g = 1 << 20});
    test::run();
    std::mt19937 random(1);
    for (unsigned step = 0; step < 50000; ++step) {
        const unsigned size = 1u << random() % 3;
        if (random() % 16 == 0)
            for (unsigned i = 0x100; i < 0x110; ++i)
                memory.bytes[i] = random() % 4 ? 0 : static_cast<std::uint8_t>(random());
        switch (random() % 4) {
            case 0:
                ports.read(random() % 14, size);
                break;
            case 1:
                ports.write(random() % 14, random(), size);
                break;
            case 2:
                ports.write(0, random() % 0x30, 2);
                break;
            default:
                ports.write(4, random() % 8 ? 0 : random(), 4);
                ports.write(8, random() % 8 ? 0x00010000 : random(), 4);
        }
        if (random() % 1000 == 0) pcirst.pulse();
    }
    select(0);
    EXPECT_EQ(read(4), "QEMU");
}

struct WithoutDma : Fixture {
    WithoutDma() : Fixture({.dma = false}) {}
};

TEST_F(WithoutDma, PortsFloat) {
    test::run();
    select(1);
    EXPECT_EQ(read(1), "\1");
    EXPECT_EQ(ports.read(8, 4), 0xffffffffu);
    EXPECT_EQ(dma(0x0000'000a, 4, 0x200), 0x0000'000au) << "nothing happens";
}

}  // namespace
}  // namespace southgate::chipset::fw_cfg
