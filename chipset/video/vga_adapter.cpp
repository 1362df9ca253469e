#include "chipset/video/vga_adapter.h"

#include <algorithm>
#include <bit>
#include <stdexcept>

#include "chipset/video/renderer.h"

namespace southgate::chipset::video {

namespace {

constexpr std::uint32_t legacy_base = 0x3b0, legacy_count = 0x30;
constexpr std::uint32_t dispi_base = 0x1ce, dispi_count = 3;
constexpr std::uint32_t window_base = 0xa0000, window_bytes = 0x20000;
constexpr std::uint32_t mmio_bytes = 0x1000, mmio_vga = 0x400, mmio_dispi = 0x500;
constexpr std::uint32_t min_memory = 1 << 20, max_memory = 256 << 20;

// Display class: the ports and the window are there at once, with nothing but the command register in
// between.
constexpr PciIdentity vga_identity = {.vendor = 0x1234, .device = 0x1111, .class_code = 0x030000};

std::uint32_t checked_memory(std::uint32_t bytes) {
    if (!std::has_single_bit(bytes) || bytes < min_memory || bytes > max_memory)
        throw std::invalid_argument("VGA: memory must be a power of two from 1 MiB to 256 MiB");
    return bytes;
}

std::uint32_t rom_bar_bytes(std::size_t rom) {
    return static_cast<std::uint32_t>(std::bit_ceil(std::max<std::size_t>(rom, 2048)));
}

// An access of several bytes as single bytes, lowest address first, as the 8-bit device sees it.
template <typename ReadByte>
std::uint32_t each_byte(unsigned size, ReadByte read_byte) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < size; ++i) value |= static_cast<std::uint32_t>(read_byte(i)) << (8 * i);
    return value;
}

}  // namespace

VgaAdapter::VgaAdapter(const sc_core::sc_module_name& name, const VgaAdapterConfig& config)
    : PciFunction(name, vga_identity),
      rom_(config.option_rom),
      core_(device_name(), checked_memory(config.memory_bytes)),
      legacy_space_(
          [this](auto offset, auto size, const auto& context) {
              return each_byte(size, [&](unsigned i) {
                  return core_.read_port(static_cast<std::uint16_t>(legacy_base + offset + i), context);
              });
          },
          [this](auto offset, auto size, auto data, const auto& context) {
              for (unsigned i = 0; i < size; ++i)
                  core_.write_port(static_cast<std::uint16_t>(legacy_base + offset + i),
                                   static_cast<std::uint8_t>(data >> (8 * i)), context);
          }),
      dispi_space_([this](auto offset, auto size, const auto&) { return read_dispi_port(offset, size); },
                   [this](auto offset, auto size, auto data, const auto& context) {
                       write_dispi_port(offset, size, data, context);
                   }),
      window_space_(
          [this](auto offset, auto size, const auto& context) {
              return each_byte(size,
                               [&](unsigned i) { return core_.read_window(offset + i, context.debug); });
          },
          [this](auto offset, auto size, auto data, const auto&) {
              for (unsigned i = 0; i < size; ++i)
                  core_.write_window(offset + i, static_cast<std::uint8_t>(data >> (8 * i)));
          }),
      mmio_space_(
          [this](auto offset, auto size, const auto& context) { return read_mmio(offset, size, context); },
          [this](auto offset, auto size, auto data, const auto& context) {
              write_mmio(offset, size, data, context);
          }),
      frame_buffer("frame_buffer", core_.memory(), true) {
    add_window(PciSpace::io, legacy_base, legacy_count, legacy_ports);
    add_window(PciSpace::io, dispi_base, dispi_count, dispi_ports);
    add_window(PciSpace::memory, window_base, window_bytes, window);
    add_memory_bar(0, config.memory_bytes, true, frame_buffer);
    add_memory_bar(2, mmio_bytes, false, registers);
    if (rom_.empty()) return;
    rom_memory_ = std::make_unique<ByteMemory>("rom", rom_, false);
    add_rom_bar(rom_bar_bytes(rom_.size()), *rom_memory_);
}

// 1CEh is the index, 1CFh (and 1D0h, for hosts that align) the data, 16 bits each.
std::uint32_t VgaAdapter::read_dispi_port(std::uint32_t offset, unsigned size) const {
    const std::uint16_t value = offset == 0 ? core_.dispi.index() : core_.dispi.read(core_.dispi.index());
    return size == 1 ? value & 0xff : value | 0xffff0000;
}

void VgaAdapter::write_dispi_port(std::uint32_t offset, unsigned size, std::uint32_t data,
                                  const AccessContext& context) {
    if (context.debug || size != 2) return;
    if (offset == 0)
        core_.dispi.select(static_cast<std::uint16_t>(data));
    else
        core_.dispi.write(core_.dispi.index(), static_cast<std::uint16_t>(data));
}

std::uint32_t VgaAdapter::read_mmio(std::uint32_t offset, unsigned size, const AccessContext& context) {
    return each_byte(size, [&](unsigned i) -> std::uint8_t {
        const std::uint32_t at = offset + i;
        if (at >= mmio_vga && at < mmio_vga + 0x20)
            return core_.read_port(static_cast<std::uint16_t>(0x3c0 + at - mmio_vga), context);
        if (at >= mmio_dispi && at < mmio_dispi + 2 * Dispi::index_count) {
            const std::uint32_t index = (at - mmio_dispi) / 2;
            return static_cast<std::uint8_t>(core_.dispi.read(static_cast<std::uint16_t>(index)) >>
                                             (8 * (at & 1)));
        }
        return 0xff;
    });
}

void VgaAdapter::write_mmio(std::uint32_t offset, unsigned size, std::uint32_t data,
                            const AccessContext& context) {
    if (context.debug) return;
    if (offset >= mmio_dispi && offset % 2 == 0 && size % 2 == 0) {
        for (unsigned i = 0; i < size; i += 2)
            core_.dispi.write(static_cast<std::uint16_t>((offset + i - mmio_dispi) / 2),
                              static_cast<std::uint16_t>(data >> (8 * i)));
        return;
    }
    for (unsigned i = 0; i < size; ++i) {
        const std::uint32_t at = offset + i;
        if (at >= mmio_vga && at < mmio_vga + 0x20)
            core_.write_port(static_cast<std::uint16_t>(0x3c0 + at - mmio_vga),
                             static_cast<std::uint8_t>(data >> (8 * i)), context);
    }
}

Image VgaAdapter::image() const { return Renderer(core_).image(); }
std::string VgaAdapter::text() const { return Renderer(core_).text(); }
void VgaAdapter::write_png(const std::string& path) const { video::write_png(image(), path); }

}  // namespace southgate::chipset::video
