// CMOS contents that PC firmware expects to find: memory size, boot order, equipment, CPU count.
#pragma once

#include <array>
#include <cstdint>

namespace southgate::chipset {

// Two banks of 128 bytes; 00h-0Dh are the clock's own and ignored.
using CmosImage = std::array<std::uint8_t, 256>;

struct CmosSettings {
    std::uint64_t memory_below_4g = 128ull << 20;  // bytes of RAM from address 0, below the PCI hole
    std::uint64_t memory_above_4g = 0;             // bytes of RAM from 4 GiB up
    unsigned cpus = 1;                             // 1..256
    // Boot order, first device in the low nibble of 3Dh: 1 = floppy, 2 = hard disk, 3 = CD-ROM, 4 = network,
    // 0 = none.
    std::array<std::uint8_t, 3> boot_order{2, 3, 1};
    std::uint8_t century = 0x20;    // BCD, 32h
    std::uint8_t floppy_types = 0;  // 10h: drive A in the high nibble, 4 = 1.44 MB
    std::uint8_t equipment = 0x06;  // 14h: x87 and PS/2 pointing device present
};

// The layout of the IBM PC/AT as extended by QEMU and read by SeaBIOS, coreboot, U-Boot and OVMF: 15h-18h,
// 30h/31h (KiB above 1 MiB, at most 65535), 34h/35h (64 KiB units above 16 MiB), 5Bh-5Dh (64 KiB units above
// 4 GiB), 38h/3Dh boot order, 5Fh CPUs - 1, 2Eh/2Fh checksum of 10h-2Dh.
CmosImage cmos_defaults(const CmosSettings& settings);
inline CmosImage cmos_defaults(std::uint64_t memory_size) {
    CmosSettings settings;
    settings.memory_below_4g = memory_size;
    return cmos_defaults(settings);
}

}  // namespace southgate::chipset
