#include "chipset/fw_cfg/pc_items.h"

#include <algorithm>

namespace southgate::chipset::fw_cfg {

namespace {

constexpr std::uint32_t e820_ram = 1;

void append(std::vector<std::uint8_t>& to, std::uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) to.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

// Entries of address, length (64 bits each) and type (32 bits), little-endian.
std::vector<std::uint8_t> e820_table(const PcItems& items) {
    std::vector<std::uint8_t> table;
    const auto entry = [&table](std::uint64_t address, std::uint64_t length) {
        if (length == 0) return;
        append(table, address, 8);
        append(table, length, 8);
        append(table, e820_ram, 4);
    };
    entry(0, items.ram_below_4g);
    entry(std::uint64_t{1} << 32, items.ram_above_4g);
    return table;
}

}  // namespace

void add_pc_items(FwCfg& device, const PcItems& items) {
    const unsigned max_cpus = std::max(items.cpus, items.max_cpus);
    device.add_item(Key::uuid, std::vector<std::uint8_t>(16, 0));
    device.add_integer(Key::nographic, items.nographic, 2);
    device.add_integer(Key::cpus, items.cpus, 2);
    device.add_integer(Key::max_cpus, max_cpus, 2);
    // No NUMA nodes: a count of 0, then a node number for each CPU, 64 bits each.
    device.add_item(Key::numa, std::vector<std::uint8_t>(8 * (1 + std::size_t{max_cpus}), 0));
    device.add_integer(Key::boot_menu, items.boot_menu, 2);
    device.add_integer(Key::acpi_tables, 0, 2);
    device.add_integer(Key::smbios_entries, 0, 2);
    device.add_integer(Key::irq0_override, items.irq0_override, 4);
    device.add_file("etc/e820", e820_table(items));
    std::vector<std::uint8_t> wait;
    append(wait, items.boot_fail_wait, 4);
    device.add_file("etc/boot-fail-wait", std::move(wait));
    if (!items.boot_order.empty()) {
        std::vector<std::uint8_t> order;
        for (const std::string& path : items.boot_order) {
            order.insert(order.end(), path.begin(), path.end());
            order.push_back('\n');
        }
        order.back() = 0;  // the list ends with a zero instead of a line feed
        device.add_file("bootorder", std::move(order));
    }
}

}  // namespace southgate::chipset::fw_cfg
