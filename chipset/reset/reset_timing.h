// How long each step of a reset takes: from a source's cause to the line, pulse widths, power sequencing.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace southgate::chipset {

enum class Southbridge : std::uint8_t { piix, ich9 };

// All values in picoseconds.
struct ResetTiming {
    std::uint64_t port92_delay = 0;
    std::uint64_t cf9_soft_delay = 0;
    std::uint64_t shutdown_delay = 0;
    std::uint64_t cf9_hard_delay = 0;
    std::uint64_t init_pulse = 0;
    std::uint64_t pcirst_pulse = 0;
    std::uint64_t rstdrv_pulse = 0;
    std::uint64_t cpurst_pulse = 0;
    std::uint64_t kbc_latency = 0;
    std::uint64_t kbc_pulse = 0;
    std::uint64_t reset_button_debounce = 0;
    std::uint64_t reset_button_pulse = 0;
    std::uint64_t power_off_delay = 0;
    std::uint64_t power_cycle_off = 0;
    std::uint64_t power_supply_rise = 0;
    std::uint64_t power_good_to_pcirst = 0;
    std::uint64_t power_good_to_cpurst = 0;
    std::uint64_t power_button_override = kOverride;

    // Every effect follows its cause at once, so that a reset lands inside the OUT that caused it. How long a
    // person holds the power button is not a latency and stays.
    static constexpr ResetTiming zero() { return {}; }
    static ResetTiming datasheet(Southbridge southbridge = Southbridge::piix);

    bool operator==(const ResetTiming&) const = default;

  private:
    static constexpr std::uint64_t kOverride = 4'000'000'000'000;
};

// One value, for configuration files and documentation.
struct ResetTimingField {
    std::string_view name;
    std::uint64_t ResetTiming::*member;
    std::string_view description;
    std::string_view source;  // where the datasheet value comes from
};

inline constexpr std::array kResetTimingFields{
    ResetTimingField{"port92_delay", &ResetTiming::port92_delay, "write of port 92h to INIT#",
                     "PCI 2.1: 5-7 PCICLK for a PIIX register; ICH9: DMI round trip (estimate)"},
    ResetTimingField{"cf9_soft_delay", &ResetTiming::cf9_soft_delay, "write of CF9h to INIT#",
                     "as port92_delay"},
    ResetTimingField{"shutdown_delay", &ResetTiming::shutdown_delay, "shutdown special cycle to INIT#",
                     "PCI special cycle after the host bus cycle (estimate)"},
    ResetTimingField{"cf9_hard_delay", &ResetTiming::cf9_hard_delay, "write of CF9h to PCIRST# and CPURST",
                     "as port92_delay"},
    ResetTimingField{"init_pulse", &ResetTiming::init_pulse, "width of INIT#",
                     "82371AB 290562 pin INIT: 64 PCICLK (unverified); ICH9 316972 13.7.5: 16 PCICLK"},
    ResetTimingField{"pcirst_pulse", &ResetTiming::pcirst_pulse, "width of PCIRST# in a hard reset",
                     "82371AB 290562 pin PCIRST#: 1 ms; ICH9 316972 13.7.5 PLTRST#: 1 ms"},
    ResetTimingField{"rstdrv_pulse", &ResetTiming::rstdrv_pulse, "width of RSTDRV in a hard reset",
                     "82371AB 290562 pin RSTDRV: 1 ms"},
    ResetTimingField{"cpurst_pulse", &ResetTiming::cpurst_pulse, "width of CPURST in a hard reset",
                     "82371AB 290562 pin CPURST: 2 ms; (G)MCH 82865G: 1 ms after RSTIN#"},
    ResetTimingField{"kbc_latency", &ResetTiming::kbc_latency,
                     "command to the 8042 to a change of its output port",
                     "8042 firmware, 10 us - 1 ms (unverified); SMSC FDC37B78x: 14 us"},
    ResetTimingField{"kbc_pulse", &ResetTiming::kbc_pulse, "width of the pulse of 64h commands F0h-FEh",
                     "IBM PC/AT Technical Reference, keyboard controller: 6 us"},
    ResetTimingField{"reset_button_debounce", &ResetTiming::reset_button_debounce,
                     "reset button (SYS_RESET#) to reset, ICH9 only",
                     "ICH9 316972 SYS_RESET#: 16 ms (unverified)"},
    ResetTimingField{"reset_button_pulse", &ResetTiming::reset_button_pulse,
                     "least time the reset button holds PWROK low, PIIX only",
                     "board logic (estimate); as ICH9 316972 SYS_RESET#: 5-6 ms"},
    ResetTimingField{"power_off_delay", &ResetTiming::power_off_delay,
                     "sleep request to resets and power-good low", "three 32.768 kHz clocks (estimate)"},
    ResetTimingField{"power_cycle_off", &ResetTiming::power_cycle_off, "power off time of an ICH9 full reset",
                     "ICH9 316972 13.7.5 FULL_RST: SLP_Sx# low 3-5 s"},
    ResetTimingField{"power_supply_rise", &ResetTiming::power_supply_rise, "PS_ON# to power-good",
                     "ATX specification PWR_OK delay: 100-500 ms"},
    ResetTimingField{"power_good_to_pcirst", &ResetTiming::power_good_to_pcirst,
                     "power-good to release of PCIRST# and RSTDRV",
                     "82371AB 290562 pin PCIRST#: 1 ms after PWROK"},
    ResetTimingField{"power_good_to_cpurst", &ResetTiming::power_good_to_cpurst,
                     "power-good to release of CPURST", "82371AB 290562 pin CPURST: 2 ms after PWROK"},
    ResetTimingField{"power_button_override", &ResetTiming::power_button_override,
                     "power button held to forced off", "ACPI specification, power button override: 4 s"},
};

}  // namespace southgate::chipset
