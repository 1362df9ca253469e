// Turns the state of a VGA into a picture or into text, on demand and without changing anything.
//
// The picture has the size the mode has in pixels: lines and dots that the hardware doubles (mode 13h, CGA
// modes) appear once. Text is drawn with the loaded font and a steady cursor and without blinking.
#pragma once

#include <cstdint>
#include <string>

#include "chipset/video/image.h"
#include "chipset/video/vga_core.h"

namespace southgate::chipset::video {

class Renderer {
  public:
    explicit Renderer(const VgaCore& vga) : vga_(vga) {}

    Image image() const;
    // The rows of a text mode, top to bottom, in UTF-8, each without trailing blanks and with a line feed.
    // Empty in graphics modes.
    std::string text() const;

  private:
    bool text_mode() const { return !vga_.dispi.enabled() && !(vga_.graphics(6) & 1); }
    unsigned columns() const { return vga_.crtc(1) + 1u; }
    unsigned rows_of_scans() const { return (vga_.crtc(9) & 31u) + 1; }
    unsigned text_rows() const {
        return (vga_.visible_lines() / line_repeat() + rows_of_scans() - 1) / rows_of_scans();
    }
    // 2 if every line is scanned twice (CR09 bit 7).
    unsigned line_repeat() const { return vga_.crtc(9) & 0x80 ? 2 : 1; }
    unsigned start_address() const { return static_cast<unsigned>(vga_.crtc(0x0c) << 8 | vga_.crtc(0x0d)); }
    unsigned cursor_address() const { return static_cast<unsigned>(vga_.crtc(0x0e) << 8 | vga_.crtc(0x0f)); }
    unsigned row_pitch() const { return 2u * vga_.crtc(0x13); }
    // Plane address of a CRTC counter value in row scan `scan`.
    std::uint32_t plane_address(unsigned counter, unsigned scan) const;
    std::uint8_t character(unsigned row, unsigned column, unsigned plane) const;
    std::uint32_t font_of(std::uint8_t attribute) const;
    // Colour of a 4-bit pixel through the attribute controller.
    Colour colour_of(unsigned pixel) const;

    Image text_image() const;
    void draw_cell(Image& image, unsigned row, unsigned column, unsigned width, unsigned scan,
                   unsigned y) const;
    Image vga_image() const;
    void draw_line(Image& image, unsigned y, unsigned first_counter, unsigned scan) const;
    // Pixels of one character clock: 8 of 4 bits, or 4 of 8 bits.
    void shift_out(std::uint32_t address, std::uint8_t pixels[8]) const;
    Image linear_image() const;
    Colour linear_pixel(std::size_t line, unsigned x) const;

    const VgaCore& vga_;
};

}  // namespace southgate::chipset::video
