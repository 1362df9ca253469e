// The ACPI tables of the machine `pc`, for the firmware to load: RSDP, RSDT, XSDT, FADT, FACS, MADT, HPET, the DSDT
// compiled from firmware/acpi/pc.asl, and an SSDT with what depends on the configuration. ACPI specification 6.4;
// IA-PC HPET 1.0a 3.2.4.
//
// The FADT is of revision 3, for its reset register: the PIIX has CF9h, which machines of its time did not
// describe. Not there: S3 (see pc.asl), SMI command port, NUMA, PCI hotplug.
#pragma once

#include <cstdint>
#include <vector>

namespace southgate::platform::acpi {

struct PcTablesConfig {
    unsigned cpus = 1;                // APIC IDs 0 to cpus - 1
    std::uint64_t ram_below_4g = 0;   // bytes
    std::uint16_t pm_base = 0;        // port of the PIIX4's power management registers (PMBA)
};

inline constexpr const char* rsdp_file = "etc/acpi/rsdp";
inline constexpr const char* tables_file = "etc/acpi/tables";
inline constexpr const char* loader_file = "etc/table-loader";

struct PcTables {
    std::vector<std::uint8_t> rsdp, tables, loader;  // contents of the three files
};

// Sizes and `loader` do not depend on pm_base.
PcTables make_pc_tables(const PcTablesConfig& config);

}  // namespace southgate::platform::acpi
