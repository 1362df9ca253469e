// Configuration registers of the 82441FX PMC beyond the standard header: 290549, chapter 3.2.
#pragma once

#include <cstdint>
#include <span>

#include "chipset/registers/register.h"

namespace southgate::chipset::pmc {

inline constexpr Field pam_fields[] = {
    {"RE_LO", 0, 1, FieldAccess::rw, "lower segment: reads go to DRAM"},
    {"WE_LO", 1, 1, FieldAccess::rw, "lower segment: writes go to DRAM"},
    {"CE_LO", 2, 1, FieldAccess::rw, "lower segment is cacheable (stored only)"},
    {"", 3, 1, FieldAccess::reserved, ""},
    {"RE_HI", 4, 1, FieldAccess::rw, "upper segment: reads go to DRAM"},
    {"WE_HI", 5, 1, FieldAccess::rw, "upper segment: writes go to DRAM"},
    {"CE_HI", 6, 1, FieldAccess::rw, "upper segment is cacheable (stored only)"},
    {"", 7, 1, FieldAccess::reserved, ""},
};
// PAM0 governs one segment, F0000h-FFFFFh, with its upper half.
inline constexpr Field pam0_fields[] = {
    {"", 0, 4, FieldAccess::reserved, ""},
    {"RE", 4, 1, FieldAccess::rw, "F0000h-FFFFFh: reads go to DRAM"},
    {"WE", 5, 1, FieldAccess::rw, "F0000h-FFFFFh: writes go to DRAM"},
    {"CE", 6, 1, FieldAccess::rw, "F0000h-FFFFFh is cacheable (stored only)"},
    {"", 7, 1, FieldAccess::reserved, ""},
};
inline constexpr Field fdhc_fields[] = {
    {"", 0, 6, FieldAccess::reserved, ""},
    {"HEN", 6, 2, FieldAccess::rw, "fixed hole: 0 none, 1 512-640 KiB, 2 15-16 MiB"},
};
inline constexpr Field smram_fields[] = {
    {"C_BASE_SEG", 0, 3, FieldAccess::ro, "SMRAM at A0000h-BFFFFh"},
    {"G_SMRAME", 3, 1, FieldAccess::rw, "SMRAM is enabled"},
    {"D_LCK", 4, 1, FieldAccess::rw, "locks D_OPEN and G_SMRAME until reset"},
    {"D_CLS", 5, 1, FieldAccess::rw, "closes D_OPEN"},
    {"D_OPEN", 6, 1, FieldAccess::rw, "SMRAM is visible outside SMM"},
    {"", 7, 1, FieldAccess::reserved, ""},
};
inline constexpr Field errsts_fields[] = {
    {"SBEF", 0, 1, FieldAccess::w1c, "single-bit error"},
    {"", 1, 3, FieldAccess::reserved, ""},
    {"MBEF", 4, 1, FieldAccess::w1c, "multi-bit error"},
    {"", 5, 3, FieldAccess::reserved, ""},
};
inline constexpr Field trc_fields[] = {
    {"DEM", 0, 1, FieldAccess::rw, "deturbo mode (stored only)"},
    {"SHRE", 1, 1, FieldAccess::rw, "reset type: 0 INIT, 1 hard reset"},
    {"RCPU", 2, 1, FieldAccess::rw, "0 to 1 starts the reset chosen by SHRE"},
    {"BISTE", 3, 1, FieldAccess::rw, "BIST on the next hard reset (stored only)"},
    {"", 4, 4, FieldAccess::reserved, ""},
};

inline constexpr std::uint8_t smram_open = 0x40, smram_closed = 0x20, smram_lock = 0x10, smram_enable = 0x08;
inline constexpr std::uint8_t trc_hard = 0x02, trc_fire = 0x04;

constexpr RegisterInfo declare(const char* name, std::uint32_t offset, std::uint8_t width,
                               std::uint32_t reset, const char* source, std::span<const Field> fields = {}) {
    return {name, offset, width, reset, ResetDomain::platform, source, fields};
}

inline constexpr RegisterInfo registers[] = {
    declare("PMCCFG", 0x50, 2, 0x0000, "82441FX 290549 3.2.13 PMC configuration"),
    declare("DETURBO", 0x52, 1, 0x00, "82441FX 290549 3.2.14"),
    declare("DBC", 0x53, 1, 0x80, "82441FX 290549 3.2.15"),
    declare("AXC", 0x54, 1, 0x00, "82441FX 290549 3.2.16"),
    declare("DRT", 0x55, 2, 0x0000, "82441FX 290549 3.2.17"),
    declare("DRAMC", 0x57, 1, 0x01, "82441FX 290549 DRAM control"),
    declare("DRAMT", 0x58, 1, 0x10, "82441FX 290549 DRAM timing"),
    declare("PAM0", 0x59, 1, 0x00, "82441FX 290549 3.2.18", pam0_fields),
    declare("PAM1", 0x5a, 1, 0x00, "82441FX 290549 3.2.18", pam_fields),
    declare("PAM2", 0x5b, 1, 0x00, "82441FX 290549 3.2.18", pam_fields),
    declare("PAM3", 0x5c, 1, 0x00, "82441FX 290549 3.2.18", pam_fields),
    declare("PAM4", 0x5d, 1, 0x00, "82441FX 290549 3.2.18", pam_fields),
    declare("PAM5", 0x5e, 1, 0x00, "82441FX 290549 3.2.18", pam_fields),
    declare("PAM6", 0x5f, 1, 0x00, "82441FX 290549 3.2.18", pam_fields),
    declare("DRB0", 0x60, 1, 0x01, "82441FX 290549 3.2.19"),
    declare("DRB1", 0x61, 1, 0x01, "82441FX 290549 3.2.19"),
    declare("DRB2", 0x62, 1, 0x01, "82441FX 290549 3.2.19"),
    declare("DRB3", 0x63, 1, 0x01, "82441FX 290549 3.2.19"),
    declare("DRB4", 0x64, 1, 0x01, "82441FX 290549 3.2.19"),
    declare("DRB5", 0x65, 1, 0x01, "82441FX 290549 3.2.19"),
    declare("DRB6", 0x66, 1, 0x01, "82441FX 290549 3.2.19"),
    declare("DRB7", 0x67, 1, 0x01, "82441FX 290549 3.2.19"),
    declare("FDHC", 0x68, 1, 0x00, "82441FX 290549 3.2.20", fdhc_fields),
    declare("MTT", 0x70, 1, 0x20, "82441FX 290549 multi-transaction timer"),
    declare("CLT", 0x71, 1, 0x10, "82441FX 290549 CPU latency timer"),
    declare("SMRAM", 0x72, 1, 0x02, "82441FX 290549 3.2.24", smram_fields),
    declare("ERRCMD", 0x90, 1, 0x00, "82441FX 290549 error command"),
    declare("ERRSTS", 0x91, 1, 0x00, "82441FX 290549 error status", errsts_fields),
    declare("TRC", 0x93, 1, 0x00, "82441FX 290549 turbo reset control", trc_fields),
};

}  // namespace southgate::chipset::pmc
