// The machine `pc`: i440FX host bridge, PIIX southbridge, one to sixteen CPUs. Wiring only.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <systemc>
#include <vector>

#include "chipset/personality.h"
#include "cpu_model/system/cpuid.h"
#include "platform/boot/linux_boot.h"
#include "platform/boot/multiboot.h"
#include "platform/cpu_module.h"
#include "platform/engine_factory.h"
#include "platform/firmware_image.h"
#include "platform/machines/processors.h"
#include "platform/timing.h"

namespace southgate::platform {

// A flash below the firmware, for its variables.
struct FlashVariables {
    std::string path;             // its contents: whole blocks of 4 KiB, with the firmware at most 16 MiB
    bool writes_persist = false;  // otherwise they are kept in memory and lost with the machine
};

struct PcConfig {
    std::optional<FirmwareImage> firmware;  // required
    std::uint64_t memory = 128u << 20;      // bytes
    // Files. Disks fill the IDE channels from primary master on, CD-ROMs from secondary master on, four in
    // all.
    std::vector<std::string> disks;
    std::vector<std::string> cdroms;
    bool disk_writes_persist = false;  // otherwise they are kept in memory and lost with the machine
    std::optional<FlashVariables> flash_variables;
    std::uint16_t debug_console_port = 0x402;
    std::optional<std::uint16_t> debug_exit_port;
    bool vga = false;
    std::vector<std::uint8_t> vga_rom;  // option ROM of the display adapter; empty: none
    cpu::CpuModel cpu = cpu::CpuModel::x86_64();  // each of them
    unsigned cpus = 1;                            // 1..16
    EngineFactory engine;                         // empty: the interpreter
    std::uint64_t quantum_ps = CpuScheduler::default_quantum_ps;  // platform/cpu_scheduler.h
    PlatformTiming timing;
    chipset::Personality personality;
    cpu::PioPolicyKind pio_policy = cpu::PioPolicyKind::linear_rip_snapshot;
    bool quirk_out_7e = false;
    cpu::PioAdvance skip_model = cpu::PioAdvance::relative;
    cpu::StringRules string_rules = cpu::StringRules::architectural;
    std::uint64_t tsc_hz = 1'000'000'000;
    std::optional<std::uint64_t> wake_after_off_ps;  // a machine that switched off switches on again
    bool scramble_ram_on_reset = false;              // a hard reset leaves noise in RAM
    // Booted before any drive; one of the two at most.
    std::optional<LinuxBoot> linux_boot;
    std::optional<Multiboot> multiboot;
    // Every cycle of the processors' I/O ports passes it (chipset/bus/bus_probe.h); empty: nobody listens.
    ProcessorProbe io_probe;
};

class Pc : public sc_core::sc_module {
  public:
    static constexpr unsigned serial_ports = 2;
    using ByteOutput = std::function<void(std::uint8_t)>;

    // Throws InputError for images and settings it cannot use.
    Pc(const sc_core::sc_module_name& name, const PcConfig& config);
    ~Pc() override;

    CpuModule& cpu(std::size_t number = 0);
    CpuScheduler& scheduler();

    // --- consoles ---
    void on_debug_output(ByteOutput output);
    void on_serial_output(unsigned port, ByteOutput output);
    void serial_receive(unsigned port, std::span<const std::uint8_t> bytes);
    void on_debug_exit(std::function<void(std::uint32_t value)> handler);
    // Throws std::invalid_argument for text that names an unknown key.
    void type_text(std::string_view text);

    // --- screen; nothing without a display adapter ---
    std::optional<std::string> screen_text() const;
    // Throws std::runtime_error when the file cannot be written; false without a display adapter.
    bool write_screenshot(const std::string& path) const;

    // Why the file of the flash could not be written, if so.
    std::optional<std::string> flash_error() const;

    // --- power and front panel ---
    // Soft off or power button override; not called when wake_after_off_ps switches it on again.
    void on_powered_off(std::function<void()> handler);
    void press_reset_button();
    void press_power_button();

    // Reports to `events` from now on; call before the simulation starts.
    void report_to(EventStream& events);

  private:
    struct Parts;
    void start_of_simulation() override;
    std::unique_ptr<Parts> parts_;
};

}  // namespace southgate::platform
