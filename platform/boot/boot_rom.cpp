#include "platform/boot/boot_rom.h"

#include <numeric>
#include <vector>

namespace southgate::platform {

std::string boot_rom_file(const std::string& name) { return "genroms/southgate_" + name + ".bin"; }

std::string boot_rom_device(const std::string& name) { return "/rom@" + boot_rom_file(name); }

void add_boot_rom(chipset::fw_cfg::FwCfg& device, const std::string& name, std::span<const std::uint8_t> image) {
    std::vector<std::uint8_t> rom(image.begin(), image.end());
    // All bytes of an option ROM add up to 0.
    rom.back() = static_cast<std::uint8_t>(-std::accumulate(rom.begin(), rom.end() - 1, 0));
    device.add_file(boot_rom_file(name), std::move(rom));
}

}  // namespace southgate::platform
