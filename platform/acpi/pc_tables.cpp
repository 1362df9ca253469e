#include "platform/acpi/pc_tables.h"

#include <fmt/format.h>

#include <span>
#include <string_view>

#include "platform/acpi/aml.h"
#include "platform/acpi/table.h"
#include "platform/acpi/table_loader.h"

namespace southgate::platform {

extern const std::span<const std::uint8_t> pc_dsdt;  // firmware/acpi/pc.asl

namespace acpi {

namespace {

constexpr std::uint32_t local_apic_base = 0xfee0'0000, io_apic_base = 0xfec0'0000, hpet_base = 0xfed0'0000;
constexpr std::uint16_t sci_irq = 9, reset_port = 0xcf9;
constexpr std::uint8_t hard_reset = 0x06;  // CF9h: SRST and RCPU

// Offsets within the table.
constexpr std::uint32_t fadt_facs = 36, fadt_dsdt = 40, fadt_x_dsdt = 140;

// What the FADT names (82371AB 290562 7.2): offsets from PMBA and lengths.
constexpr std::uint16_t pm1_event = 0x00, pm1_control = 0x04, pm_timer = 0x08, gpe0 = 0x0c;

Bytes fadt(std::uint16_t base, std::uint32_t facs, std::uint32_t dsdt) {
    constexpr std::uint32_t wbinvd = 1u << 0, proc_c1 = 1u << 2, no_sleep_button = 1u << 5,
                            reset_register = 1u << 10;
    constexpr std::uint8_t desktop = 1, century = 0x32;
    constexpr std::uint16_t latency_unsupported_c2 = 101, latency_unsupported_c3 = 1001;
    constexpr std::uint16_t legacy_devices = 1u << 0, keyboard_controller = 1u << 1;
    constexpr unsigned byte_access = 1, word_access = 2, dword_access = 3;

    Bytes b;
    b.u32(facs).u32(dsdt).u8(0).u8(desktop).u16(sci_irq);
    b.u32(0).zeros(4);  // SMI command port and what to write there
    b.u32(base + pm1_event).u32(0).u32(base + pm1_control).u32(0);
    b.u32(0).u32(base + pm_timer).u32(base + gpe0).u32(0);
    b.u8(4).u8(2).u8(0).u8(4).u8(4).u8(0).u8(0).u8(0);
    b.u16(latency_unsupported_c2).u16(latency_unsupported_c3);
    b.zeros(6);  // flush size and stride, duty cycle
    b.u8(0).u8(0).u8(century).u16(legacy_devices | keyboard_controller).u8(0);
    b.u32(wbinvd | proc_c1 | no_sleep_button | reset_register);
    b.append(generic_address(AddressSpace::io, 8, byte_access, reset_port)).u8(hard_reset).zeros(3);
    b.u64(0).u64(dsdt);
    b.append(generic_address(AddressSpace::io, 32, word_access, base + pm1_event)).zeros(12);
    b.append(generic_address(AddressSpace::io, 16, word_access, base + pm1_control)).zeros(12);
    b.zeros(12);
    b.append(generic_address(AddressSpace::io, 32, dword_access, base + pm_timer));
    b.append(generic_address(AddressSpace::io, 32, byte_access, base + gpe0)).zeros(12);
    return table("FACP", 3, b);
}

Bytes facs() {
    Bytes b;
    return b.text("FACS", 4).u32(64).zeros(56);
}

// 5.2.12: processors, the I/O APIC, and where ISA interrupts differ from their numbers.
Bytes madt(unsigned cpus) {
    constexpr std::uint32_t pcat_compatible = 1;
    constexpr std::uint16_t conforms = 0, level_low = 3u << 2 | 3u;
    Bytes b;
    b.u32(local_apic_base).u32(pcat_compatible);
    for (unsigned n = 0; n < cpus; ++n) b.u8(0).u8(8).u8(n).u8(n).u32(1);
    b.u8(1).u8(12).u8(0).u8(0).u32(io_apic_base).u32(0);
    b.u8(2).u8(10).u8(0).u8(0).u32(2).u16(conforms);  // the 8254 is wired to input 2
    b.u8(2).u8(10).u8(0).u8(sci_irq).u32(sci_irq).u16(level_low);
    b.u8(4).u8(6).u8(0xff).u16(conforms).u8(1);  // NMI is LINT1 of every processor
    return table("APIC", 3, b);
}

Bytes hpet() {
    // Low half of GCAP_ID: revision 1, three comparators, 64 bits, legacy replacement, vendor 8086h.
    constexpr std::uint32_t block_id = 0x8086'a201;
    constexpr std::uint16_t least_ticks = 128;
    Bytes b;
    b.u32(block_id).append(generic_address(AddressSpace::memory, 64, 0, hpet_base)).u8(0).u16(least_ticks).u8(0);
    return table("HPET", 1, b);
}

// \_SB.PMIN and \_SB.PLEN, the memory window of PCI, and the processors.
Bytes ssdt(const PcTablesConfig& config) {
    const auto low = static_cast<std::uint32_t>(config.ram_below_4g);
    Bytes terms;
    terms.append(aml::name("PMIN", aml::dword(low)));
    terms.append(aml::name("PLEN", aml::dword(io_apic_base - low)));
    for (unsigned n = 0; n < config.cpus; ++n) {
        Bytes cpu;
        cpu.append(aml::name("_HID", aml::string("ACPI0007"))).append(aml::name("_UID", aml::dword(n)));
        terms.append(aml::device(fmt::format("C{:03}", n), cpu));
    }
    return table("SSDT", 1, aml::root_scope("_SB_", terms));
}

// Tables one after the other in tables_file, and the loader's script for them.
class Layout {
  public:
    Layout() {
        loader.allocate(rsdp_file, 16, TableLoader::Zone::f_segment);
        loader.allocate(tables_file, 64, TableLoader::Zone::high);  // the FACS is first and wants 64
    }
    std::uint32_t place(const Bytes& bytes) {
        const auto at = static_cast<std::uint32_t>(tables.size());
        tables.append(bytes).zeros(-bytes.size() % 8);
        return at;
    }
    // A table with a header; checksum it after its pointers.
    void finish(std::uint32_t at, const Bytes& bytes) {
        loader.add_checksum(tables_file, at + header_checksum, at, static_cast<std::uint32_t>(bytes.size()));
    }
    void pointer(std::uint32_t offset, unsigned size) {
        loader.add_pointer(tables_file, offset, size, tables_file);
    }

    Bytes tables;
    TableLoader loader;
};

// RSDT (4-byte entries) or XSDT (8): offsets of the other tables, which the loader turns into addresses.
std::uint32_t place_root(Layout& layout, std::string_view signature, unsigned entry,
                         std::initializer_list<std::uint32_t> offsets) {
    Bytes b;
    for (const auto offset : offsets) entry == 4 ? b.u32(offset) : b.u64(offset);
    const Bytes root = table(signature, 1, b);
    const std::uint32_t at = layout.place(root);
    for (std::uint32_t i = 0; i < offsets.size(); ++i) layout.pointer(at + header_size + i * entry, entry);
    layout.finish(at, root);
    return at;
}

}  // namespace

PcTables make_pc_tables(const PcTablesConfig& config) {
    Layout layout;
    const auto place = [&layout](const Bytes& bytes) {
        const std::uint32_t at = layout.place(bytes);
        layout.finish(at, bytes);
        return at;
    };
    const std::uint32_t facs_at = layout.place(facs());
    Bytes dsdt;
    dsdt.bytes().assign(pc_dsdt.begin(), pc_dsdt.end());
    dsdt.bytes()[header_checksum] = 0;
    const std::uint32_t dsdt_at = place(dsdt);

    const Bytes fixed = fadt(config.pm_base, facs_at, dsdt_at);
    const std::uint32_t fadt_at = layout.place(fixed);
    layout.pointer(fadt_at + fadt_facs, 4);
    layout.pointer(fadt_at + fadt_dsdt, 4);
    layout.pointer(fadt_at + fadt_x_dsdt, 8);
    layout.finish(fadt_at, fixed);

    const std::uint32_t ssdt_at = place(ssdt(config));
    const std::uint32_t madt_at = place(madt(config.cpus));
    const std::uint32_t hpet_at = place(hpet());
    const auto others = {fadt_at, ssdt_at, madt_at, hpet_at};
    const std::uint32_t rsdt_at = place_root(layout, "RSDT", 4, others);
    const std::uint32_t xsdt_at = place_root(layout, "XSDT", 8, others);

    // 5.2.5.3
    constexpr std::uint32_t rsdt_pointer = 16, xsdt_pointer = 24, checksum = 8, extended_checksum = 32;
    constexpr std::uint32_t first_part = 20, whole = 36;
    Bytes rsdp;
    rsdp.text("RSD PTR ", 8).u8(0).text("SGATE", 6, ' ').u8(2).u32(rsdt_at).u32(whole).u64(xsdt_at).zeros(4);
    layout.loader.add_pointer(rsdp_file, rsdt_pointer, 4, tables_file);
    layout.loader.add_pointer(rsdp_file, xsdt_pointer, 8, tables_file);
    layout.loader.add_checksum(rsdp_file, checksum, 0, first_part);
    layout.loader.add_checksum(rsdp_file, extended_checksum, 0, whole);
    return {rsdp.bytes(), layout.tables.bytes(), layout.loader.script()};
}

}  // namespace acpi
}  // namespace southgate::platform
