// The Bochs display interface: identification, modes, depths, banks, scrolling.
#include <gtest/gtest.h>

#include "tests/chipset/video/vga_bench.h"

namespace southgate::chipset::video {
namespace {

struct DispiTest : testing::Test {
    DispiTest() { test::run(); }
    VgaBench b;
};

TEST_F(DispiTest, Identification) {
    EXPECT_EQ(b.dispi_read(Dispi::id), 0xb0c5u);
    b.dispi_write(Dispi::id, 0xb0c0);
    EXPECT_EQ(b.dispi_read(Dispi::id), 0xb0c0u);
    b.dispi_write(Dispi::id, 0xb0c6);
    EXPECT_EQ(b.dispi_read(Dispi::id), 0xb0c0u);
    EXPECT_EQ(b.dispi_read(Dispi::video_memory_64k), 256u);
    b.dispi_write(Dispi::enable, 0x02);
    EXPECT_EQ(b.dispi_read(Dispi::x_resolution), 2560u);
    EXPECT_EQ(b.dispi_read(Dispi::y_resolution), 1600u);
    EXPECT_EQ(b.dispi_read(Dispi::bits_per_pixel), 32u);
}

TEST_F(DispiTest, DepthsFromTheLinearFrameBuffer) {
    const struct {
        unsigned bits;
        std::uint32_t value;
        Colour expected;
    } cases[] = {
        {15, 0x7c1f, {255, 0, 255}},
        {16, 0x07e8, {0, 255, 66}},
        {24, 0x123456, {0x12, 0x34, 0x56}},
        {32, 0xff123456, {0x12, 0x34, 0x56}},
    };
    for (const auto& c : cases) {
        b.dispi_mode(800, 600, c.bits);
        const unsigned bytes = (c.bits + 7) / 8;
        for (unsigned i = 0; i < bytes; ++i)
            b.frame_buffer.write((800 * 2 + 5) * bytes + i, c.value >> (8 * i) & 0xff);
        const Image image = b.vga.image();
        ASSERT_EQ(image.width, 800u);
        ASSERT_EQ(image.height, 600u);
        EXPECT_EQ(VgaBench::pixel(image, 5, 2), c.expected) << c.bits;
        EXPECT_EQ(VgaBench::pixel(image, 4, 2), (Colour{0, 0, 0})) << c.bits;
    }
}

TEST_F(DispiTest, EightBitsUseTheColourTableWithSixOrEightBits) {
    b.dispi_mode(640, 480, 8);
    b.out(0x3c8, 7);
    for (const unsigned v : {0x3f, 0x20, 0x00}) b.out(0x3c9, v);
    b.frame_buffer.write(0, 7);
    EXPECT_EQ(VgaBench::pixel(b.vga.image(), 0, 0), (Colour{255, 130, 0}));
    b.dispi_mode(640, 480, 8, 0x20);
    b.out(0x3c8, 7);
    for (const unsigned v : {0xff, 0x81, 0x01}) b.out(0x3c9, v);
    b.frame_buffer.write(0, 7);
    EXPECT_EQ(VgaBench::pixel(b.vga.image(), 0, 0), (Colour{255, 0x81, 1}));
}

TEST_F(DispiTest, FourBitsArePlanar) {
    b.set_mode(mode_12);
    b.dispi_mode(800, 600, 4);
    b.set(0x3c4, 2, 0x05);
    b.window.write(100, 0x80);  // line 1 of 100 bytes
    EXPECT_EQ(VgaBench::pixel(b.vga.image(), 0, 1), VgaBench::palette(5));
}

TEST_F(DispiTest, BankWindow) {
    b.dispi_mode(1024, 768, 32);
    b.dispi_write(Dispi::bank, 47);
    b.window.write(0xfffc, 0x00aabbcc, 4);
    EXPECT_EQ(VgaBench::pixel(b.vga.image(), 1023, 767), (Colour{0xaa, 0xbb, 0xcc}));
    EXPECT_EQ(b.window.read(0x18000), 0xffu) << "one 64 KiB bank";
    b.dispi_write(Dispi::bank, 256);
    EXPECT_EQ(b.dispi_read(Dispi::bank), 47u) << "outside the memory";
}

TEST_F(DispiTest, VirtualScreenAndOffsets) {
    b.dispi_mode(640, 480, 32);
    b.dispi_write(Dispi::virtual_width, 1024);
    EXPECT_EQ(b.dispi_read(Dispi::virtual_height), 4096u);
    b.frame_buffer.write((1024 * 10 + 20) * 4, 0x00ff00, 4);
    b.dispi_write(Dispi::x_offset, 20);
    b.dispi_write(Dispi::y_offset, 10);
    EXPECT_EQ(VgaBench::pixel(b.vga.image(), 0, 0), (Colour{0, 255, 0}));
    b.dispi_write(Dispi::y_offset, 4000);
    EXPECT_EQ(b.dispi_read(Dispi::y_offset), 10u) << "would show what is not there";
}

TEST_F(DispiTest, EnableClearsUnlessTold) {
    b.frame_buffer.write(0, 0x55);
    b.dispi_mode(640, 480, 8, 0x80);
    EXPECT_EQ(b.frame_buffer.read(0), 0x55u);
    b.dispi_write(Dispi::x_resolution, 800);
    EXPECT_EQ(b.dispi_read(Dispi::x_resolution), 640u) << "fixed while enabled";
    b.dispi_mode(640, 480, 8);
    EXPECT_EQ(b.frame_buffer.read(0), 0u);
}

TEST_F(DispiTest, ImpossibleModesAreCut) {
    b.dispi_mode(0xffff, 0xffff, 32);
    EXPECT_EQ(b.dispi_read(Dispi::x_resolution), 2560u);
    EXPECT_EQ(b.dispi_read(Dispi::y_resolution), 1600u);
    EXPECT_EQ(b.vga.image().width, 2560u);
    b.dispi_mode(0, 0, 77);
    EXPECT_EQ(b.dispi_read(Dispi::bits_per_pixel), 8u);
    EXPECT_EQ(b.vga.image().width, 8u);
    EXPECT_EQ(b.vga.image().height, 1u);
}

}  // namespace
}  // namespace southgate::chipset::video
