// QEMU's firmware configuration device: named and numbered blobs a machine hands to its firmware. Ports 510h
// (selector), 511h (data), 514h/518h (DMA). Source: QEMU documentation, "QEMU Firmware Configuration (fw_cfg)
// Device" (docs/specs/fw_cfg). Not modelled: items the guest may write, the memory-mapped variant.
//
// Items do not change while a simulation runs, except for files made when the guest selects them, and reading past
// the end of one gives zeros. A DMA operation takes no time and is bounded: one that asks for more than 16 MiB past
// the end of its item ends with the error bit.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <systemc>
#include <vector>

#include "chipset/dma_initiator.h"
#include "chipset/lines.h"
#include "chipset/target.h"

namespace southgate::chipset::fw_cfg {

// Numbered items (x86: bit 15 marks those of the architecture).
enum class Key : std::uint16_t {
    signature = 0x0000,
    id = 0x0001,
    uuid = 0x0002,
    nographic = 0x0004,
    cpus = 0x0005,
    numa = 0x000d,
    boot_menu = 0x000e,
    max_cpus = 0x000f,
    file_directory = 0x0019,
    first_file = 0x0020,
    acpi_tables = 0x8000,
    smbios_entries = 0x8001,
    irq0_override = 0x8002,
};

struct FwCfgConfig {
    bool dma = true;  // false: id bit 1 is 0 and the DMA ports float
};

class FwCfg : public sc_core::sc_module, private RegisterSpace {
  public:
    static constexpr std::uint32_t port_count = 12;  // 510h-51Bh

    TargetSocket ports{"ports", *this};
    DmaInitiator dma{"dma"};
    LineIn pcirst{"pcirst"};

    explicit FwCfg(const sc_core::sc_module_name& name, const FwCfgConfig& config = {});

    // Before the simulation starts; a later item or file of the same key or name replaces the earlier one.
    void add_item(Key key, std::vector<std::uint8_t> data);
    void add_integer(Key key, std::uint64_t value, unsigned bytes);  // little-endian
    // Throws std::invalid_argument if the name is empty or longer than 55 characters.
    void add_file(const std::string& file, std::vector<std::uint8_t> data);
    // A file whose contents depend on what the guest has programmed: `make` runs now and at every selection. Its
    // size is that of the first time. Throws as add_file().
    void add_live_file(const std::string& file, std::function<std::vector<std::uint8_t>()> make);

    // Names in directory order, and the key of one (0 if there is none).
    std::vector<std::string> files() const;
    std::uint16_t key_of(const std::string& file) const;

  private:
    using Blob = std::vector<std::uint8_t>;

    std::uint32_t read(std::uint32_t offset, unsigned size, const AccessContext& context) override;
    void write(std::uint32_t offset, unsigned size, std::uint32_t data,
               const AccessContext& context) override;

    void reset();
    void select(std::uint16_t key);
    std::uint8_t next_byte();
    void rebuild_directory();
    void run_dma(std::uint64_t descriptor);
    bool execute(std::uint32_t control, std::uint32_t length, std::uint64_t address);
    bool copy_to_memory(std::uint64_t address, std::uint32_t length);

    bool has_dma_;
    std::map<std::uint16_t, Blob> items_;
    std::map<std::string, Blob> files_;  // sorted: the directory's order
    std::map<std::string, std::function<Blob()>> live_;
    std::map<std::uint16_t, const std::function<Blob()>*> live_items_;
    const Blob* item_ = nullptr;
    std::uint64_t position_ = 0;
    std::uint32_t dma_high_ = 0;
};

}  // namespace southgate::chipset::fw_cfg
