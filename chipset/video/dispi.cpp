#include "chipset/video/dispi.h"

#include <algorithm>

namespace southgate::chipset::video {

namespace {

constexpr std::uint16_t newest_id = 0xb0c5, oldest_id = 0xb0c0;
constexpr std::uint16_t enabled_bit = 0x01, capabilities_bit = 0x02, no_clear_bit = 0x80;
constexpr std::uint16_t enable_bits =
    0xe3;  // enabled, get capabilities, 8-bit DAC, linear frame buffer, no clear

bool supported(unsigned bits) {
    return bits == 4 || bits == 8 || bits == 15 || bits == 16 || bits == 24 || bits == 32;
}

}  // namespace

void Dispi::reset() {
    registers_ = {newest_id};
    index_ = 0;
}

std::uint16_t Dispi::read(std::uint16_t index) const {
    if (index >= index_count) return 0;
    if (registers_[enable] & capabilities_bit) {
        if (index == x_resolution) return max_width;
        if (index == y_resolution) return max_height;
        if (index == bits_per_pixel) return max_bits;
    }
    if (index == video_memory_64k) return static_cast<std::uint16_t>(memory_.size() >> 16);
    if (index == virtual_height && enabled()) {
        const std::size_t lines = line_bytes() ? memory_.size() / line_bytes() : 0;
        return static_cast<std::uint16_t>(std::min<std::size_t>(lines, 0xffff));
    }
    return registers_[index];
}

void Dispi::write(std::uint16_t index, std::uint16_t value) {
    switch (index) {
        case id:
            if (value >= oldest_id && value <= newest_id) registers_[id] = value;
            return;
        case x_resolution:
        case y_resolution:
        case bits_per_pixel:
            if (!enabled()) registers_[index] = value;
            return;
        case enable: {
            const bool was_enabled = enabled();
            registers_[enable] = value & enable_bits;
            if (enabled() && !was_enabled) enter_mode(!(value & no_clear_bit));
            return;
        }
        case bank:
            if (std::size_t{value} * 0x10000 < memory_.size()) registers_[bank] = value;
            return;
        case virtual_width:
            if (!enabled()) return;
            registers_[virtual_width] = static_cast<std::uint16_t>(std::max<unsigned>(value & ~7u, width()));
            if (line_bytes() * height() > memory_.size())
                registers_[virtual_width] = registers_[x_resolution];
            registers_[x_offset] = registers_[y_offset] = 0;
            return;
        case x_offset:
        case y_offset: {
            const std::uint16_t before = registers_[index];
            registers_[index] = value;
            if (start() + line_bytes() * height() > memory_.size()) registers_[index] = before;
            return;
        }
        default:
            return;
    }
}

std::size_t Dispi::line_bytes() const {
    return std::size_t{registers_[virtual_width]} * memory_bits(bits()) / 8;
}

std::size_t Dispi::start() const {
    return registers_[y_offset] * line_bytes() + std::size_t{registers_[x_offset]} * memory_bits(bits()) / 8;
}

void Dispi::enter_mode(bool clear) {
    if (!supported(bits())) registers_[bits_per_pixel] = 8;
    registers_[x_resolution] = static_cast<std::uint16_t>(std::clamp<unsigned>(width() & ~7u, 8, max_width));
    registers_[virtual_width] = registers_[x_resolution];
    const std::size_t lines = std::min<std::size_t>(memory_.size() / line_bytes(), max_height);
    registers_[y_resolution] = static_cast<std::uint16_t>(std::clamp<std::size_t>(height(), 1, lines));
    registers_[x_offset] = registers_[y_offset] = registers_[bank] = 0;
    if (clear) std::fill_n(memory_.begin(), line_bytes() * height(), std::uint8_t{0});
}

}  // namespace southgate::chipset::video
