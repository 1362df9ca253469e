// The CPU's path to display memory: window decode, read and write modes, latches.
#include <bit>
#include <cstring>

#include "chipset/video/vga_core.h"

namespace southgate::chipset::video {

namespace {

constexpr std::uint8_t chain_4 = 0x08, sequential = 0x04;  // SR04
constexpr std::uint8_t odd_even_reads = 0x10;              // GR05
constexpr std::uint8_t chain_odd_even = 0x02;              // GR06

// Bits 0-3 of `mask` as four bytes of 00h or FFh, plane 0 first.
std::uint32_t spread(unsigned mask) {
    std::uint32_t value = 0;
    for (unsigned plane = 0; plane < 4; ++plane)
        if (mask >> plane & 1) value |= 0xffu << (8 * plane);
    return value;
}

std::uint32_t repeat(std::uint8_t byte) { return byte * 0x01010101u; }

}  // namespace

// With a linear mode enabled, A0000h-AFFFFh shows one 64 KiB bank of it.
bool VgaCore::linear(std::uint32_t offset, std::size_t& index) const {
    if (!dispi.enabled() || dispi.bits() == 4) return false;
    index = offset < 0x10000 ? dispi.bank_offset() + offset : memory_.size();
    return true;
}

bool VgaCore::locate(std::uint32_t offset, Place& place) const {
    if (!(misc_.value & 0x02)) return false;
    static constexpr struct {
        std::uint32_t first, size;
    } maps[4] = {{0, 0x20000}, {0, 0x10000}, {0x10000, 0x8000}, {0x18000, 0x8000}};
    const auto& map = maps[graphics(6) >> 2 & 3];
    if (offset < map.first || offset - map.first >= map.size) return false;
    std::uint32_t address = (offset - map.first) % plane_bytes;
    if (sequencer(4) & chain_4) {
        place.planes = 1u << (address & 3);
        place.read_plane = address & 3;
        address &= ~3u;
    } else {
        place.planes = 15;
        place.read_plane = graphics(4);
        const unsigned odd = address & 1;
        if (!(sequencer(4) & sequential)) place.planes = odd ? 0b1010 : 0b0101;
        if (graphics(5) & odd_even_reads) place.read_plane = (place.read_plane & 2) | odd;
        if (graphics(6) & chain_odd_even) address &= ~1u;
    }
    place.planes &= sequencer(2);
    // 16-colour modes of the display interface reach beyond 64 KiB through the bank register.
    if (dispi.enabled()) address += static_cast<std::uint32_t>(dispi.bank_offset());
    place.address = address;
    return std::size_t{address} * 4 + 4 <= memory_.size();
}

std::uint8_t VgaCore::read_window(std::uint32_t offset, bool debug) {
    if (std::size_t index = 0; linear(offset, index)) return index < memory_.size() ? memory_[index] : 0xff;
    Place place;
    if (!locate(offset, place)) return 0xff;
    std::uint32_t planes = 0;
    std::memcpy(&planes, &memory_[std::size_t{place.address} * 4], sizeof planes);
    if (!debug) latches_ = planes;
    if (!(graphics(5) & 0x08)) return static_cast<std::uint8_t>(planes >> (8 * place.read_plane));
    // Read mode 1: a bit is 1 where the pixel matches the colour compare register in all planes that care.
    const std::uint32_t differs = (planes ^ spread(graphics(2))) & spread(graphics(7));
    return static_cast<std::uint8_t>(~(differs | differs >> 8 | differs >> 16 | differs >> 24));
}

void VgaCore::write_window(std::uint32_t offset, std::uint8_t value) {
    if (std::size_t index = 0; linear(offset, index)) {
        if (index < memory_.size()) memory_[index] = value;
        return;
    }
    Place place;
    if (locate(offset, place)) write_planes(place, value);
}

void VgaCore::write_planes(const Place& place, std::uint8_t value) {
    const unsigned mode = graphics(5) & 3;
    const std::uint32_t set_reset = spread(graphics(0));
    const std::uint8_t rotated = std::rotr(value, graphics(3) & 7);
    std::uint32_t bit_mask = repeat(graphics(8)), data = 0;
    switch (mode) {
        case 0: {
            const std::uint32_t enabled = spread(graphics(1));
            data = (repeat(rotated) & ~enabled) | (set_reset & enabled);
            break;
        }
        case 1:
            break;
        case 2:
            data = spread(value & 15);
            break;
        case 3:
            data = set_reset;
            bit_mask = repeat(rotated & graphics(8));
            break;
    }
    if (mode == 1) {
        data = latches_;
    } else {
        switch (graphics(3) >> 3 & 3) {
            case 1:
                data &= latches_;
                break;
            case 2:
                data |= latches_;
                break;
            case 3:
                data ^= latches_;
                break;
        }
        data = (data & bit_mask) | (latches_ & ~bit_mask);
    }
    std::uint8_t* const target = &memory_[std::size_t{place.address} * 4];
    const std::uint32_t planes = spread(place.planes);
    std::uint32_t old = 0;
    std::memcpy(&old, target, sizeof old);
    data = (data & planes) | (old & ~planes);
    std::memcpy(target, &data, sizeof data);
}

}  // namespace southgate::chipset::video
