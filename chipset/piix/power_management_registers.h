// Registers of PIIX4 function 3 (82371AB 290562): configuration space (chapter 7.1) and power management I/O
// (7.2).
#pragma once

#include <cstdint>
#include <span>

#include "chipset/registers/register.h"

namespace southgate::chipset::piix_pm {

// Bits of the I/O registers.
inline constexpr std::uint32_t tmrof = 1u << 0, bm_sts = 1u << 4, gbl = 1u << 5, pwrbtn = 1u << 8,
                               rtc = 1u << 10, pwrbtnor = 1u << 11, rsm_sts = 1u << 15;
inline constexpr std::uint32_t sci_en = 1u << 0, gbl_rls = 1u << 2, sus_en = 1u << 13;
inline constexpr unsigned sus_typ_lsb = 10;
inline constexpr std::uint32_t sus_typ = 7u << sus_typ_lsb;
inline constexpr std::uint32_t sus_typ_soft_off = 0, sus_typ_suspend_to_ram = 1;  // 2-4: powered on suspend
inline constexpr std::uint32_t glb_bios = 1u << 0, glb_apm = 1u << 5, glb_pm1 = 1u << 6, glb_gp = 1u << 7;
inline constexpr std::uint32_t glben_bios = 1u << 1;
inline constexpr std::uint32_t smi_en = 1u << 0, bios_rls = 1u << 1;
// Bits of the configuration registers.
inline constexpr std::uint32_t devactb_apmc_en = 1u << 25, pmregmisc_pmiose = 1u << 0, smb_host_en = 1u << 0;

inline constexpr Field pmba_fields[] = {
    {"RTE", 0, 1, FieldAccess::ro, "I/O space"},
    {"", 1, 5, FieldAccess::reserved, ""},
    {"BASE", 6, 10, FieldAccess::rw, "base address of 64 ports"},
    {"", 16, 16, FieldAccess::reserved, ""},
};
inline constexpr Field smbba_fields[] = {
    {"RTE", 0, 1, FieldAccess::ro, "I/O space"},
    {"", 1, 3, FieldAccess::reserved, ""},
    {"BASE", 4, 12, FieldAccess::rw, "base address of 16 ports"},
    {"", 16, 16, FieldAccess::reserved, ""},
};
inline constexpr Field pmregmisc_fields[] = {
    {"PMIOSE", 0, 1, FieldAccess::rw, "power management I/O is decoded"},
    {"", 1, 7, FieldAccess::reserved, ""},
};
inline constexpr Field smbhstcfg_fields[] = {
    {"SMB_HST_EN", 0, 1, FieldAccess::rw, "SMBus host is enabled"},
    {"SMB_INTRSEL", 1, 3, FieldAccess::rw, "interrupt: 0 SMI#, 4 IRQ9"},
    {"", 4, 4, FieldAccess::reserved, ""},
};
inline constexpr Field pmsts_fields[] = {
    {"TMROF_STS", 0, 1, FieldAccess::w1c, "bit 23 of the timer changed"},
    {"", 1, 3, FieldAccess::reserved, ""},
    {"BM_STS", 4, 1, FieldAccess::w1c, "a bus master asked for the bus"},
    {"GBL_STS", 5, 1, FieldAccess::w1c, "BIOS_RLS was written"},
    {"", 6, 2, FieldAccess::reserved, ""},
    {"PWRBTN_STS", 8, 1, FieldAccess::w1c, "the power button was pressed"},
    {"", 9, 1, FieldAccess::reserved, ""},
    {"RTC_STS", 10, 1, FieldAccess::w1c, "IRQ8 was asserted"},
    {"PWRBTNOR_STS", 11, 1, FieldAccess::w1c, "the power button was held for 4 s"},
    {"", 12, 3, FieldAccess::reserved, ""},
    {"RSM_STS", 15, 1, FieldAccess::w1c, "the system resumed from suspend or soft off"},
};
inline constexpr Field pmen_fields[] = {
    {"TMROF_EN", 0, 1, FieldAccess::rw, "timer overflow makes SCI or SMI"},
    {"", 1, 4, FieldAccess::reserved, ""},
    {"GBL_EN", 5, 1, FieldAccess::rw, "GBL_STS makes SCI"},
    {"", 6, 2, FieldAccess::reserved, ""},
    {"PWRBTN_EN", 8, 1, FieldAccess::rw, "power button makes SCI or SMI"},
    {"", 9, 1, FieldAccess::reserved, ""},
    {"RTC_EN", 10, 1, FieldAccess::rw, "RTC alarm makes SCI, SMI or a resume"},
    {"", 11, 5, FieldAccess::reserved, ""},
};
inline constexpr Field pmcntrl_fields[] = {
    {"SCI_EN", 0, 1, FieldAccess::rw, "events make SCI instead of SMI"},
    {"BRLD_EN_BM", 1, 1, FieldAccess::rw, "bus master activity leaves C3 (stored only)"},
    {"GBL_RLS", 2, 1, FieldAccess::wo, "sets BIOS_STS"},
    {"", 3, 7, FieldAccess::reserved, ""},
    {"SUS_TYP", 10, 3, FieldAccess::rw, "0 soft off, 1 suspend to RAM, 2-4 powered on suspend"},
    {"SUS_EN", 13, 1, FieldAccess::wo, "enters the state of SUS_TYP"},
    {"", 14, 2, FieldAccess::reserved, ""},
};
inline constexpr Field timer_fields[] = {
    {"TMR_VAL", 0, 24, FieldAccess::ro, "3.579545 MHz counter"},
    {"", 24, 8, FieldAccess::reserved, ""},
};
inline constexpr Field gpsts_fields[] = {
    {"THRM_STS", 0, 1, FieldAccess::w1c, "THRM#"},
    {"", 1, 7, FieldAccess::reserved, ""},
    {"USB_STS", 8, 1, FieldAccess::w1c, "USB resume"},
    {"GPI_STS", 9, 1, FieldAccess::w1c, "GPI1#"},
    {"RI_STS", 10, 1, FieldAccess::w1c, "ring indicate"},
    {"LID_STS", 11, 1, FieldAccess::w1c, "lid"},
    {"", 12, 4, FieldAccess::reserved, ""},
};
inline constexpr Field gpen_fields[] = {
    {"THRM_EN", 0, 1, FieldAccess::rw, "THRM#"},
    {"", 1, 7, FieldAccess::reserved, ""},
    {"USB_EN", 8, 1, FieldAccess::rw, "USB resume"},
    {"GPI_EN", 9, 1, FieldAccess::rw, "GPI1#"},
    {"RI_EN", 10, 1, FieldAccess::rw, "ring indicate"},
    {"LID_EN", 11, 1, FieldAccess::rw, "lid"},
    {"", 12, 4, FieldAccess::reserved, ""},
};
inline constexpr Field glbsts_fields[] = {
    {"BIOS_STS", 0, 1, FieldAccess::w1c, "GBL_RLS was written"},
    {"LEGACY_USB_STS", 1, 1, FieldAccess::w1c, "keyboard controller access"},
    {"P4MA_STS", 2, 1, FieldAccess::w1c, "USB controller access"},
    {"", 3, 1, FieldAccess::reserved, ""},
    {"DEV_STS", 4, 1, FieldAccess::ro, "any bit of DEVSTS"},
    {"APM_STS", 5, 1, FieldAccess::w1c, "APMC was written"},
    {"PM1_STS", 6, 1, FieldAccess::ro, "any enabled bit of PMSTS"},
    {"GP_STS", 7, 1, FieldAccess::ro, "any enabled bit of GPSTS"},
    {"GSTBY_STS", 8, 1, FieldAccess::w1c, "global standby timer"},
    {"", 9, 1, FieldAccess::reserved, ""},
    {"EXTSMI_STS", 10, 1, FieldAccess::w1c, "EXTSMI#"},
    {"IRQ_RSM_STS", 11, 1, FieldAccess::w1c, "interrupt resume"},
    {"", 12, 4, FieldAccess::reserved, ""},
};
inline constexpr Field glbctl_fields[] = {
    {"SMI_EN", 0, 1, FieldAccess::rw, "SMI# is generated"},
    {"BIOS_RLS", 1, 1, FieldAccess::wo, "sets GBL_STS"},
    {"", 2, 14, FieldAccess::rw, "stored only"},
    {"EOS", 16, 1, FieldAccess::rw, "end of SMI (stored only: SMI# is a pulse for each event)"},
    {"", 17, 15, FieldAccess::rw, "stored only"},
};
inline constexpr Field level_fields[] = {
    {"", 0, 8, FieldAccess::ro, "a read enters a clock control state (no effect)"}};
inline constexpr Field input_fields[] = {{"GPI", 0, 24, FieldAccess::ro, "general purpose inputs"}};
inline constexpr Field devsts_fields[] = {{"DEV_STS", 0, 32, FieldAccess::w1c, "device activity"}};

constexpr RegisterInfo config(const char* name, std::uint32_t offset, std::uint8_t width, std::uint32_t reset,
                              std::span<const Field> fields = {}) {
    return {name, offset, width, reset, ResetDomain::platform, "82371AB 290562 7.1", fields};
}

inline constexpr RegisterInfo config_registers[] = {
    config("PMBA", 0x40, 4, 0x00000001, pmba_fields),
    config("CNTA", 0x44, 4, 0),
    config("CNTB", 0x48, 4, 0),
    config("GPICTL", 0x4c, 4, 0),
    config("DEVRESD", 0x50, 4, 0),
    config("DEVACTA", 0x54, 4, 0),
    config("DEVACTB", 0x58, 4, 0),
    config("DEVRESA", 0x5c, 4, 0),
    config("DEVRESB", 0x60, 4, 0),
    config("DEVRESC", 0x64, 4, 0),
    config("DEVRESE", 0x68, 4, 0),
    config("DEVRESF", 0x6c, 4, 0),
    config("DEVRESG", 0x70, 4, 0),
    config("DEVRESH", 0x74, 4, 0),
    config("DEVRESI", 0x78, 4, 0),
    config("DEVRESJ", 0x7c, 4, 0),
    config("PMREGMISC", 0x80, 1, 0, pmregmisc_fields),
    config("SMBBA", 0x90, 4, 0x00000001, smbba_fields),
    config("SMBHSTCFG", 0xd2, 1, 0, smbhstcfg_fields),
    config("SMBSLVC", 0xd3, 1, 0),
    config("SMBSHDW1", 0xd4, 1, 0),
    config("SMBSHDW2", 0xd5, 1, 0),
};

constexpr RegisterInfo pm(const char* name, std::uint32_t offset, std::uint8_t width, std::uint32_t reset,
                          ResetDomain domain, std::span<const Field> fields = {}, bool synchronise = false) {
    return {name, offset, width, reset, domain, "82371AB 290562 7.2", fields, synchronise};
}

// Status, wake enables and SUS_TYP live in the suspend well and survive suspend and soft off; a hard reset by
// CF9h reloads them, too (4.2.7.1, RC).
inline constexpr RegisterInfo pm_registers[] = {
    pm("PMSTS", 0x00, 2, 0, ResetDomain::resume_well, pmsts_fields, true),
    pm("PMEN", 0x02, 2, 0, ResetDomain::resume_well, pmen_fields, true),
    pm("PMCNTRL", 0x04, 2, 0, ResetDomain::resume_well, pmcntrl_fields, true),
    pm("PMTMR", 0x08, 4, 0, ResetDomain::platform, timer_fields, true),
    pm("GPSTS", 0x0c, 2, 0, ResetDomain::resume_well, gpsts_fields, true),
    pm("GPEN", 0x0e, 2, 0, ResetDomain::resume_well, gpen_fields, true),
    pm("PCNTRL", 0x10, 4, 0, ResetDomain::platform),
    pm("PLVL2", 0x14, 1, 0, ResetDomain::platform, level_fields),
    pm("PLVL3", 0x15, 1, 0, ResetDomain::platform, level_fields),
    pm("GLBSTS", 0x18, 2, 0, ResetDomain::platform, glbsts_fields),
    pm("DEVSTS", 0x1c, 4, 0, ResetDomain::platform, devsts_fields),
    pm("GLBEN", 0x20, 2, 0, ResetDomain::platform),
    pm("GLBCTL", 0x28, 4, 0, ResetDomain::platform, glbctl_fields, true),
    pm("DEVCTL", 0x2c, 4, 0, ResetDomain::platform),
    pm("GPIREG", 0x30, 4, 0, ResetDomain::platform, input_fields),
    pm("GPOREG", 0x34, 4, 0x7fffbfff, ResetDomain::platform),
};

}  // namespace southgate::chipset::piix_pm
