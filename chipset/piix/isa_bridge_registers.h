// Configuration registers of the PCI-ISA bridges beyond the standard header: PIIX3 (82371SB 290550,
// chapter 2.2) and PIIX4 (82371AB 290562, chapter 4.1), function 0.
#pragma once

#include <cstdint>
#include <span>

#include "chipset/registers/register.h"

namespace southgate::chipset::piix {

inline constexpr Field pirqrc_fields[] = {
    {"ROUTE", 0, 4, FieldAccess::rw, "ISA IRQ; 0, 1, 2, 8 and 13 are reserved and route nowhere"},
    {"", 4, 3, FieldAccess::reserved, ""},
    {"DISABLE", 7, 1, FieldAccess::rw, "no routing"},
};
inline constexpr std::uint32_t pirqrc_disable = 0x80, pirqrc_route = 0x0f;

inline constexpr std::uint32_t xbcs_rtc = 0x0001, xbcs_kbc = 0x0002, xbcs_bios_write = 0x0004,
                               xbcs_coprocessor_error = 0x0020, xbcs_lower_bios = 0x0040, xbcs_extended_bios = 0x0080, xbcs_1m_bios = 0x0200;
inline constexpr std::uint32_t apm_smi = 0x80;  // SMIEN.EAPMC and SMIREQ.RAPMC

constexpr RegisterInfo declare(const char* name, std::uint32_t offset, std::uint8_t width,
                               std::uint32_t reset, const char* source, std::span<const Field> fields = {}) {
    return {name, offset, width, reset, ResetDomain::platform, source, fields};
}

// Both chips.
inline constexpr RegisterInfo common[] = {
    declare("IORT", 0x4c, 1, 0x4d, "82371AB 290562 4.1.10 ISA I/O recovery timer"),
    declare("XBCS", 0x4e, 2, 0x0003, "82371AB 290562 4.1.11 X-bus chip select"),
    declare("PIRQRCA", 0x60, 1, 0x80, "82371AB 290562 4.1.12", pirqrc_fields),
    declare("PIRQRCB", 0x61, 1, 0x80, "82371AB 290562 4.1.12", pirqrc_fields),
    declare("PIRQRCC", 0x62, 1, 0x80, "82371AB 290562 4.1.12", pirqrc_fields),
    declare("PIRQRCD", 0x63, 1, 0x80, "82371AB 290562 4.1.12", pirqrc_fields),
    declare("TOM", 0x69, 1, 0x02, "82371AB 290562 4.1.14 top of memory for ISA masters (stored only)"),
    declare("MSTAT", 0x6a, 2, 0x0000, "82371AB 290562 4.1.15 miscellaneous status (stored only)"),
    declare("MBDMA0", 0x76, 1, 0x0c, "82371AB 290562 4.1.16 motherboard device DMA (stored only)"),
    declare("MBDMA1", 0x77, 1, 0x0c, "82371AB 290562 4.1.16 motherboard device DMA (stored only)"),
    declare("APICBASE", 0x80, 1, 0x00, "82371AB 290562 4.1.17 APIC base address relocation (stored only)"),
    declare("DLC", 0x82, 1, 0x00, "82371AB 290562 4.1.18 deterministic latency control (stored only)"),
};
inline constexpr RegisterInfo piix3[] = {
    declare("MBIRQ0", 0x70, 1, 0x80, "82371SB 290550 motherboard device IRQ route (stored only)"),
    declare("PCSC", 0x78, 2, 0x0002, "82371SB 290550 programmable chip select (stored only)"),
    declare("SMICNTL", 0xa0, 1, 0x08, "82371SB 290550 SMI control; bit 0 CSMIGATE"),
    declare("SMIEN", 0xa2, 2, 0x0000, "82371SB 290550 SMI enable; bit 7 EAPMC"),
    declare("SEE", 0xa4, 4, 0x00000000, "82371SB 290550 system event enable (stored only)"),
    declare("FTMR", 0xa8, 1, 0x0f, "82371SB 290550 fast-off timer (stored only)"),
    declare("SMIREQ", 0xaa, 2, 0x0000, "82371SB 290550 SMI request; bit 7 RAPMC; write 0 to clear"),
    declare("CTLTMRL", 0xac, 1, 0x00, "82371SB 290550 clock scale low (stored only)"),
    declare("CTLTMRH", 0xae, 1, 0x00, "82371SB 290550 clock scale high (stored only)"),
};
inline constexpr RegisterInfo piix4[] = {
    declare("SERIRQC", 0x64, 1, 0x10, "82371AB 290562 4.1.13 serial IRQ control (stored only)"),
    declare("DDMABP0", 0x92, 2, 0x0000, "82371AB 290562 4.1.20 distributed DMA base (stored only)"),
    declare("DDMABP1", 0x94, 2, 0x0000, "82371AB 290562 4.1.20 distributed DMA base (stored only)"),
    declare("GENCFG", 0xb0, 4, 0x00000000, "82371AB 290562 4.1.21 general configuration (stored only)"),
    declare("RTCCFG", 0xcb, 1, 0x21, "82371AB 290562 4.1.22 RTC configuration (stored only)"),
};

}  // namespace southgate::chipset::piix
