// A VGA adapter on its own and the register values of the BIOS's standard modes (IBM PS/2 Hardware Interface
// TR).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "chipset/video/vga_adapter.h"
#include "tests/chipset/harness.h"

namespace southgate::chipset::video {

struct Mode {
    std::uint8_t misc;
    std::array<std::uint8_t, 5> sequencer;
    std::array<std::uint8_t, 25> crtc;
    std::array<std::uint8_t, 9> graphics;
    std::array<std::uint8_t, 21> attribute;
};

inline constexpr Mode mode_03 = {  // text, 80 x 25
    0x67,
    {0x03, 0x00, 0x03, 0x00, 0x02},
    {0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0x00, 0x4f, 0x0d, 0x0e, 0x00,
     0x00, 0x00, 0x00, 0x9c, 0x8e, 0x8f, 0x28, 0x1f, 0x96, 0xb9, 0xa3, 0xff},
    {0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0e, 0x00, 0xff},
    {0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x14, 0x07, 0x38, 0x39, 0x3a,
     0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 0x0c, 0x00, 0x0f, 0x08, 0x00}};
inline constexpr Mode mode_04 = {  // CGA, 320 x 200, 4 colours
    0x63,
    {0x03, 0x09, 0x03, 0x00, 0x02},
    {0x2d, 0x27, 0x28, 0x90, 0x2b, 0x80, 0xbf, 0x1f, 0x00, 0xc1, 0x00, 0x00, 0x00,
     0x00, 0x00, 0x00, 0x9c, 0x8e, 0x8f, 0x14, 0x00, 0x96, 0xb9, 0xa2, 0xff},
    {0x00, 0x00, 0x00, 0x00, 0x00, 0x30, 0x0f, 0x0f, 0xff},
    {0x00, 0x13, 0x15, 0x17, 0x02, 0x04, 0x06, 0x07, 0x10, 0x11, 0x12,
     0x13, 0x14, 0x15, 0x16, 0x17, 0x01, 0x00, 0x03, 0x00, 0x00}};
inline constexpr Mode mode_12 = {  // 640 x 480, 16 colours
    0xe3,
    {0x03, 0x01, 0x0f, 0x00, 0x06},
    {0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0x0b, 0x3e, 0x00, 0x40, 0x00, 0x00, 0x00,
     0x00, 0x00, 0x00, 0xea, 0x8c, 0xdf, 0x28, 0x00, 0xe7, 0x04, 0xe3, 0xff},
    {0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x0f, 0xff},
    {0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x14, 0x07, 0x38, 0x39, 0x3a,
     0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 0x01, 0x00, 0x0f, 0x00, 0x00}};
inline constexpr Mode mode_13 = {  // 320 x 200, 256 colours
    0x63,
    {0x03, 0x01, 0x0f, 0x00, 0x0e},
    {0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0xbf, 0x1f, 0x00, 0x41, 0x00, 0x00, 0x00,
     0x00, 0x00, 0x00, 0x9c, 0x8e, 0x8f, 0x28, 0x40, 0x96, 0xb9, 0xa3, 0xff},
    {0x00, 0x00, 0x00, 0x00, 0x00, 0x40, 0x05, 0x0f, 0xff},
    {0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a,
     0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x41, 0x00, 0x0f, 0x00, 0x00}};

struct VgaBench {
    explicit VgaBench(std::vector<std::uint8_t> rom = {})
        : vga("vga", VgaAdapterConfig{.memory_bytes = 16 << 20, .option_rom = std::move(rom)}) {}

    std::uint8_t in(unsigned port) { return static_cast<std::uint8_t>(ports.read(port - 0x3b0)); }
    void out(unsigned port, unsigned value, unsigned size = 1) { ports.write(port - 0x3b0, value, size); }
    void set(unsigned index_port, unsigned index, unsigned value) { out(index_port, index | value << 8, 2); }
    void dispi_write(unsigned index, unsigned value) {
        dispi.write(0, index, 2);
        dispi.write(1, value, 2);
    }
    unsigned dispi_read(unsigned index) {
        dispi.write(0, index, 2);
        return static_cast<unsigned>(dispi.read(1, 2));
    }
    void dispi_mode(unsigned width, unsigned height, unsigned bits, unsigned flags = 0) {
        dispi_write(Dispi::enable, 0);
        dispi_write(Dispi::x_resolution, width);
        dispi_write(Dispi::y_resolution, height);
        dispi_write(Dispi::bits_per_pixel, bits);
        dispi_write(Dispi::enable, 0x41 | flags);
    }
    void set_mode(const Mode& mode) {
        out(0x3c2, mode.misc);
        for (unsigned i = 0; i < mode.sequencer.size(); ++i) set(0x3c4, i, mode.sequencer[i]);
        set(0x3d4, 0x11, 0);  // lifts the write protection
        for (unsigned i = 0; i < mode.crtc.size(); ++i) set(0x3d4, i, mode.crtc[i]);
        for (unsigned i = 0; i < mode.graphics.size(); ++i) set(0x3ce, i, mode.graphics[i]);
        in(0x3da);
        for (unsigned i = 0; i < mode.attribute.size(); ++i) {
            out(0x3c0, i);
            out(0x3c0, mode.attribute[i]);
        }
        out(0x3c0, 0x20);
        out(0x3c8, 0);
        for (unsigned i = 0; i < 256; ++i)
            for (const unsigned component : {i & 63, (i >> 2) & 63, (i * 5) & 63}) out(0x3c9, component);
    }
    static Colour palette(unsigned index) {
        const auto widen = [](unsigned six) { return static_cast<std::uint8_t>(six << 2 | six >> 4); };
        return {widen(index & 63), widen((index >> 2) & 63), widen((index * 5) & 63)};
    }
    static Colour pixel(const Image& image, unsigned x, unsigned y) {
        const auto* p = image.pixel(x, y);
        return {p[0], p[1], p[2]};
    }
    void print(unsigned row, unsigned column, const std::string& text, std::uint8_t attribute = 0x07) {
        for (unsigned i = 0; i < text.size(); ++i)
            window.write(0x18000 + 2 * (row * 80 + column + i),
                         static_cast<std::uint8_t>(text[i]) | unsigned{attribute} << 8, 2);
    }

    VgaAdapter vga;
    test::Initiator ports{vga.legacy_ports}, dispi{vga.dispi_ports}, window{vga.window}, mmio{vga.registers},
        frame_buffer{vga.frame_buffer}, config{vga.config};
    test::LineDriver pcirst{vga.pcirst};
};

inline void PrintTo(const Colour& colour, std::ostream* out) {
    *out << "rgb(" << int{colour.red} << ", " << int{colour.green} << ", " << int{colour.blue} << ")";
}

}  // namespace southgate::chipset::video
