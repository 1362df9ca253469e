#include "platform/machines/pc.h"

#include <fmt/format.h>

#include "chipset/bus/pci_bus.h"
#include "chipset/flash/nor_flash.h"
#include "chipset/fw_cfg/fw_cfg.h"
#include "chipset/fw_cfg/pc_items.h"
#include "chipset/i440fx/host_bridge.h"
#include "chipset/legacy/debug_console.h"
#include "chipset/legacy/debug_exit.h"
#include "chipset/legacy/kbc.h"
#include "chipset/legacy/post_port.h"
#include "chipset/legacy/uart16550.h"
#include "chipset/piix/southbridge.h"
#include "chipset/storage/ata_drive.h"
#include "chipset/storage/atapi_drive.h"
#include "chipset/storage/block_backend.h"
#include "chipset/video/vga_adapter.h"
#include "platform/acpi/pc_tables.h"
#include "platform/boot/boot_rom.h"
#include "platform/events/stream.h"
#include "platform/input_error.h"
#include "platform/machines/processors.h"
#include "platform/memory.h"

namespace southgate::platform {

using namespace chipset;
using chipset::IsaBridge;

namespace {

CpuConfig cpu_config(const PcConfig& c) {
    CpuConfig cpu;
    cpu.instruction_time_ps = c.timing.cpu.instruction_ps;
    cpu.init_to_fetch_ps = c.timing.cpu.init_to_fetch_ps;
    cpu.reset_to_fetch_ps = c.timing.cpu.reset_to_fetch_ps;
    cpu.tsc_hz = c.tsc_hz;
    cpu.pio_policy = c.pio_policy;
    cpu.quirk_out_7e = c.quirk_out_7e;
    cpu.skip_model = c.skip_model;
    cpu.string_rules = c.string_rules;
    return cpu;
}

constexpr std::uint64_t crystal_hz = 1'000'000'000;  // clock of the local APIC's timer; OVMF assumes 1 GHz

cpu::CpuModel cpu_model(const PcConfig& c) {
    cpu::CpuModel model = c.cpu;
    // The P6 had no leaf for frequencies.
    if (model.long_mode()) {
        model.tsc_hz = c.tsc_hz;
        model.crystal_hz = crystal_hz;
    }
    return model;
}

Processors::Config processors_config(const PcConfig& c) {
    return {.count = c.cpus,
            .model = cpu_model(c),
            .cpu = cpu_config(c),
            .engine = c.engine,
            .quantum_ps = c.quantum_ps,
            .apic_timer_hz = crystal_hz,
            .lint0_starts_as_ext_int = c.personality.lint0_starts_as_ext_int,
            .io_probe = c.io_probe};
}

HostBridge::Config host_config(const PcConfig& c) {
    HostBridge::Config host;
    host.dram_size = c.memory;
    host.timing = c.timing.bus;
    host.personality = c.personality;
    return host;
}

CmosSettings cmos_settings(const PcConfig& c) {
    CmosSettings cmos;
    cmos.memory_below_4g = DramMap::dram_below_4g(c.memory);
    cmos.memory_above_4g = c.memory - cmos.memory_below_4g;
    cmos.cpus = c.cpus;
    return cmos;
}

PiixSouthbridge::Config southbridge_config(const PcConfig& c) {
    PiixSouthbridge::Config sb;
    sb.timing = c.timing.bus;
    sb.reset_timing = c.timing.reset;
    sb.personality = c.personality;
    sb.rtc.cmos = cmos_defaults(cmos_settings(c));
    sb.wake_after_off = c.wake_after_off_ps;
    return sb;
}

const FirmwareImage& firmware_of(const PcConfig& c) {
    if (!c.firmware) throw InputError("a pc needs a firmware image");
    return *c.firmware;
}

}  // namespace

// Everything the machine is made of, in the order of the buses.
struct Pc::Parts {
    ApicBus apic_bus;
    Processors processors;
    HostBridge host;
    Ram ram;
    PciBus pci;
    PiixSouthbridge south;
    Rom rom;
    KeyboardController kbc;
    std::array<Uart16550, serial_ports> com{Uart16550{"com1"}, Uart16550{"com2"}};
    DebugConsole debug_console{"debug_console"};
    DebugExit debug_exit{"debug_exit"};
    PostPort post{"post"};
    fw_cfg::FwCfg fw_cfg{"fw_cfg"};
    std::unique_ptr<video::VgaAdapter> vga;
    std::unique_ptr<flash::NorFlash> flash;
    LineIn pcirst{"pcirst"};
    LineIn powered_off{"powered_off"};
    std::uint64_t scrambles = 0;

    explicit Parts(const PcConfig& c)
        : processors(apic_bus, processors_config(c)),
          host("host", host_config(c)),
          ram("ram", c.memory),
          pci("pci", {.timing = c.timing.bus}),
          south("south", apic_bus, southbridge_config(c)),
          rom("rom", firmware_of(c).bytes()),
          kbc("kbc", {.timing = c.timing.reset, .personality = c.personality}) {
        wire_buses(c);
        wire_reset(c);
        wire_isa(c);
        attach_drives(c);
    }

    void wire_buses(const PcConfig& c) {
        processors.connect(host);
        host.dram.bind(ram.socket);
        host.pci_io.bind(pci.io.target);
        host.pci_memory.bind(pci.memory.target);
        host.pci_config.bind(pci.config);
        host.pci_special.bind(south.isa.special);
        pci.host_memory.bind(host.dma_memory);
        pci.attach(host, 0, 0);
        south.attach(pci);
        south.isa.map_bios(rom.socket, firmware_of(c).bytes().size());
        if (c.flash_variables) map_flash(c);
        fw_cfg.dma.bind(pci.connect_master());
        if (c.vga) {
            vga =
                std::make_unique<video::VgaAdapter>("vga", video::VgaAdapterConfig{.option_rom = c.vga_rom});
            pci.attach(*vga, 2, 0);
        }
        ram.on_write([this](const std::uint8_t* host_bytes, std::size_t size) {
            processors.memory_written(host_bytes, size);
        });
    }

    // Right below the firmware. The PIIX decodes 1 MiB of BIOS at most: the flash is the board's own, and no register
    // protects it.
    void map_flash(const PcConfig& c) {
        const FirmwareImage& firmware = firmware_of(c);
        const auto& [path, writes_persist] = *c.flash_variables;
        try {
            using flash::FlashStore;
            auto store =
                FlashStore::open(path, FirmwareImage::max_size,
                                 writes_persist ? FlashStore::Writes::persist : FlashStore::Writes::discard);
            const std::size_t size = store.bytes().size();
            if (size % FirmwareImage::unit != 0 || size > FirmwareImage::max_size - firmware.bytes().size())
                throw InputError(fmt::format(
                    "{}: {} bytes: a flash for variables is a multiple of 4 KiB, with the firmware at most 16 MiB", path,
                    size));
            flash = std::make_unique<flash::NorFlash>(
                "flash", std::move(store),
                flash::NorFlash::Config{.clear_status_clears_ready = c.personality.flash_clear_status_clears_ready});
            south.isa.map_memory(firmware.base() - size, size, flash->socket);
        } catch (const flash::StoreError& error) {
            throw InputError(error.what());
        }
    }

    void wire_reset(const PcConfig& c) {
        processors.connect_init(south.reset.init);
        processors.connect_cpurst(south.reset.cpurst);
        processors.connect_power_good(south.reset.power_good);
        processors.connect_a20m(south.reset.a20m);
        processors.connect_intr(south.pic.intr);
        processors.connect_nmi(south.port61.nmi);
        processors.connect_smi(south.smi());
        processors.connect_ferr(south.coprocessor_error.ferr);
        processors.connect_ignne(south.coprocessor_error.ignne);
        south.reset.power_good(kbc.power_good);
        south.reset.pcirst(host.pcirst);
        south.reset.pcirst(pcirst);
        if (vga) south.reset.pcirst(vga->pcirst);
        if (flash) south.reset.pcirst(flash->pcirst);
        south.reset.rstdrv(kbc.rstdrv);
        south.reset.rstdrv(fw_cfg.pcirst);
        for (auto& uart : com) south.reset.rstdrv(uart.pcirst);
        south.reset.powered_off(powered_off);
        kbc.rcin(south.reset.rcin);
        kbc.a20gate(south.reset.a20gate);
        host.trc_init(south.reset.host_init);
        host.trc_hard(south.reset.host_reset);
        if (c.scramble_ram_on_reset) {
            pcirst.on_change([this](bool asserted) {
                // The first assertion is the power-on itself.
                if (!asserted || scrambles++ == 0) return;
                ram.scramble(scrambles);
                processors.memory_written(ram.bytes().data(), ram.size());
            });
        }
    }

    void wire_isa(const PcConfig& c) {
        IsaBridge& isa = south.isa;
        isa.map_isa(0x60, 1, kbc.socket, 0, IsaBridge::Gate::keyboard);
        isa.map_isa(0x64, 1, kbc.socket, 4, IsaBridge::Gate::keyboard);
        kbc.irq1(south.isa_irq(1));
        kbc.irq12(south.isa_irq(12));
        isa.map_isa(0x3f8, 8, com[0].socket);
        isa.map_isa(0x2f8, 8, com[1].socket);
        com[0].irq(south.isa_irq(4));
        com[1].irq(south.isa_irq(3));
        isa.map_isa(0x510, fw_cfg::FwCfg::port_count, fw_cfg.ports);
        isa.map_isa(c.debug_console_port, 1, debug_console.socket);
        if (c.debug_exit_port)
            isa.map_isa(*c.debug_exit_port, 4, debug_exit.socket);
        else
            isa.io.connect(debug_exit.socket);
        south.dma.on_port_80([this](std::uint8_t code, const sc_core::sc_time& at) { post.post(code, at); });
        isa.io.connect(post.socket);

        const CmosSettings memory = cmos_settings(c);
        fw_cfg::PcItems items{.ram_below_4g = memory.memory_below_4g,
                              .ram_above_4g = memory.memory_above_4g,
                              .cpus = c.cpus,
                              .max_cpus = c.cpus,
                              .nographic = !c.vga};
        if (c.linux_boot) {
            add_linux_boot(fw_cfg, *c.linux_boot, memory.memory_below_4g);
            items.boot_order = {boot_rom_device(linux_boot_rom)};
        }
        if (c.multiboot) {
            add_multiboot(fw_cfg, *c.multiboot, memory.memory_below_4g, c.vga);
            items.boot_order = {boot_rom_device(multiboot_rom)};
        }
        fw_cfg::add_pc_items(fw_cfg, items);
        add_acpi_tables(c.cpus, memory.memory_below_4g);
    }

    // The firmware programs the base of the power management ports before it reads the tables.
    void add_acpi_tables(unsigned cpus, std::uint64_t ram_below_4g) {
        const auto tables = [this, cpus, ram_below_4g] {
            return acpi::make_pc_tables(
                {.cpus = cpus, .ram_below_4g = ram_below_4g, .pm_base = south.pm.io_base()});
        };
        const acpi::PcTables first = tables();
        fw_cfg.add_file(acpi::loader_file, first.loader);
        fw_cfg.add_file(acpi::rsdp_file, first.rsdp);
        fw_cfg.add_live_file(acpi::tables_file, [tables] { return tables().tables; });
    }

    void attach_drives(const PcConfig& c) {
        using storage::RawImage;
        if (c.disks.size() + c.cdroms.size() > 4)
            throw InputError("a pc has four IDE drives, more disks and CD-ROMs were given");
        try {
            unsigned place = 0;
            for (const auto& path : c.disks) {
                const auto writes =
                    c.disk_writes_persist ? RawImage::Writes::persist : RawImage::Writes::overlay;
                attach(place++, std::make_unique<storage::AtaDrive>(storage::open_disk_image(path, writes)));
            }
            // The secondary master is where firmware and people look for a CD-ROM first.
            place = std::max(place, 4 - static_cast<unsigned>(c.cdroms.size()));
            if (c.cdroms.size() == 1 && c.disks.size() <= 2) place = 2;
            for (const auto& path : c.cdroms)
                attach(place++, std::make_unique<storage::AtapiDrive>(storage::open_cd_image(path)));
        } catch (const storage::ImageError& error) {
            throw InputError(error.what());
        }
    }

    void attach(unsigned place, std::unique_ptr<storage::Drive> drive) {
        south.ide.channel(place / 2).attach(place % 2, std::move(drive));
    }
};

Pc::Pc(const sc_core::sc_module_name& name, const PcConfig& config)
    : sc_module(name), parts_(std::make_unique<Parts>(config)) {}

Pc::~Pc() = default;

void Pc::start_of_simulation() { parts_->south.reset.power_on(); }

CpuModule& Pc::cpu(std::size_t number) { return parts_->processors.cpu(number); }

CpuScheduler& Pc::scheduler() { return parts_->processors.scheduler(); }

void Pc::on_debug_output(ByteOutput output) { parts_->debug_console.on_output(std::move(output)); }

void Pc::on_serial_output(unsigned port, ByteOutput output) {
    parts_->com.at(port).on_transmit(std::move(output));
}

void Pc::serial_receive(unsigned port, std::span<const std::uint8_t> bytes) {
    parts_->com.at(port).receive(bytes);
}

void Pc::on_debug_exit(std::function<void(std::uint32_t)> handler) {
    parts_->debug_exit.on_exit(std::move(handler));
}

void Pc::type_text(std::string_view text) { parts_->kbc.type_text(text); }

std::optional<std::string> Pc::screen_text() const {
    if (!parts_->vga) return std::nullopt;
    return parts_->vga->text();
}

bool Pc::write_screenshot(const std::string& path) const {
    if (parts_->vga) parts_->vga->write_png(path);
    return parts_->vga != nullptr;
}

std::optional<std::string> Pc::flash_error() const {
    if (!parts_->flash) return std::nullopt;
    parts_->flash->commit();
    return parts_->flash->store().error();
}

void Pc::on_powered_off(std::function<void()> handler) {
    parts_->powered_off.on_change([handler = std::move(handler)](bool off) {
        if (off) handler();
    });
}

void Pc::press_reset_button() { parts_->south.reset.press_reset_button(); }

void Pc::press_power_button() { parts_->south.reset.press_power_button(); }

void Pc::report_to(EventStream& events) { parts_->processors.report_to(events); }

}  // namespace southgate::platform
