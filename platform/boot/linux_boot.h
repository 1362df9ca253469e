// Direct boot of a Linux kernel: the kernel, its initramfs and its command line handed to the firmware through
// fw_cfg, with an option ROM that loads and enters them. SeaBIOS runs the ROM; qboot and OVMF read the items
// themselves. Source: Linux boot protocol (Documentation/arch/x86/boot.rst); QEMU's numbering of the fw_cfg items.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chipset/fw_cfg/fw_cfg.h"

namespace southgate::platform {

struct LinuxBoot {
    std::string name;                   // of the kernel's file, for messages
    std::vector<std::uint8_t> kernel;   // bzImage, boot protocol 2.02 or later
    std::vector<std::uint8_t> initrd;   // empty: none
    std::string command_line;
};

// The option ROM's name (platform/boot/boot_rom.h).
inline constexpr const char* linux_boot_rom = "linux";

bool has_linux_header(const std::vector<std::uint8_t>& file);

// `ram_below_4g` in bytes. Throws InputError if the kernel is none or things do not fit.
void add_linux_boot(chipset::fw_cfg::FwCfg& device, const LinuxBoot& boot, std::uint64_t ram_below_4g);

}  // namespace southgate::platform
