// The fw_cfg items SeaBIOS, coreboot, U-Boot and OVMF expect from a PC of type i440FX ("pc").
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chipset/fw_cfg/fw_cfg.h"

namespace southgate::chipset::fw_cfg {

struct PcItems {
    std::uint64_t ram_below_4g = 0;  // bytes from address 0
    std::uint64_t ram_above_4g = 0;  // bytes from address 4 GiB
    unsigned cpus = 1;
    unsigned max_cpus = 1;
    bool nographic = false;
    // SeaBIOS waits this long, in ms, after "No bootable device." before it reboots; 2^32 - 1: for ever.
    std::uint32_t boot_fail_wait = 0xffffffff;
    bool boot_menu = false;
    // OpenFirmware device paths, best first, e.g. "/pci@i0cf8/ide@1,1/drive@0/disk@0"; empty: no bootorder
    // file.
    std::vector<std::string> boot_order = {};
    bool irq0_override = true;  // IRQ0 is wired to IOAPIC input 2
};

void add_pc_items(FwCfg& device, const PcItems& items);

}  // namespace southgate::chipset::fw_cfg
