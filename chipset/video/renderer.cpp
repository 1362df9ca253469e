#include "chipset/video/renderer.h"

#include <array>
#include <cstring>

#include "chipset/video/code_page_437.h"

namespace southgate::chipset::video {

namespace {

constexpr std::uint32_t plane_mask = VgaCore::plane_bytes - 1;
constexpr unsigned glyph_bytes = 32;

Image blank(unsigned width, unsigned height) {
    return {width, height, std::vector<std::uint8_t>(std::size_t{3} * width * height)};
}

void put(Image& image, unsigned x, unsigned y, const Colour& colour) {
    std::uint8_t* pixel = &image.rgb[3 * (std::size_t{y} * image.width + x)];
    pixel[0] = colour.red;
    pixel[1] = colour.green;
    pixel[2] = colour.blue;
}

}  // namespace

Image Renderer::image() const {
    if (vga_.dispi.enabled()) return linear_image();
    return text_mode() ? text_image() : vga_image();
}

std::string Renderer::text() const {
    std::string text;
    if (!text_mode()) return text;
    for (unsigned row = 0; row < text_rows(); ++row) {
        unsigned used = 0;
        for (unsigned column = 0; column < columns(); ++column) {
            const std::uint8_t c = character(row, column, 0);
            if (c != 0 && c != ' ') used = column + 1;
        }
        for (unsigned column = 0; column < used; ++column) append_utf8(text, character(row, column, 0));
        text += '\n';
    }
    return text;
}

// CR14 and CR17 say whether the counter steps bytes, words or dwords, and which row scan bits replace address
// bits 13 and 14 (CGA and Hercules interleave).
std::uint32_t Renderer::plane_address(unsigned counter, unsigned scan) const {
    const unsigned mode = vga_.crtc(0x17);
    counter &= 0xffff;
    std::uint32_t address = counter;
    if (vga_.crtc(0x14) & 0x40)
        address = counter << 2;  // chain-4 addresses have these bits cleared too
    else if (!(mode & 0x40))
        address = counter << 1 | (counter >> (mode & 0x20 ? 15 : 13) & 1);
    if (!(mode & 1)) address = (address & ~0x2000u) | (scan & 1) << 13;
    if (!(mode & 2)) address = (address & ~0x4000u) | (scan >> 1 & 1) << 14;
    return address & plane_mask;
}

std::uint8_t Renderer::character(unsigned row, unsigned column, unsigned plane) const {
    return vga_.plane_byte(plane, plane_address(start_address() + row * row_pitch() + column, 0));
}

Colour Renderer::colour_of(unsigned pixel) const {
    const unsigned mode = vga_.attribute(0x10), select = vga_.attribute(0x14);
    unsigned index = vga_.attribute(pixel & vga_.attribute(0x12) & 15) & 0x3f;
    if (mode & 0x80) index = (index & 15) | (select & 3) << 4;
    return vga_.colour(static_cast<std::uint8_t>(index | (select & 12) << 4));
}

// SR03: map A (attribute bit 3 = 1) in bits 5, 3, 2, map B in bits 4, 1, 0; maps 4-7 lie 8 KiB above maps
// 0-3.
std::uint32_t Renderer::font_of(std::uint8_t attribute) const {
    const unsigned select = vga_.sequencer(3);
    const bool map_a = attribute & 0x08;
    const unsigned slot = map_a ? select >> 2 & 3 : select & 3;
    const unsigned upper = map_a ? select >> 5 & 1 : select >> 4 & 1;
    return slot * 0x4000 + upper * 0x2000;
}

Image Renderer::text_image() const {
    const unsigned cell = vga_.sequencer(1) & 1 ? 8 : 9;
    Image image = blank(columns() * cell, vga_.visible_lines() / line_repeat());
    if (!vga_.display_enabled()) return image;
    for (unsigned y = 0; y < image.height; ++y)
        for (unsigned column = 0; column < columns(); ++column)
            draw_cell(image, y / rows_of_scans(), column, cell, y % rows_of_scans(), y);
    return image;
}

void Renderer::draw_cell(Image& image, unsigned row, unsigned column, unsigned width, unsigned scan,
                         unsigned y) const {
    const std::uint8_t code = character(row, column, 0), attribute = character(row, column, 1);
    const unsigned mode = vga_.attribute(0x10);
    unsigned glyph = vga_.plane_byte(2, (font_of(attribute) + code * glyph_bytes + scan) & plane_mask) * 2u;
    if ((mode & 0x04) && code >= 0xc0 && code <= 0xdf) glyph |= glyph >> 1 & 1;
    const bool monochrome = mode & 0x02;
    if (monochrome && (attribute & 7) == 1 && scan == (vga_.crtc(0x14) & 31u)) glyph = 0x1ff;
    const unsigned cursor_start = vga_.crtc(0x0a), cursor_end = vga_.crtc(0x0b) & 31u;
    const unsigned position = (start_address() + row * row_pitch() + column) & 0xffff;
    if (position == cursor_address() && !(cursor_start & 0x20) && scan >= (cursor_start & 31) &&
        scan <= cursor_end)
        glyph = 0x1ff;
    const Colour foreground = colour_of(attribute & 15);
    const Colour background = colour_of(attribute >> 4 & (mode & 0x08 ? 7 : 15));
    for (unsigned x = 0; x < width; ++x)
        put(image, column * width + x, y, glyph >> (8 - x) & 1 ? foreground : background);
}

Image Renderer::vga_image() const {
    const bool wide_pixels = vga_.graphics(5) & 0x40;
    const bool interleaved_scans = (vga_.crtc(0x17) & 3) != 3;
    // Row scans that show the same memory are one line of the picture.
    const unsigned repeat = line_repeat() * (interleaved_scans ? 1 : rows_of_scans());
    const unsigned lines = vga_.visible_lines();
    Image image = blank(columns() * (wide_pixels ? 4 : 8), (lines + repeat - 1) / repeat);
    if (!vga_.display_enabled()) return image;
    for (unsigned y = 0; y < image.height; ++y) {
        const unsigned line = y * repeat;
        const bool split = line > vga_.line_compare();
        const unsigned step = (split ? line - vga_.line_compare() - 1 : line) / line_repeat();
        const unsigned base = split ? 0 : start_address();
        draw_line(image, y, base + step / rows_of_scans() * row_pitch(), step % rows_of_scans());
    }
    return image;
}

void Renderer::draw_line(Image& image, unsigned y, unsigned first_counter, unsigned scan) const {
    const bool wide_pixels = vga_.graphics(5) & 0x40;
    const unsigned divide = vga_.crtc(0x14) & 0x20 ? 2 : vga_.crtc(0x17) & 0x08 ? 1 : 0;
    std::array<Colour, 16> colours;
    for (unsigned pixel = 0; pixel < 16; ++pixel) colours[pixel] = colour_of(pixel);
    std::uint8_t pixels[8];
    for (unsigned column = 0; column < columns(); ++column) {
        shift_out(plane_address(first_counter + (column >> divide), scan), pixels);
        for (unsigned i = 0; i < (wide_pixels ? 4 : 8); ++i)
            put(image, column * (wide_pixels ? 4 : 8) + i, y,
                wide_pixels ? vga_.colour(pixels[i]) : colours[pixels[i] & 15]);
    }
}

void Renderer::shift_out(std::uint32_t address, std::uint8_t pixels[8]) const {
    std::uint8_t planes[4];
    for (unsigned plane = 0; plane < 4; ++plane) planes[plane] = vga_.plane_byte(plane, address);
    const unsigned mode = vga_.graphics(5);
    if (mode & 0x40) {
        std::memcpy(pixels, planes, sizeof planes);
    } else if (mode & 0x20) {
        for (unsigned i = 0; i < 8; ++i) {
            const unsigned odd = i / 4, shift = 6 - 2 * (i % 4);
            pixels[i] =
                static_cast<std::uint8_t>((planes[odd] >> shift & 3) | (planes[odd + 2] >> shift & 3) << 2);
        }
    } else {
        for (unsigned i = 0; i < 8; ++i) {
            unsigned pixel = 0;
            for (unsigned plane = 0; plane < 4; ++plane) pixel |= (planes[plane] >> (7 - i) & 1u) << plane;
            pixels[i] = static_cast<std::uint8_t>(pixel);
        }
    }
}

Image Renderer::linear_image() const {
    const Dispi& dispi = vga_.dispi;
    Image image = blank(dispi.width(), dispi.height());
    for (unsigned y = 0; y < image.height; ++y) {
        const std::size_t line = dispi.start() + y * dispi.line_bytes();
        for (unsigned x = 0; x < image.width; ++x) put(image, x, y, linear_pixel(line, x));
    }
    return image;
}

Colour Renderer::linear_pixel(std::size_t line, unsigned x) const {
    const auto memory = vga_.memory();
    const auto scale = [](unsigned value, unsigned bits) {
        return static_cast<std::uint8_t>(value << (8 - bits) | value >> (2 * bits - 8));
    };
    switch (vga_.dispi.bits()) {
        case 4: {
            const std::size_t address = line / 4 + x / 8;
            unsigned pixel = 0;
            for (unsigned plane = 0; plane < 4; ++plane)
                pixel |= (memory[4 * address + plane] >> (7 - x % 8) & 1u) << plane;
            return colour_of(pixel);
        }
        case 8:
            return vga_.colour(memory[line + x]);
        case 15: {
            const unsigned p = memory[line + 2 * x] | memory[line + 2 * x + 1] << 8;
            return {scale(p >> 10 & 31, 5), scale(p >> 5 & 31, 5), scale(p & 31, 5)};
        }
        case 16: {
            const unsigned p = memory[line + 2 * x] | memory[line + 2 * x + 1] << 8;
            return {scale(p >> 11 & 31, 5), scale(p >> 5 & 63, 6), scale(p & 31, 5)};
        }
        default: {
            const std::size_t at = line + std::size_t{vga_.dispi.bits() / 8} * x;
            return {memory[at + 2], memory[at + 1], memory[at]};
        }
    }
}

}  // namespace southgate::chipset::video
