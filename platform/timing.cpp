#include "platform/timing.h"

#include <vector>

#include "chipset/clock.h"

namespace southgate::platform {

namespace {

using chipset::BusTiming;

struct BusField {
    std::string_view name;
    sc_core::sc_time BusTiming::*member;
    std::string_view description;
};
constexpr BusField bus_fields[] = {
    {"config_address", &BusTiming::config_address, "dword access to CONFADD"},
    {"config_data", &BusTiming::config_data, "configuration cycle on bus 0"},
    {"pci_io", &BusTiming::pci_io, "PCI I/O cycle, medium decode"},
    {"pci_memory", &BusTiming::pci_memory, "PCI memory cycle, medium decode"},
    {"pci_subtractive", &BusTiming::pci_subtractive,
     "added when the ISA bridge claims what nobody else does"},
    {"piix_internal", &BusTiming::piix_internal, "register inside the southbridge"},
    {"isa_synchronise", &BusTiming::isa_synchronise, "PCI clock to SYSCLK"},
    {"isa_io_8", &BusTiming::isa_io_8, "one byte of an 8-bit ISA I/O cycle"},
    {"isa_clock", &BusTiming::isa_clock, "SYSCLK, the unit of I/O recovery"},
    {"isa_memory_8", &BusTiming::isa_memory_8, "one byte of an 8-bit ISA memory cycle"},
};

struct CpuField {
    std::string_view name;
    std::uint64_t CpuTiming::*member;
    std::string_view description;
};
constexpr CpuField cpu_fields[] = {
    {"instruction", &CpuTiming::instruction_ps, "one instruction"},
    {"init_to_fetch", &CpuTiming::init_to_fetch_ps, "INIT# edge to the first fetch"},
    {"reset_to_fetch", &CpuTiming::reset_to_fetch_ps, "release of RESET# to the first fetch"},
};

std::vector<TimingEntry> make_entries() {
    std::vector<TimingEntry> entries;
    for (const auto& f : chipset::kResetTimingFields)
        entries.push_back({"reset", f.name, f.description,
                           [m = f.member](const PlatformTiming& t) { return t.reset.*m; },
                           [m = f.member](PlatformTiming& t, std::uint64_t ps) { t.reset.*m = ps; }});
    for (const auto& f : bus_fields)
        entries.push_back(
            {"bus", f.name, f.description,
             [m = f.member](const PlatformTiming& t) { return chipset::to_picoseconds(t.bus.*m); },
             [m = f.member](PlatformTiming& t, std::uint64_t ps) {
                 t.bus.*m = chipset::from_picoseconds(ps);
             }});
    for (const auto& f : cpu_fields)
        entries.push_back({"cpu", f.name, f.description,
                           [m = f.member](const PlatformTiming& t) { return t.cpu.*m; },
                           [m = f.member](PlatformTiming& t, std::uint64_t ps) { t.cpu.*m = ps; }});
    return entries;
}

}  // namespace

PlatformTiming PlatformTiming::datasheet() {
    PlatformTiming timing;
    timing.reset = chipset::ResetTiming::datasheet();
    timing.bus = BusTiming::datasheet();
    // 200 core clocks of microcode at 200 MHz (an estimate; the SDM gives no number).
    timing.cpu.init_to_fetch_ps = timing.cpu.reset_to_fetch_ps = 1'000'000;
    return timing;
}

std::span<const TimingEntry> timing_entries() {
    static const std::vector<TimingEntry> entries = make_entries();
    return entries;
}

const TimingEntry* find_timing_entry(std::string_view section, std::string_view name) {
    for (const auto& entry : timing_entries())
        if (entry.section == section && entry.name == name) return &entry;
    return nullptr;
}

}  // namespace southgate::platform
