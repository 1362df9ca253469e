// Read and write modes of the graphics controller, plane selection, window decode.
#include <gtest/gtest.h>

#include "tests/chipset/video/vga_bench.h"

namespace southgate::chipset::video {
namespace {

struct VgaMemory : testing::Test {
    VgaMemory() {
        test::run();
        b.set_mode(mode_12);
    }
    void planes(std::uint32_t address, std::array<std::uint8_t, 4> values) {
        b.set(0x3ce, 5, 0x00);
        b.set(0x3ce, 1, 0x00);
        b.set(0x3ce, 3, 0x00);
        b.set(0x3ce, 8, 0xff);
        for (unsigned plane = 0; plane < 4; ++plane) {
            b.set(0x3c4, 2, 1u << plane);
            b.window.write(address, values[plane]);
        }
        b.set(0x3c4, 2, 0x0f);
    }
    std::array<int, 4> planes(std::uint32_t address) const {
        std::array<int, 4> values;
        for (unsigned plane = 0; plane < 4; ++plane) values[plane] = b.vga.core().plane_byte(plane, address);
        return values;
    }
    using Planes = std::array<int, 4>;
    VgaBench b;
};

TEST_F(VgaMemory, MapMaskAndReadMap) {
    planes(100, {1, 2, 3, 4});
    EXPECT_EQ(planes(100), (Planes{1, 2, 3, 4}));
    b.set(0x3ce, 4, 2);
    EXPECT_EQ(b.window.read(100), 3u);
    b.set(0x3c4, 2, 0x05);
    b.window.write(100, 0xff);
    EXPECT_EQ(planes(100), (Planes{0xff, 2, 0xff, 4}));
}

TEST_F(VgaMemory, WriteMode0RotatesSetsResetsAndMasks) {
    planes(0, {0x00, 0xff, 0x0f, 0xf0});
    b.window.read(0);       // latches
    b.set(0x3ce, 3, 0x04);  // rotate by 4, replace
    b.set(0x3ce, 0, 0x02);  // set plane 1, reset plane 3
    b.set(0x3ce, 1, 0x0a);
    b.set(0x3ce, 8, 0x3c);
    b.window.write(1, 0x12);  // rotated: 21h
    EXPECT_EQ(planes(1), (Planes{0x20, 0xff, 0x23, 0xc0}));
}

TEST_F(VgaMemory, LogicalFunctionsWorkOnTheLatches) {
    const struct {
        unsigned function;
        int expected;
    } cases[] = {{0x08, 0xaa & 0x3c}, {0x10, 0xaa | 0x3c}, {0x18, 0xaa ^ 0x3c}};
    for (const auto& c : cases) {
        planes(0, {0x3c, 0x3c, 0x3c, 0x3c});
        b.window.read(0);
        b.set(0x3ce, 3, c.function);
        b.window.write(5, 0xaa);
        EXPECT_EQ(planes(5)[2], c.expected) << c.function;
    }
}

TEST_F(VgaMemory, WriteMode1CopiesTheLatches) {
    planes(0, {1, 2, 3, 4});
    b.window.read(0);
    b.set(0x3ce, 5, 0x01);
    b.window.write(7, 0xff);
    EXPECT_EQ(planes(7), (Planes{1, 2, 3, 4}));
}

TEST_F(VgaMemory, WriteMode2SpreadsAColour) {
    planes(0, {0x55, 0x55, 0x55, 0x55});
    b.window.read(0);
    b.set(0x3ce, 5, 0x02);
    b.set(0x3ce, 8, 0xf0);
    b.window.write(8, 0x09);
    EXPECT_EQ(planes(8), (Planes{0xf5, 0x05, 0x05, 0xf5}));
}

TEST_F(VgaMemory, WriteMode3MasksSetResetWithTheData) {
    planes(0, {0x00, 0xff, 0x00, 0xff});
    b.window.read(0);
    b.set(0x3ce, 5, 0x03);
    b.set(0x3ce, 0, 0x03);
    b.set(0x3ce, 8, 0x0f);
    b.set(0x3ce, 3, 0x01);
    b.window.write(9, 0x1e);  // rotated 0Fh, and the bit mask
    EXPECT_EQ(planes(9), (Planes{0x0f, 0xff, 0x00, 0xf0}));
}

TEST_F(VgaMemory, ReadMode1ComparesColours) {
    planes(0, {0xf0, 0xcc, 0xaa, 0x00});
    b.set(0x3ce, 5, 0x08);
    b.set(0x3ce, 2, 0x05);  // planes 0 and 2
    b.set(0x3ce, 7, 0x0f);
    EXPECT_EQ(b.window.read(0), 0xf0u & 0x33 & 0xaa);
    b.set(0x3ce, 7, 0x01);
    EXPECT_EQ(b.window.read(0), 0xf0u) << "the other planes do not matter";
}

TEST_F(VgaMemory, DebugReadsKeepTheLatches) {
    planes(0, {1, 2, 3, 4});
    planes(1, {5, 6, 7, 8});
    b.window.read(0);
    b.window.peek(1);
    b.set(0x3ce, 5, 0x01);
    b.window.write(7, 0);
    EXPECT_EQ(planes(7), (Planes{1, 2, 3, 4}));
}

TEST_F(VgaMemory, OddEvenAndChain4ChooseThePlaneByAddress) {
    b.set_mode(mode_03);
    b.window.write(0x18000, 0x1f41, 2);
    EXPECT_EQ(planes(0)[0], 0x41);
    EXPECT_EQ(planes(0)[1], 0x1f);
    EXPECT_EQ(b.window.read(0x18000, 2), 0x1f41u);
    b.set_mode(mode_13);
    b.window.write(0x100, 0x04030201, 4);
    EXPECT_EQ(planes(0x100), (Planes{1, 2, 3, 4}));
    EXPECT_EQ(b.window.read(0x102), 3u);
}

TEST_F(VgaMemory, WindowDecode) {
    b.set(0x3ce, 6, 0x0d);  // B8000h, 32 KiB
    b.window.write(0x18000, 0x77);
    EXPECT_EQ(b.window.read(0x18000), 0x77u);
    EXPECT_EQ(b.window.read(0x00000), 0xffu);
    EXPECT_EQ(b.window.read(0x17fff), 0xffu);
    b.set(0x3ce, 6, 0x09);  // B0000h, 32 KiB
    EXPECT_EQ(b.window.read(0x10000), 0x77u);
    EXPECT_EQ(b.window.read(0x18000), 0xffu);
    b.set(0x3ce, 6, 0x01);  // 128 KiB: both halves reach the same 64 KiB of planes
    EXPECT_EQ(b.window.read(0x00000), 0x77u);
    EXPECT_EQ(b.window.read(0x10000), 0x77u);
    b.out(0x3c2, 0xe1);  // memory off
    EXPECT_EQ(b.window.read(0x00000), 0xffu);
}

}  // namespace
}  // namespace southgate::chipset::video
