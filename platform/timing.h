// One table of everything in a machine that takes time: reset sequencing, bus cycles, the processor. A
// configuration file overrides single entries by name, e.g. `init_pulse = "480 ns"` in section
// [timing.reset].
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "chipset/bus/bus_timing.h"
#include "chipset/reset/reset_timing.h"

namespace southgate::platform {

struct CpuTiming {
    std::uint64_t instruction_ps = 10'000;  // one instruction: 100 million a simulated second
    std::uint64_t init_to_fetch_ps = 0;     // INIT# edge to the first fetch
    std::uint64_t reset_to_fetch_ps = 0;    // RESET# release to the first fetch
};

struct PlatformTiming {
    chipset::ResetTiming reset;
    chipset::BusTiming bus;
    CpuTiming cpu;

    // Nothing but instructions takes time: a reset lands inside the OUT that caused it.
    static PlatformTiming zero() { return {}; }
    // The datasheets' delays and pulse widths.
    static PlatformTiming datasheet();
};

struct TimingEntry {
    std::string_view section;  // "reset", "bus", "cpu"
    std::string_view name;
    std::string_view description;
    std::function<std::uint64_t(const PlatformTiming&)> get;  // ps
    std::function<void(PlatformTiming&, std::uint64_t ps)> set;
};

// Every entry, grouped by section.
std::span<const TimingEntry> timing_entries();
// nullptr when there is no such entry.
const TimingEntry* find_timing_entry(std::string_view section, std::string_view name);

}  // namespace southgate::platform
