// Register declarations of the local APIC page: Intel SDM vol. 3A table 10-1. Reset values are those of RESET
// and INIT alike (10.4.7); the APIC ID is the exception and handled by the device.
#pragma once

#include <array>
#include <cstdint>

#include "chipset/registers/register.h"

namespace southgate::chipset::lapic {

inline constexpr std::uint32_t kVersion = 0x00050014;  // xAPIC, highest LVT entry 5
inline constexpr std::uint32_t kMasked = 1u << 16;
inline constexpr std::uint32_t kRemoteIrr = 1u << 14;
inline constexpr std::uint32_t kLevelTriggered = 1u << 15;
inline constexpr std::uint32_t kPeriodic = 1u << 17;
inline constexpr std::uint32_t kDeadline = 1u << 18;  // TSC-deadline mode
inline constexpr std::uint32_t kSoftwareEnable = 1u << 8;

inline constexpr std::array<Field, 1> kIdFields{
    {{"APIC_ID", 24, 8, FieldAccess::rw, "physical destination"}}};
inline constexpr std::array<Field, 1> kReadOnly{{{"VALUE", 0, 32, FieldAccess::ro, ""}}};
inline constexpr std::array<Field, 1> kTprFields{{{"TPR", 0, 8, FieldAccess::rw, "task priority"}}};
inline constexpr std::array<Field, 1> kWriteOnly{{{"VALUE", 0, 32, FieldAccess::wo, ""}}};
inline constexpr std::array<Field, 1> kLdrFields{
    {{"LOGICAL_ID", 24, 8, FieldAccess::rw, "logical destination"}}};
inline constexpr std::array<Field, 1> kDfrFields{
    {{"MODEL", 28, 4, FieldAccess::rw, "1111 flat, 0000 cluster"}}};
inline constexpr std::array<Field, 3> kSvrFields{{
    {"VECTOR", 0, 8, FieldAccess::rw, "spurious vector"},
    {"ENABLE", 8, 1, FieldAccess::rw, "APIC software enable"},
    {"FOCUS", 9, 1, FieldAccess::rw, "focus processor checking off; no effect"},
}};
inline constexpr std::array<Field, 7> kIcrLowFields{{
    {"VECTOR", 0, 8, FieldAccess::rw, ""},
    {"DELIVERY_MODE", 8, 3, FieldAccess::rw, ""},
    {"DESTINATION_MODE", 11, 1, FieldAccess::rw, "1 = logical"},
    {"DELIVERY_STATUS", 12, 1, FieldAccess::ro, "always idle"},
    {"LEVEL", 14, 1, FieldAccess::rw, "0 = de-assert (INIT only)"},
    {"TRIGGER_MODE", 15, 1, FieldAccess::rw, "1 = level"},
    {"SHORTHAND", 18, 2, FieldAccess::rw, "none, self, all, all but self"},
}};
inline constexpr std::array<Field, 1> kIcrHighFields{{{"DESTINATION", 24, 8, FieldAccess::rw, ""}}};
inline constexpr std::array<Field, 5> kLvtTimerFields{{
    {"VECTOR", 0, 8, FieldAccess::rw, ""},
    {"DELIVERY_STATUS", 12, 1, FieldAccess::ro, "always idle"},
    {"MASK", 16, 1, FieldAccess::rw, ""},
    {"PERIODIC", 17, 1, FieldAccess::rw, "0 = one-shot"},
    {"TSC_DEADLINE", 18, 1, FieldAccess::rw, "1 = IA32_TSC_DEADLINE instead of the counter"},
}};
inline constexpr std::array<Field, 4> kLvtModeFields{{
    {"VECTOR", 0, 8, FieldAccess::rw, ""},
    {"DELIVERY_MODE", 8, 3, FieldAccess::rw, ""},
    {"DELIVERY_STATUS", 12, 1, FieldAccess::ro, "always idle"},
    {"MASK", 16, 1, FieldAccess::rw, ""},
}};
inline constexpr std::array<Field, 7> kLvtPinFields{{
    {"VECTOR", 0, 8, FieldAccess::rw, ""},
    {"DELIVERY_MODE", 8, 3, FieldAccess::rw, ""},
    {"DELIVERY_STATUS", 12, 1, FieldAccess::ro, "always idle"},
    {"POLARITY", 13, 1, FieldAccess::rw, "1 = low-active pin; no effect, lines are logical"},
    {"REMOTE_IRR", 14, 1, FieldAccess::ro, "level interrupt accepted, EOI outstanding"},
    {"TRIGGER_MODE", 15, 1, FieldAccess::rw, "1 = level"},
    {"MASK", 16, 1, FieldAccess::rw, ""},
}};
inline constexpr std::array<Field, 3> kLvtErrorFields{{
    {"VECTOR", 0, 8, FieldAccess::rw, ""},
    {"DELIVERY_STATUS", 12, 1, FieldAccess::ro, "always idle"},
    {"MASK", 16, 1, FieldAccess::rw, ""},
}};
inline constexpr std::array<Field, 2> kDcrFields{{
    {"DIVIDE_LOW", 0, 2, FieldAccess::rw, "divide value bits 1..0"},
    {"DIVIDE_HIGH", 3, 1, FieldAccess::rw, "divide value bit 2"},
}};

// Positions in kRegisters.
enum Index : unsigned {
    kId,
    kVersionRegister,
    kTpr,
    kApr,
    kPpr,
    kEoi,
    kRrd,
    kLdr,
    kDfr,
    kSvr,
    kIsr0,
    kTmr0 = kIsr0 + 8,
    kIrr0 = kTmr0 + 8,
    kEsr = kIrr0 + 8,
    kIcrLow,
    kIcrHigh,
    kLvtTimer,
    kLvtThermal,
    kLvtPerformance,
    kLvtLint0,
    kLvtLint1,
    kLvtError,
    kInitialCount,
    kCurrentCount,
    kDivide,
    kCount
};

inline constexpr const char* kSdm = "SDM vol. 3A table 10-1";

constexpr std::array<RegisterInfo, kCount> registers() {
    std::array<RegisterInfo, kCount> infos{};
    const auto declare = [&infos](unsigned index, const char* name, std::uint32_t offset, std::uint32_t reset,
                                  std::span<const Field> fields) {
        infos[index] = {name, offset, 4, reset, ResetDomain::platform, kSdm, fields};
    };
    constexpr std::array<const char*, 24> kVectorNames{
        "ISR0", "ISR1", "ISR2", "ISR3", "ISR4", "ISR5", "ISR6", "ISR7", "TMR0", "TMR1", "TMR2", "TMR3",
        "TMR4", "TMR5", "TMR6", "TMR7", "IRR0", "IRR1", "IRR2", "IRR3", "IRR4", "IRR5", "IRR6", "IRR7"};
    declare(kId, "ID", 0x020, 0, kIdFields);
    declare(kVersionRegister, "VERSION", 0x030, kVersion, kReadOnly);
    declare(kTpr, "TPR", 0x080, 0, kTprFields);
    declare(kApr, "APR", 0x090, 0, kReadOnly);
    declare(kPpr, "PPR", 0x0a0, 0, kReadOnly);
    declare(kEoi, "EOI", 0x0b0, 0, kWriteOnly);
    declare(kRrd, "RRD", 0x0c0, 0, kReadOnly);
    declare(kLdr, "LDR", 0x0d0, 0, kLdrFields);
    declare(kDfr, "DFR", 0x0e0, 0xffffffff, kDfrFields);
    declare(kSvr, "SVR", 0x0f0, 0x000000ff, kSvrFields);
    for (unsigned i = 0; i < 24; ++i) declare(kIsr0 + i, kVectorNames[i], 0x100 + 0x10 * i, 0, kReadOnly);
    declare(kEsr, "ESR", 0x280, 0, {});
    declare(kIcrLow, "ICR_LOW", 0x300, 0, kIcrLowFields);
    declare(kIcrHigh, "ICR_HIGH", 0x310, 0, kIcrHighFields);
    declare(kLvtTimer, "LVT_TIMER", 0x320, kMasked, kLvtTimerFields);
    declare(kLvtThermal, "LVT_THERMAL", 0x330, kMasked, kLvtModeFields);
    declare(kLvtPerformance, "LVT_PERFORMANCE", 0x340, kMasked, kLvtModeFields);
    declare(kLvtLint0, "LVT_LINT0", 0x350, kMasked, kLvtPinFields);
    declare(kLvtLint1, "LVT_LINT1", 0x360, kMasked, kLvtPinFields);
    declare(kLvtError, "LVT_ERROR", 0x370, kMasked, kLvtErrorFields);
    declare(kInitialCount, "INITIAL_COUNT", 0x380, 0, {});
    declare(kCurrentCount, "CURRENT_COUNT", 0x390, 0, kReadOnly);
    declare(kDivide, "DIVIDE", 0x3e0, 0, kDcrFields);
    return infos;
}
inline constexpr auto kRegisters = registers();

}  // namespace southgate::chipset::lapic
