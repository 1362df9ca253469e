// Text and pictures of the legacy modes, and PNG files.
#include <gtest/gtest.h>
#include <png.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "tests/chipset/video/vga_bench.h"

namespace southgate::chipset::video {
namespace {

struct Picture : testing::Test {
    Picture() { test::run(); }
    // Glyph `code` of font map 0, 16 scans.
    void load_glyph(unsigned code, std::array<std::uint8_t, 16> scans) {
        b.set_mode(mode_03);
        b.set(0x3c4, 2, 4);
        b.set(0x3c4, 4, 6);
        b.set(0x3ce, 5, 0);
        b.set(0x3ce, 6, 4);
        for (unsigned i = 0; i < 16; ++i) b.window.write(code * 32 + i, scans[i]);
        b.set_mode(mode_03);
    }
    VgaBench b;
};

TEST_F(Picture, TextRows) {
    b.set_mode(mode_03);
    b.print(0, 0, "Hello, world");
    b.print(1, 2, "\xc9\xcd\xbb \x01 \xe1");
    b.print(24, 79, "!");
    const std::string text = b.vga.text();
    EXPECT_EQ(text.substr(0, 13), "Hello, world\n");
    EXPECT_EQ(text.substr(13, text.find('\n', 13) - 13), "  ╔═╗ ☺ ß");
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 25);
    EXPECT_EQ(text.substr(text.size() - 3), " !\n");
}

TEST_F(Picture, TextFollowsTheStartAddress) {
    b.set_mode(mode_03);
    b.print(0, 0, "first");
    b.print(1, 0, "second");
    b.set(0x3d4, 0x0d, 80);
    EXPECT_EQ(b.vga.text().substr(0, 7), "second\n");
}

TEST_F(Picture, TextIsDrawnWithTheLoadedFontColoursAndCursor) {
    load_glyph('A', {0x81, 0x7e});
    load_glyph(0xc4, {0x00, 0xff});
    b.print(0, 0, "A", 0x1f);
    b.print(0, 1, "\xc4", 0x07);
    b.print(0, 2, "A", 0x9f);
    b.set(0x3d4, 0x0a, 13);
    b.set(0x3d4, 0x0f, 3);
    b.print(0, 3, " ", 0x07);
    const Image image = b.vga.image();
    ASSERT_EQ(image.width, 720u);
    ASSERT_EQ(image.height, 400u);
    const Colour white = VgaBench::palette(0x3f), blue = VgaBench::palette(1), grey = VgaBench::palette(7);
    EXPECT_EQ(VgaBench::pixel(image, 0, 0), white);
    EXPECT_EQ(VgaBench::pixel(image, 1, 0), blue);
    EXPECT_EQ(VgaBench::pixel(image, 7, 0), white);
    EXPECT_EQ(VgaBench::pixel(image, 8, 0), blue) << "the ninth dot is background";
    EXPECT_EQ(VgaBench::pixel(image, 1, 1), white);
    EXPECT_EQ(VgaBench::pixel(image, 9 + 8, 1), grey) << "but line graphics are continued";
    EXPECT_EQ(VgaBench::pixel(image, 18 + 1, 0), blue) << "attribute bit 7 blinks, it does not brighten";
    EXPECT_EQ(VgaBench::pixel(image, 27 + 8, 13), grey) << "cursor";
    EXPECT_EQ(VgaBench::pixel(image, 27 + 8, 12), VgaBench::palette(0));
    b.set(0x3d4, 0x0a, 0x20);
    EXPECT_EQ(VgaBench::pixel(b.vga.image(), 27, 13), VgaBench::palette(0)) << "cursor off";
}

TEST_F(Picture, Mode13h) {
    b.set_mode(mode_13);
    b.window.write(0, 0x11);
    b.window.write(319, 0x22);
    b.window.write(320, 0x33);
    b.window.write(63999, 0xfe);
    const Image image = b.vga.image();
    ASSERT_EQ(image.width, 320u);
    ASSERT_EQ(image.height, 200u);
    EXPECT_EQ(VgaBench::pixel(image, 0, 0), VgaBench::palette(0x11));
    EXPECT_EQ(VgaBench::pixel(image, 319, 0), VgaBench::palette(0x22));
    EXPECT_EQ(VgaBench::pixel(image, 0, 1), VgaBench::palette(0x33));
    EXPECT_EQ(VgaBench::pixel(image, 319, 199), VgaBench::palette(0xfe));
    EXPECT_EQ(b.vga.text(), "");
}

TEST_F(Picture, UnchainedMode13hCountsBytes) {
    b.set_mode(mode_13);
    b.set(0x3c4, 4, 0x06);
    b.set(0x3d4, 0x14, 0x00);
    b.set(0x3d4, 0x17, 0xe3);
    b.set(0x3c4, 2, 0x04);
    b.window.write(80, 0x44);
    EXPECT_EQ(VgaBench::pixel(b.vga.image(), 2, 1), VgaBench::palette(0x44));
}

TEST_F(Picture, Mode12h) {
    b.set_mode(mode_12);
    b.set(0x3c4, 2, 0x05);
    b.window.write(80 * 479 + 79, 0x01);
    const Image image = b.vga.image();
    ASSERT_EQ(image.width, 640u);
    ASSERT_EQ(image.height, 480u);
    EXPECT_EQ(VgaBench::pixel(image, 639, 479), VgaBench::palette(5));
    EXPECT_EQ(VgaBench::pixel(image, 638, 479), VgaBench::palette(0));
}

TEST_F(Picture, CgaMode4InterleavesLines) {
    b.set_mode(mode_04);
    b.window.write(0x18000, 0x1b);           // line 0: pixels 0, 1, 2, 3
    b.window.write(0x18000 + 0x2000, 0xc0);  // line 1
    b.window.write(0x18000 + 81, 0x03);      // line 2, second byte
    const Image image = b.vga.image();
    ASSERT_EQ(image.width, 320u);
    ASSERT_EQ(image.height, 200u);
    EXPECT_EQ(VgaBench::pixel(image, 1, 0), VgaBench::palette(0x13));
    EXPECT_EQ(VgaBench::pixel(image, 3, 0), VgaBench::palette(0x17));
    EXPECT_EQ(VgaBench::pixel(image, 0, 1), VgaBench::palette(0x17));
    EXPECT_EQ(VgaBench::pixel(image, 7, 2), VgaBench::palette(0x17));
}

TEST_F(Picture, LineCompareSplitsTheScreen) {
    b.set_mode(mode_12);
    b.set(0x3d4, 0x0d, 80);  // the upper part starts with the second line
    b.set(0x3d4, 0x18, 99);
    b.set(0x3d4, 0x07, 0x2e);
    b.set(0x3d4, 0x09, 0x00);
    b.window.write(0, 0x80);
    const Image image = b.vga.image();
    EXPECT_EQ(VgaBench::pixel(image, 0, 0), VgaBench::palette(0));
    EXPECT_EQ(VgaBench::pixel(image, 0, 100), VgaBench::palette(0x3f));
}

TEST_F(Picture, BlankedScreenIsBlack) {
    b.set_mode(mode_13);
    b.window.write(0, 0x11);
    b.set(0x3c4, 1, 0x21);
    EXPECT_EQ(VgaBench::pixel(b.vga.image(), 0, 0), (Colour{0, 0, 0}));
}

TEST_F(Picture, PngFileHasSizeAndPixels) {
    b.set_mode(mode_13);
    b.window.write(321, 0x2a);
    const std::string path =
        (std::filesystem::temp_directory_path() / ("southgate-vga-" + std::to_string(::getpid()) + ".png"))
            .string();
    b.vga.write_png(path);
    png_image png{};
    png.version = PNG_IMAGE_VERSION;
    ASSERT_TRUE(png_image_begin_read_from_file(&png, path.c_str())) << png.message;
    png.format = PNG_FORMAT_RGB;
    std::vector<std::uint8_t> rgb(PNG_IMAGE_SIZE(png));
    ASSERT_TRUE(png_image_finish_read(&png, nullptr, rgb.data(), 0, nullptr));
    EXPECT_EQ(png.width, 320u);
    EXPECT_EQ(png.height, 200u);
    EXPECT_EQ(rgb, b.vga.image().rgb);
    EXPECT_EQ(rgb[3 * 321], VgaBench::palette(0x2a).red);
    std::filesystem::remove(path);
    try {
        b.vga.write_png("/nonexistent/screen.png");
        FAIL() << "expected an error";
    } catch (const std::runtime_error& error) {
        EXPECT_NE(std::string(error.what()).find("/nonexistent/screen.png"), std::string::npos);
        EXPECT_NE(std::string(error.what()).find("No such file"), std::string::npos);
    }
}

}  // namespace
}  // namespace southgate::chipset::video
