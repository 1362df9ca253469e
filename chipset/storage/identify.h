// The 256-word answer to IDENTIFY DEVICE and IDENTIFY PACKET DEVICE.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

namespace southgate::chipset::storage {

class IdentifyData {
  public:
    // `bytes`: 512 bytes, cleared here.
    explicit IdentifyData(std::span<std::uint8_t> bytes) : bytes_(bytes) { std::ranges::fill(bytes_, 0); }

    void word(unsigned index, unsigned value) {
        bytes_[2 * index] = static_cast<std::uint8_t>(value);
        bytes_[2 * index + 1] = static_cast<std::uint8_t>(value >> 8);
    }
    // `words` little-endian words from `index` on.
    void number(unsigned index, unsigned words, std::uint64_t value) {
        for (unsigned i = 0; i < words; ++i) word(index + i, static_cast<std::uint16_t>(value >> (16 * i)));
    }
    // Characters fill each word high byte first, padded with spaces (ATA/ATAPI-6, 3.2.9).
    void text(unsigned index, unsigned words, std::string_view text) {
        const auto at = [text](unsigned i) {
            return i < text.size() ? static_cast<std::uint8_t>(text[i]) : ' ';
        };
        for (unsigned i = 0; i < words; ++i)
            word(index + i, static_cast<unsigned>(at(2 * i)) << 8 | static_cast<unsigned>(at(2 * i + 1)));
    }

  private:
    std::span<std::uint8_t> bytes_;
};

// Words 63 and 88: the DMA modes supported and, in the high byte, the one selected by SET FEATURES 03h
// (`mode`: 20h + n multiword, 40h + n ultra).
constexpr unsigned multiword_dma_word(unsigned mode) {
    return 0x0007 | ((mode & 0xf8) == 0x20 ? 0x100u << (mode & 7) : 0);
}
constexpr unsigned ultra_dma_word(unsigned mode) {
    return 0x001f | ((mode & 0xf8) == 0x40 ? 0x100u << (mode & 7) : 0);
}
constexpr bool valid_dma_mode(unsigned mode) {
    return (mode >= 0x20 && mode <= 0x22) || (mode >= 0x40 && mode <= 0x44);
}
constexpr bool valid_pio_mode(unsigned mode) { return mode <= 0x01 || (mode >= 0x08 && mode <= 0x0c); }

}  // namespace southgate::chipset::storage
