// The Bochs display interface: index and data registers of linear frame buffer modes (ports 1CEh and 1CFh, or
// 16-bit registers from 500h of the memory-mapped BAR). Source: Bochs "VBE DISPI" interface, version B0C5h.
//
// Width is cut to a multiple of 8 and to 2560, height to 1600, both to what fits into memory. Resolution and
// depth are taken over when the mode is enabled; until it is disabled again, writes to them are ignored.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace southgate::chipset::video {

class Dispi {
  public:
    enum Index : std::uint16_t {
        id = 0,
        x_resolution = 1,
        y_resolution = 2,
        bits_per_pixel = 3,
        enable = 4,
        bank = 5,
        virtual_width = 6,
        virtual_height = 7,
        x_offset = 8,
        y_offset = 9,
        video_memory_64k = 10,
        index_count = 11,
    };
    static constexpr std::uint16_t max_width = 2560, max_height = 1600, max_bits = 32;

    // `memory`: cleared when a mode is enabled without the no-clear bit. May be empty until set_memory().
    void set_memory(std::span<std::uint8_t> memory) { memory_ = memory; }

    std::uint16_t index() const { return index_; }
    void select(std::uint16_t index) { index_ = index; }
    std::uint16_t read(std::uint16_t index) const;
    void write(std::uint16_t index, std::uint16_t value);
    void reset();

    bool enabled() const { return registers_[enable] & 0x01; }
    bool eight_bit_palette() const { return registers_[enable] & 0x20; }
    unsigned width() const { return registers_[x_resolution]; }
    unsigned height() const { return registers_[y_resolution]; }
    unsigned bits() const { return registers_[bits_per_pixel]; }
    // Bytes from one line to the next (of all planes together with 4 bits per pixel), and of the first pixel.
    std::size_t line_bytes() const;
    std::size_t start() const;
    std::size_t bank_offset() const { return std::size_t{registers_[bank]} * 0x10000; }

  private:
    void enter_mode(bool clear);
    static unsigned memory_bits(unsigned bits) { return bits == 15 ? 16 : bits; }

    std::span<std::uint8_t> memory_;
    std::uint16_t index_ = 0;
    std::array<std::uint16_t, index_count> registers_{0xb0c5};
};

}  // namespace southgate::chipset::video
