// The tables as firmware sees them after it has followed the loader's script.
#include "platform/acpi/pc_tables.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <numeric>
#include <string>

namespace southgate::platform::acpi {
namespace {

using Memory = std::vector<std::uint8_t>;

template <class T>
T get(const Memory& memory, std::size_t at) {
    T value;
    std::memcpy(&value, memory.data() + at, sizeof value);
    return value;
}

// A firmware of its own: follows the script in a memory of 64 KiB.
struct Firmware {
    Memory memory = Memory(0x10000);
    std::map<std::string, std::uint32_t> loaded;
    std::uint32_t next = 0x1234;

    explicit Firmware(const PcTables& tables) {
        const std::map<std::string, const Memory*> files{{rsdp_file, &tables.rsdp}, {tables_file, &tables.tables}};
        EXPECT_EQ(tables.loader.size() % 128, 0u);
        for (std::size_t at = 0; at < tables.loader.size(); at += 128) {
            const auto text = [&](std::size_t offset) {
                return std::string(reinterpret_cast<const char*>(&tables.loader[at + offset]));
            };
            const auto u32 = [&](std::size_t offset) { return get<std::uint32_t>(tables.loader, at + offset); };
            switch (u32(0)) {
                case 1: {
                    const std::uint32_t alignment = u32(60);
                    next = (next + alignment - 1) / alignment * alignment;
                    const Memory& file = *files.at(text(4));
                    std::copy(file.begin(), file.end(), memory.begin() + next);
                    loaded[text(4)] = next;
                    next += static_cast<std::uint32_t>(file.size());
                    break;
                }
                case 2: {
                    const std::uint32_t where = loaded.at(text(4)) + u32(116);
                    const unsigned size = tables.loader[at + 120];
                    std::uint64_t value = 0;
                    std::memcpy(&value, &memory[where], size);
                    EXPECT_LT(value, files.at(text(60))->size());
                    value += loaded.at(text(60));
                    std::memcpy(&memory[where], &value, size);
                    break;
                }
                case 3: {
                    const std::uint32_t base = loaded.at(text(4));
                    std::uint8_t& result = memory[base + u32(60)];
                    EXPECT_EQ(result, 0);
                    result = static_cast<std::uint8_t>(-sum(base + u32(64), u32(68)));
                    break;
                }
                default:
                    ADD_FAILURE() << "command " << u32(0);
            }
        }
    }
    unsigned sum(std::size_t at, std::size_t size) const {
        const auto first = memory.begin() + static_cast<std::ptrdiff_t>(at);
        return std::accumulate(first, first + static_cast<std::ptrdiff_t>(size), 0u) & 0xff;
    }
    // The table at an address, after its checksum.
    std::string signature(std::uint64_t at) const {
        EXPECT_EQ(sum(at, get<std::uint32_t>(memory, at + 4)), 0u);
        return {reinterpret_cast<const char*>(&memory[at]), 4};
    }
    std::map<std::string, std::uint64_t> tables_of(std::uint64_t root, unsigned entry) const {
        std::map<std::string, std::uint64_t> found;
        const auto length = get<std::uint32_t>(memory, root + 4);
        for (std::uint64_t at = root + 36; at < root + length; at += entry) {
            const std::uint64_t table =
                entry == 4 ? get<std::uint32_t>(memory, at) : get<std::uint64_t>(memory, at);
            found[signature(table)] = table;
        }
        return found;
    }
};

PcTables tables(unsigned cpus = 1, std::uint16_t pm_base = 0x600) {
    return make_pc_tables({.cpus = cpus, .ram_below_4g = 256u << 20, .pm_base = pm_base});
}

TEST(PcTables, EveryTableIsFoundAndAddsUpToZero) {
    const Firmware firmware(tables());
    const auto& memory = firmware.memory;
    const std::uint32_t rsdp = firmware.loaded.at(rsdp_file);
    EXPECT_EQ(rsdp % 16, 0u);
    EXPECT_EQ(std::memcmp(&memory[rsdp], "RSD PTR ", 8), 0);
    EXPECT_EQ(firmware.sum(rsdp, 20), 0u);
    EXPECT_EQ(firmware.sum(rsdp, 36), 0u);
    const auto rsdt = get<std::uint32_t>(memory, rsdp + 16);
    const auto xsdt = get<std::uint64_t>(memory, rsdp + 24);
    EXPECT_EQ(firmware.signature(rsdt), "RSDT");
    EXPECT_EQ(firmware.signature(xsdt), "XSDT");
    const auto found = firmware.tables_of(rsdt, 4);
    EXPECT_EQ(found, firmware.tables_of(xsdt, 8));
    ASSERT_EQ(found.size(), 4u);
    for (const char* name : {"FACP", "SSDT", "APIC", "HPET"}) EXPECT_TRUE(found.contains(name)) << name;

    const std::uint64_t fadt = found.at("FACP");
    EXPECT_EQ(get<std::uint32_t>(memory, fadt + 4), 244u) << "the length of revision 3";
    const auto facs = get<std::uint32_t>(memory, fadt + 36), dsdt = get<std::uint32_t>(memory, fadt + 40);
    EXPECT_EQ(facs % 64, 0u);
    EXPECT_EQ(std::memcmp(&memory[facs], "FACS", 4), 0);
    EXPECT_EQ(firmware.signature(dsdt), "DSDT");
    EXPECT_EQ(get<std::uint64_t>(memory, fadt + 140), dsdt);
}

TEST(PcTables, FixedHardwareFollowsPmba) {
    const Firmware firmware(tables(1, 0xb000));
    const auto& memory = firmware.memory;
    const auto rsdt = get<std::uint32_t>(memory, firmware.loaded.at(rsdp_file) + 16);
    const std::uint64_t fadt = firmware.tables_of(rsdt, 4).at("FACP");
    EXPECT_EQ(get<std::uint32_t>(memory, fadt + 56), 0xb000u);
    EXPECT_EQ(get<std::uint32_t>(memory, fadt + 64), 0xb004u);
    EXPECT_EQ(get<std::uint32_t>(memory, fadt + 76), 0xb008u);
    EXPECT_EQ(get<std::uint32_t>(memory, fadt + 80), 0xb00cu);
    EXPECT_EQ(get<std::uint64_t>(memory, fadt + 148 + 4), 0xb000u);
    EXPECT_EQ(get<std::uint64_t>(memory, fadt + 172 + 4), 0xb004u);
    EXPECT_EQ(get<std::uint64_t>(memory, fadt + 208 + 4), 0xb008u);
    EXPECT_EQ(get<std::uint64_t>(memory, fadt + 220 + 4), 0xb00cu);
    EXPECT_EQ(get<std::uint64_t>(memory, fadt + 116 + 4), 0xcf9u);
    EXPECT_EQ(memory[fadt + 128], 6u);
    EXPECT_TRUE(memory[fadt + 113] & 4) << "RESET_REG_SUP";
    EXPECT_EQ(tables(1, 0).tables.size(), tables(1, 0xb000).tables.size());
    EXPECT_EQ(tables(1, 0).loader, tables(1, 0xb000).loader);
}

TEST(PcTables, AnEntryForEveryProcessor) {
    for (const unsigned cpus : {1u, 4u, 16u}) {
        const Firmware firmware(tables(cpus));
        const auto& memory = firmware.memory;
        const auto rsdt = get<std::uint32_t>(memory, firmware.loaded.at(rsdp_file) + 16);
        const std::uint64_t madt = firmware.tables_of(rsdt, 4).at("APIC");
        unsigned found = 0;
        const std::uint64_t end = madt + get<std::uint32_t>(memory, madt + 4);
        std::uint64_t at = madt + 44;
        while (at < end) {
            if (memory[at] == 0) {
                EXPECT_EQ(memory[at + 3], found);
                EXPECT_EQ(memory[at + 4], 1u);
                ++found;
            }
            ASSERT_NE(memory[at + 1], 0u);
            at += memory[at + 1];
        }
        EXPECT_EQ(at, end);
        EXPECT_EQ(found, cpus);
    }
}

}  // namespace
}  // namespace southgate::platform::acpi
