#include "chipset/flash/nor_flash.h"

#include <gtest/gtest.h>

#include "tests/chipset/flash/scratch_file.h"
#include "tests/chipset/harness.h"

namespace southgate::chipset::flash {
namespace {

using namespace chipset::test;

constexpr std::uint32_t size = 0x84000;

struct Bench {
    explicit Bench(const NorFlash::Config& config = {}, std::vector<std::uint8_t> bytes = contents())
        : flash("flash", FlashStore(std::move(bytes)), config) {
        run();
    }
    static std::vector<std::uint8_t> contents() {
        std::vector<std::uint8_t> bytes(size);
        for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i ^ i >> 8);
        return bytes;
    }
    void program(std::uint32_t offset, std::uint8_t data, std::uint8_t command = 0x40) {
        port.write(offset, command);
        port.write(offset, data);
    }
    void erase(std::uint32_t offset) {
        port.write(offset, 0x20);
        port.write(offset, 0xd0);
    }
    void buffered(std::uint32_t offset, const std::vector<std::uint8_t>& data) {
        port.write(offset, 0xe8);
        EXPECT_EQ(port.read(offset), 0x80u) << "no buffer free";
        port.write(offset, data.size() - 1);
        for (std::size_t i = 0; i < data.size(); ++i) port.write(offset + i, data[i]);
        port.write(offset, 0xd0);
    }
    std::uint64_t array(std::uint32_t offset, unsigned bytes = 1) {
        port.write(0, 0xff);
        return port.read(offset, bytes);
    }

    NorFlash flash;
    Initiator port{flash.socket};
    LineDriver pcirst{flash.pcirst};
};

TEST(NorFlash, StartsAsAnArray) {
    Bench b;
    EXPECT_EQ(b.port.read(0x1234), 0x34u ^ 0x12u);
    EXPECT_EQ(b.port.read(0x1000, 4), 0x13121110u);
    EXPECT_EQ(b.port.read(size - 1), 0x3fu ^ 0xffu);
    EXPECT_EQ(b.port.read(size), 0xffu) << "past the end";
}

TEST(NorFlash, ByteProgramOnlyClearsBits) {
    Bench b({}, std::vector<std::uint8_t>(size, 0xff));
    b.program(0x100, 0xf0);
    EXPECT_EQ(b.port.read(0x55), 0x80u) << "status is read after a program";
    EXPECT_EQ(b.array(0x100), 0xf0u);
    b.program(0x100, 0x3c, 0x10);
    EXPECT_EQ(b.array(0x100), 0x30u);
    EXPECT_EQ(b.array(0x101), 0xffu);
}

TEST(NorFlash, EraseIsOneBlock) {
    Bench b;
    b.erase(0x3456);
    EXPECT_EQ(b.port.read(0), 0x80u);
    for (const std::uint32_t offset : {0x3000u, 0x3456u, 0x3fffu}) EXPECT_EQ(b.array(offset), 0xffu);
    EXPECT_EQ(b.array(0x2ffe), 0xfeu ^ 0x2fu);
    EXPECT_EQ(b.array(0x4001), 0x01u ^ 0x40u);
}

TEST(NorFlash, AnEraseWithoutConfirmationErasesNothing) {
    Bench b;
    b.port.write(0x3000, 0x20);
    b.port.write(0x3000, 0xff);
    EXPECT_EQ(b.port.read(0), 0xb0u) << "command sequence error";
    b.port.write(0, 0x50);
    b.port.write(0, 0x70);
    EXPECT_EQ(b.port.read(0), 0x80u) << "cleared";
    EXPECT_EQ(b.array(0x3000), 0x30u);
}

TEST(NorFlash, BufferedProgram) {
    Bench b({}, std::vector<std::uint8_t>(size, 0xff));
    b.buffered(0x1ff8, {1, 2, 3, 4, 5, 6, 7, 8});
    EXPECT_EQ(b.port.read(0), 0x80u);
    EXPECT_EQ(b.array(0x1ff8, 4), 0x04030201u);
    EXPECT_EQ(b.array(0x1ffc, 4), 0x08070605u);
    EXPECT_EQ(b.array(0x2000), 0xffu);
    std::vector<std::uint8_t> whole(32, 0x5a);
    b.buffered(0x40, whole);
    EXPECT_EQ(b.array(0x5f), 0x5au);
}

TEST(NorFlash, BadBufferedPrograms) {
    Bench b({}, std::vector<std::uint8_t>(size, 0xff));
    const auto expect_error = [&](const char* what) {
        EXPECT_EQ(b.port.read(0), 0xb0u) << what;
        b.port.write(0, 0x50);
        EXPECT_EQ(b.array(0x1000), 0xffu) << what;
        EXPECT_EQ(b.array(0x2000), 0xffu) << what;
    };
    b.port.write(0x1000, 0xe8);
    b.port.write(0x1000, 32);
    expect_error("33 bytes");
    b.port.write(0x1000, 0xe8);
    b.port.write(0x2000, 0);
    expect_error("count written to another block");
    b.port.write(0x1000, 0xe8);
    b.port.write(0x1000, 1);
    b.port.write(0x1000, 0);
    b.port.write(0x1002, 0);
    expect_error("data beyond the count");
    b.port.write(0x1000, 0xe8);
    b.port.write(0x1000, 1);
    b.port.write(0x1fff, 0);
    b.port.write(0x2000, 0);
    expect_error("data in the next block");
    b.port.write(0x1000, 0xe8);
    b.port.write(0x1000, 0);
    b.port.write(0x1000, 0);
    b.port.write(0x1000, 0xff);
    expect_error("not confirmed");
}

TEST(NorFlash, IdentifiesItself) {
    Bench b;
    b.port.write(0, 0x90);
    EXPECT_EQ(b.port.read(0), 0x89u);
    EXPECT_EQ(b.port.read(1), 0x16u);
    EXPECT_EQ(b.port.read(0x5002), 0u) << "block not locked";
}

TEST(NorFlash, Query) {
    Bench b;
    b.port.write(0x55, 0x98);
    EXPECT_EQ(b.port.read(0x10), 'Q');
    EXPECT_EQ(b.port.read(0x11), 'R');
    EXPECT_EQ(b.port.read(0x12), 'Y');
    EXPECT_EQ(b.port.read(0x13, 2), 0x0001u) << "command set";
    const auto extended = static_cast<std::uint32_t>(b.port.read(0x15, 2));
    EXPECT_EQ(b.port.read(extended), 'P');
    EXPECT_EQ(b.port.read(extended + 1), 'R');
    EXPECT_EQ(b.port.read(extended + 2), 'I');
    EXPECT_EQ(1u << b.port.read(0x27), 1u << 20) << "size, rounded up";
    EXPECT_EQ(1u << b.port.read(0x2a, 2), NorFlash::write_buffer_bytes);
    EXPECT_EQ(b.port.read(0x2c), 1u) << "erase regions";
    EXPECT_EQ((b.port.read(0x2d, 2) + 1) * b.port.read(0x2f, 2) * 256, size);
    EXPECT_EQ(b.array(0x10), 0x10u);
}

TEST(NorFlash, ClearStatusKeepsReady) {
    Bench b;
    b.port.write(0, 0x70);
    b.port.write(0, 0x50);
    EXPECT_EQ(b.port.read(0), 0x80u);
}

TEST(NorFlash, TheDeviationClearsReadyUntilTheNextOperation) {
    Bench b({.clear_status_clears_ready = true}, std::vector<std::uint8_t>(size, 0xff));
    b.port.write(0, 0x50);
    b.port.write(0, 0x70);
    EXPECT_EQ(b.port.read(0), 0x00u);
    b.program(0, 0x12);
    EXPECT_EQ(b.port.read(0), 0x80u);
}

TEST(NorFlash, ResetReturnsToTheArray) {
    Bench b({}, std::vector<std::uint8_t>(size, 0xff));
    b.port.write(0x1000, 0x20);
    b.pcirst.pulse();
    b.port.write(0x1000, 0xd0);  // a command of its own again
    EXPECT_EQ(b.port.read(0x1000), 0xffu);
    b.program(0x1000, 0x00);
    b.pcirst.pulse();
    EXPECT_EQ(b.port.read(0x1000), 0x00u) << "contents survive";
}

TEST(NorFlash, DebugAccessesChangeNothing) {
    Bench b;
    b.port.poke(0, 0x90);
    EXPECT_EQ(b.port.read(1), 1u);
    EXPECT_EQ(b.port.peek(0x1000), 0x10u);
}

TEST(NorFlash, ChangesReachTheFileWithReadArray) {
    flash::test::ScratchFile file(std::vector<std::uint8_t>(0x2000, 0xff));
    NorFlash flash("flash", FlashStore::open(file.path(), 0x2000, FlashStore::Writes::persist), {});
    Initiator port(flash.socket);
    LineDriver pcirst(flash.pcirst);
    run();
    const auto program = [&](std::uint32_t offset, std::uint8_t data) {
        port.write(offset, 0x40);
        port.write(offset, data);
    };
    program(0x10, 0x11);
    EXPECT_EQ(file.bytes()[0x10], 0xff);
    port.write(0, 0xff);
    EXPECT_EQ(file.bytes()[0x10], 0x11);
    program(0x1001, 0x22);
    pcirst.pulse();
    EXPECT_EQ(file.bytes()[0x1001], 0x22) << "at reset";

    // A host that cannot write is a part that cannot be programmed.
    std::filesystem::create_directory(file.path() + ".new");
    program(0x11, 0x33);
    port.write(0, 0xff);
    port.write(0, 0x70);
    EXPECT_EQ(port.read(0), 0x90u);
    EXPECT_TRUE(flash.store().error());
    EXPECT_EQ(file.bytes()[0x11], 0xff);
}

TEST(NorFlash, OnlyWholeBlocks) {
    EXPECT_THROW(NorFlash("flash", FlashStore(std::vector<std::uint8_t>(4095)), {}), std::invalid_argument);
    EXPECT_THROW(NorFlash("flash", FlashStore(std::vector<std::uint8_t>(4096)), {.block_bytes = 100}),
                 std::invalid_argument);
}

}  // namespace
}  // namespace southgate::chipset::flash
