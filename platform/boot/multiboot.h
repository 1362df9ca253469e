// Direct boot of a multiboot kernel: fw_cfg items with the plan (platform/boot/multiboot_plan.h), and an option ROM
// that SeaBIOS runs to carry it out.
#pragma once

#include "chipset/fw_cfg/fw_cfg.h"
#include "platform/boot/multiboot_plan.h"

namespace southgate::platform {

// The option ROM's name (platform/boot/boot_rom.h).
inline constexpr const char* multiboot_rom = "multiboot";

// `ram_below_4g` in bytes; `text_screen`: there is a display adapter. Throws InputError if the kernel is none or things
// do not fit.
void add_multiboot(chipset::fw_cfg::FwCfg& device, const Multiboot& boot, std::uint64_t ram_below_4g, bool text_screen);

}  // namespace southgate::platform
