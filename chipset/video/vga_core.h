// The VGA proper: registers, colour table and planar memory, without any bus. IBM PS/2 Hardware Interface
// Technical Reference, Video Subsystem. Not modelled: pel panning, preset row scan, light pen, cursor skew,
// DAC snow, the video subsystem enable of 3C3h (storage only).
//
// Planes are interleaved: byte `a` of plane `p` is memory byte 4 * a + p. Addressing is that of the chip with
// 64 KiB planes: chain-4 and odd/even addresses keep their low bits cleared, and the CRTC counts in bytes,
// words or dwords.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "chipset/registers/register.h"
#include "chipset/video/dispi.h"
#include "chipset/video/vga_registers.h"

namespace southgate::chipset::video {

struct Colour {
    std::uint8_t red, green, blue;
    bool operator==(const Colour&) const = default;
};

class VgaCore {
  public:
    static constexpr std::uint32_t plane_bytes = 0x10000;

    // `memory_bytes`: at least 256 KiB. `device` names it to the observer.
    VgaCore(const char* device, std::size_t memory_bytes);

    // Ports 3B0h-3DFh, one byte.
    std::uint8_t read_port(std::uint16_t port, const AccessContext& context);
    void write_port(std::uint16_t port, std::uint8_t value, const AccessContext& context);

    // The window A0000h-BFFFFh; `offset` from A0000h.
    std::uint8_t read_window(std::uint32_t offset, bool debug);
    void write_window(std::uint32_t offset, std::uint8_t value);

    // PCIRST#: registers are reset, memory and colour table are kept.
    void reset();

    std::span<std::uint8_t> memory() { return memory_; }
    std::span<const std::uint8_t> memory() const { return memory_; }
    std::uint8_t plane_byte(unsigned plane, std::uint32_t address) const {
        return memory_[4 * address + plane];
    }
    std::uint8_t sequencer(unsigned index) const { return sequencer_[index]; }
    std::uint8_t crtc(unsigned index) const { return crtc_[index]; }
    std::uint8_t graphics(unsigned index) const { return graphics_[index]; }
    std::uint8_t attribute(unsigned index) const { return attribute_[index]; }
    // Entry of the colour table behind the pel mask, 8 bits a component.
    Colour colour(std::uint8_t index) const;
    // Neither the palette address source nor the sequencer blanks the screen.
    bool display_enabled() const { return (attribute_index_ & 0x20) && !(sequencer(1) & 0x20); }
    // Scan lines of the visible picture and number of the line where the split screen begins.
    unsigned visible_lines() const { return crtc_line(0x12, 1, 6) + 1; }
    unsigned line_compare() const;

    Dispi dispi;

  private:
    std::uint8_t read_crtc_port(std::uint16_t port, const AccessContext& context);
    void write_crtc(std::uint8_t value, const AccessContext& context);
    void write_attribute_port(std::uint8_t value, const AccessContext& context);
    std::uint8_t read_palette(bool debug);
    void write_palette(std::uint8_t value);
    std::uint8_t input_status_1(const AccessContext& context);
    bool colour_ports() const { return misc_.value & 1; }
    // A 10-bit line number: a register and two bits of the overflow register.
    unsigned crtc_line(unsigned reg, unsigned bit_8, unsigned bit_9) const;

    // Window address to plane address and the planes it reaches. False: not decoded.
    struct Place {
        std::uint32_t address;
        unsigned planes;  // mask
        unsigned read_plane;
    };
    bool locate(std::uint32_t offset, Place& place) const;
    bool linear(std::uint32_t offset, std::size_t& index) const;
    void write_planes(const Place& place, std::uint8_t value);

    IndexedRegisters sequencer_, crtc_, graphics_, attribute_;
    Register misc_, feature_;
    const char* device_;
    std::uint8_t sequencer_index_ = 0, crtc_index_ = 0, graphics_index_ = 0, attribute_index_ = 0;
    bool attribute_data_next_ = false;  // flip-flop of 3C0h
    std::uint8_t enable_ = 1;           // 3C3h

    std::array<std::array<std::uint8_t, 3>, 256> palette_{};
    std::uint8_t pel_mask_ = 0xff;
    std::uint8_t palette_read_ = 0, palette_write_ = 0, palette_component_ = 0;
    bool palette_reading_ = false;

    std::vector<std::uint8_t> memory_;
    std::uint32_t latches_ = 0;  // one byte a plane
};

}  // namespace southgate::chipset::video
