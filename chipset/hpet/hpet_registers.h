// Registers of the HPET: IA-PC HPET specification 1.0a, chapter 2.3. The 64-bit registers are pairs of dwords.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "chipset/registers/register.h"

namespace southgate::chipset::hpet {

inline constexpr unsigned timers = 3;
inline constexpr std::uint32_t size = 0x400;

inline constexpr std::uint32_t enable = 1u << 0, legacy_replacement = 1u << 1;  // GEN_CONF
inline constexpr std::uint32_t level = 1u << 1, interrupt_enable = 1u << 2, periodic = 1u << 3, value_set = 1u << 6,
                               narrow = 1u << 8;  // Tn_CONF
inline constexpr unsigned route_lsb = 9;
inline constexpr std::uint32_t route_mask = 0x1f;
// I/O APIC inputs a timer can be routed to.
inline constexpr std::uint32_t routes = 0x00f0'0000;

// 69.841279 ns, in femtoseconds: 14.31818 MHz.
inline constexpr std::uint32_t period_fs = 69'841'279;
inline constexpr std::uint32_t capabilities = 0x8086'0000 | 1u << 15 | 1u << 13 | (timers - 1) << 8 | 1;

inline constexpr Field capability_fields[] = {
    {"REV_ID", 0, 8, FieldAccess::ro, "revision"},
    {"NUM_TIM_CAP", 8, 5, FieldAccess::ro, "number of the last timer"},
    {"COUNT_SIZE_CAP", 13, 1, FieldAccess::ro, "the main counter has 64 bits"},
    {"", 14, 1, FieldAccess::reserved, ""},
    {"LEG_RT_CAP", 15, 1, FieldAccess::ro, "legacy replacement is there"},
    {"VENDOR_ID", 16, 16, FieldAccess::ro, "PCI vendor"},
};
inline constexpr Field period_fields[] = {{"COUNTER_CLK_PERIOD", 0, 32, FieldAccess::ro, "femtoseconds a tick"}};
inline constexpr Field configuration_fields[] = {
    {"ENABLE_CNF", 0, 1, FieldAccess::rw, "the main counter runs and timers interrupt"},
    {"LEG_RT_CNF", 1, 1, FieldAccess::rw, "timer 0 replaces the 8254 at IRQ0, timer 1 the RTC at IRQ8"},
    {"", 2, 30, FieldAccess::reserved, ""},
};
inline constexpr Field status_fields[] = {
    {"T0_INT_STS", 0, 1, FieldAccess::w1c, "level interrupt of timer 0 is active"},
    {"T1_INT_STS", 1, 1, FieldAccess::w1c, "... of timer 1"},
    {"T2_INT_STS", 2, 1, FieldAccess::w1c, "... of timer 2"},
    {"", 3, 29, FieldAccess::reserved, ""},
};
inline constexpr Field timer_fields[] = {
    {"", 0, 1, FieldAccess::reserved, ""},
    {"INT_TYPE_CNF", 1, 1, FieldAccess::rw, "1 = level-triggered"},
    {"INT_ENB_CNF", 2, 1, FieldAccess::rw, "interrupts are on"},
    {"TYPE_CNF", 3, 1, FieldAccess::rw, "1 = periodic"},
    {"PER_INT_CAP", 4, 1, FieldAccess::ro, "periodic mode is there"},
    {"SIZE_CAP", 5, 1, FieldAccess::ro, "64 bits"},
    {"VAL_SET_CNF", 6, 1, FieldAccess::rw, "the next write to the comparator sets the accumulator, too"},
    {"", 7, 1, FieldAccess::reserved, ""},
    {"32MODE_CNF", 8, 1, FieldAccess::rw, "1 = compare 32 bits"},
    {"INT_ROUTE_CNF", 9, 5, FieldAccess::rw, "I/O APIC input"},
    {"FSB_EN_CNF", 14, 1, FieldAccess::ro, "no interrupt messages"},
    {"FSB_INT_DEL_CAP", 15, 1, FieldAccess::ro, "no interrupt messages"},
    {"", 16, 16, FieldAccess::reserved, ""},
};
inline constexpr Field route_fields[] = {{"INT_ROUTE_CAP", 0, 32, FieldAccess::ro, "I/O APIC inputs it can use"}};

constexpr RegisterInfo declare(const char* name, std::uint32_t offset, std::uint32_t reset, const char* source,
                               std::span<const Field> fields = {}) {
    return {name, offset, 4, reset, ResetDomain::platform, source, fields, true};
}

// In the order of `Index`.
inline constexpr std::array<RegisterInfo, 6 + 4 * timers> registers{
    declare("GCAP_ID", 0x000, capabilities, "IA-PC HPET 1.0a 2.3.4", capability_fields),
    declare("COUNTER_CLK_PERIOD", 0x004, period_fs, "IA-PC HPET 1.0a 2.3.4", period_fields),
    declare("GEN_CONF", 0x010, 0, "IA-PC HPET 1.0a 2.3.5", configuration_fields),
    declare("GINTR_STA", 0x020, 0, "IA-PC HPET 1.0a 2.3.6", status_fields),
    declare("MAIN_CNT", 0x0f0, 0, "IA-PC HPET 1.0a 2.3.7"),
    declare("MAIN_CNT_HI", 0x0f4, 0, "IA-PC HPET 1.0a 2.3.7"),
    declare("T0_CONF", 0x100, 0x30, "IA-PC HPET 1.0a 2.3.8", timer_fields),
    declare("T0_ROUTE_CAP", 0x104, routes, "IA-PC HPET 1.0a 2.3.8", route_fields),
    declare("T0_CMP", 0x108, ~0u, "IA-PC HPET 1.0a 2.3.9"),
    declare("T0_CMP_HI", 0x10c, ~0u, "IA-PC HPET 1.0a 2.3.9"),
    declare("T1_CONF", 0x120, 0x30, "IA-PC HPET 1.0a 2.3.8", timer_fields),
    declare("T1_ROUTE_CAP", 0x124, routes, "IA-PC HPET 1.0a 2.3.8", route_fields),
    declare("T1_CMP", 0x128, ~0u, "IA-PC HPET 1.0a 2.3.9"),
    declare("T1_CMP_HI", 0x12c, ~0u, "IA-PC HPET 1.0a 2.3.9"),
    declare("T2_CONF", 0x140, 0x30, "IA-PC HPET 1.0a 2.3.8", timer_fields),
    declare("T2_ROUTE_CAP", 0x144, routes, "IA-PC HPET 1.0a 2.3.8", route_fields),
    declare("T2_CMP", 0x148, ~0u, "IA-PC HPET 1.0a 2.3.9"),
    declare("T2_CMP_HI", 0x14c, ~0u, "IA-PC HPET 1.0a 2.3.9"),
};
enum Index : unsigned { kGenConf = 2, kStatus, kCounter, kCounterHigh, kTimer };
inline constexpr unsigned per_timer = 4;
enum TimerIndex : unsigned { kConf, kRouteCap, kCompare, kCompareHigh };

}  // namespace southgate::chipset::hpet
