// The personality of a machine: which known deviations of QEMU from the datasheets it reproduces. All off
// ("strict") is the default. Each deviation acts beside the register it concerns; this table only names them
// for configuration.
#pragma once

#include <array>
#include <string_view>

namespace southgate::chipset {

struct Personality {
    bool init_resets_machine = false;
    bool cf9_level_triggered = false;
    bool cf9_ignores_type = false;
    bool a20_last_writer = false;
    bool port92_a20_survives_reset = false;
    bool port92_stores_reserved = false;
    bool pam_survives_reset = false;
    bool smram_lock_absent = false;
    bool cmos_shutdown_cleared = false;
    bool pm1_cleared_by_sleep = false;
    bool pit_runs_after_reset = false;
    bool trc_is_storage = false;
    bool kbc_pulse_resets_only = false;
    bool kbc_self_test_keeps_state = false;
    bool smi_without_global_enable = false;
    bool lint0_starts_as_ext_int = false;
    bool ide_without_idetim = false;
    bool flash_clear_status_clears_ready = false;
    bool ide_without_io_enable = false;
    bool ferr_without_xbcs = false;

    static constexpr Personality strict() { return {}; }
    static constexpr Personality qemu();

    bool operator==(const Personality&) const = default;
};

// One deviation, for configuration files, help texts and documentation.
struct PersonalityOption {
    std::string_view name;
    bool Personality::*member;
    std::string_view description;  // what QEMU does; the datasheets say otherwise
    int row;                       // number in the deviation list of docs/reset.md
};

inline constexpr std::array kPersonalityOptions{
    PersonalityOption{
        "init_resets_machine", &Personality::init_resets_machine,
        "port 92h, 64h FEh, output port bit 0, CF9h 04h and shutdown reset the machine, not the CPU", 1},
    PersonalityOption{"cf9_level_triggered", &Personality::cf9_level_triggered,
                      "any CF9h write with bit 2 set resets, a 0-to-1 edge is not needed", 2},
    PersonalityOption{"cf9_ignores_type", &Personality::cf9_ignores_type,
                      "CF9h bits 1 and 3 are stored but every CF9h reset is a hard reset", 3},
    PersonalityOption{"a20_last_writer", &Personality::a20_last_writer,
                      "the last change of port 92h bit 1 or KBC P21 sets A20, instead of their OR", 4},
    PersonalityOption{"port92_a20_survives_reset", &Personality::port92_a20_survives_reset,
                      "a hard reset clears only bit 0 of port 92h", 5},
    PersonalityOption{"port92_stores_reserved", &Personality::port92_stores_reserved,
                      "port 92h is eight bits of storage", 6},
    PersonalityOption{"pam_survives_reset", &Personality::pam_survives_reset,
                      "the 440FX keeps PAM and SMRAM over a hard reset", 7},
    PersonalityOption{"smram_lock_absent", &Personality::smram_lock_absent, "SMRAM D_LCK locks nothing", 8},
    PersonalityOption{"cmos_shutdown_cleared", &Personality::cmos_shutdown_cleared,
                      "a reset clears CMOS byte 0Fh unless it holds FEh", 11},
    PersonalityOption{"pm1_cleared_by_sleep", &Personality::pm1_cleared_by_sleep,
                      "S3 clears PM1_CNT, SLP_TYP is not retained", 13},
    PersonalityOption{"pit_runs_after_reset", &Personality::pit_runs_after_reset,
                      "a hard reset leaves the 8254 counters in mode 3, running", 15},
    PersonalityOption{"trc_is_storage", &Personality::trc_is_storage,
                      "440FX configuration byte 93h (TRC) resets nothing", 16},
    PersonalityOption{"kbc_pulse_resets_only", &Personality::kbc_pulse_resets_only,
                      "KBC commands F0h-FEh, even, act as FEh and odd ones do nothing: no A20 dip", 19},
    PersonalityOption{"kbc_self_test_keeps_state", &Personality::kbc_self_test_keeps_state,
                      "KBC command AAh leaves command byte and output port alone", 20},
    PersonalityOption{"smi_without_global_enable", &Personality::smi_without_global_enable,
                      "the PIIX4 makes SMI# whether GLBCTL SMI_EN is set or not", 21},
    PersonalityOption{"lint0_starts_as_ext_int", &Personality::lint0_starts_as_ext_int,
                      "the local APIC of the boot processor starts with LINT0 as ExtINT, not masked", 22},
    PersonalityOption{"ide_without_idetim", &Personality::ide_without_idetim,
                      "the PIIX decodes the IDE ports whether IDETIM bit 15 is set or not", 23},
    PersonalityOption{"flash_clear_status_clears_ready", &Personality::flash_clear_status_clears_ready,
                      "the flash command Clear Status Register clears bit 7, ready, too", 24},
    PersonalityOption{"ide_without_io_enable", &Personality::ide_without_io_enable,
                      "the PIIX decodes the IDE ports whether its PCI command register enables I/O or not", 25},
    PersonalityOption{"ferr_without_xbcs", &Personality::ferr_without_xbcs,
                      "FERR# makes IRQ13 and port F0h answers whether XBCS bit 5 is set or not", 26},
};

constexpr Personality Personality::qemu() {
    Personality personality;
    for (const PersonalityOption& option : kPersonalityOptions) personality.*option.member = true;
    return personality;
}

}  // namespace southgate::chipset
