// What the option ROMs of direct boot share: the numbered fw_cfg items they read, and how the firmware gets them.
// Numbering: QEMU's, for its own ROMs of this kind.
#pragma once

#include <span>
#include <string>

#include "chipset/fw_cfg/fw_cfg.h"

namespace southgate::platform::boot_item {

using chipset::fw_cfg::Key;

inline constexpr Key kernel_address{0x07}, kernel_size{0x08}, initrd_address{0x0a}, initrd_size{0x0b},
    kernel_entry{0x10}, kernel_data{0x11}, initrd_data{0x12}, command_line_address{0x13}, command_line_size{0x14},
    command_line_data{0x15}, setup_address{0x16}, setup_size{0x17}, setup_data{0x18};

}  // namespace southgate::platform::boot_item

namespace southgate::platform {

// SeaBIOS runs every file of fw_cfg below genroms/ as an option ROM and boots it first if `bootorder` names it.
std::string boot_rom_file(const std::string& name);
std::string boot_rom_device(const std::string& name);
// Adds the assembled ROM with its checksum filled in.
void add_boot_rom(chipset::fw_cfg::FwCfg& device, const std::string& name, std::span<const std::uint8_t> image);

}  // namespace southgate::platform
