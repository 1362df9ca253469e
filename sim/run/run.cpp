#include "sim/run/run.h"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "platform/input_error.h"
#include "platform/machines/pc.h"
#include "sim/run/console.h"
#include "sim/run/direct_boot.h"
#include "sim/run/error.h"
#include "sim/run/monitor.h"
#include "sim/run/outcome.h"
#include "sim/run/reports.h"

namespace southgate::sim {

namespace {

constexpr const char* default_vga_rom = "/usr/share/seabios/vgabios-stdvga.bin";

// Without --vga-rom, Debian's SeaVGABIOS if it is installed: the adapter works without one too, the firmware
// then shows nothing.
std::vector<std::uint8_t> vga_rom(const std::string& path) {
    if (path.empty() && !std::filesystem::exists(default_vga_rom)) return {};
    return platform::read_file(path.empty() ? default_vga_rom : path, 256 << 10);
}

platform::PcConfig machine_config(const RunOptions& o, const RunEngine& engine) {
    platform::PcConfig c;
    c.engine = engine.factory;
    c.firmware = platform::FirmwareImage::load(o.firmware);
    c.memory = o.memory;
    c.disks = o.disks;
    c.cdroms = o.cdroms;
    c.disk_writes_persist = o.persist_disks;
    if (!o.flash_vars.empty())
        c.flash_variables = {.path = o.flash_vars, .writes_persist = true};
    else if (!o.flash_template.empty())
        c.flash_variables = {.path = o.flash_template, .writes_persist = false};
    c.debug_console_port = o.debugcon_port;
    c.debug_exit_port = o.debug_exit;
    c.vga = o.vga == "std";
    if (c.vga) c.vga_rom = vga_rom(o.vga_rom);
    if (!o.kernel.empty()) load_kernel(o, c);
    c.cpu = o.cpu;
    c.cpus = o.cpus;
    c.quantum_ps = o.quantum_ps;
    c.timing = o.timing;
    c.personality = o.personality;
    c.pio_policy = o.pio_policy;
    c.quirk_out_7e = o.quirk_out_7e;
    c.skip_model = o.skip_model;
    c.string_rules = o.string_rules;
    c.tsc_hz = o.tsc_hz;
    c.wake_after_off_ps = o.wake_after_ps;
    c.scramble_ram_on_reset = o.scramble_ram;
    return c;
}

// Connects the guest's consoles to the host and to the search for --stop-at.
class Consoles {
  public:
    Consoles(const RunOptions& options, platform::Pc& machine, Monitor& monitor) {
        bool terminal = false;
        if (!options.debugcon.empty()) {
            debug_ = ByteSink::open(options.debugcon);
            terminal |= debug_->is_terminal();
            monitor.add_output(*debug_);
        }
        machine.on_debug_output([this, &monitor](std::uint8_t byte) {
            if (debug_) debug_->put(byte);
            monitor.console_byte(0, byte);
        });
        for (unsigned port = 0; port < platform::Pc::serial_ports; ++port) {
            SerialEnd* end = nullptr;
            if (port < options.serial.size()) {
                end = serial_.emplace_back(SerialEnd::open(options.serial[port])).get();
                terminal |= end->is_terminal();
                monitor.add_serial(*end,
                                   [&machine, port](auto bytes) { machine.serial_receive(port, bytes); });
            }
            machine.on_serial_output(port, [end, port, &monitor](std::uint8_t byte) {
                if (end) end->put(byte);
                monitor.console_byte(1 + port, byte);
            });
        }
        if (terminal) monitor.quiet();
    }
    void flush() {
        if (debug_) debug_->flush();
        for (auto& end : serial_) end->flush();
    }

  private:
    std::unique_ptr<ByteSink> debug_;
    std::vector<std::unique_ptr<SerialEnd>> serial_;
};

}  // namespace

int run(RunOptions options, std::span<const RunEngine> engines) {
    resolve(options);
    const RunEngine& engine = chosen_engine(options, engines);
    handle_signals();
    Reports reports(options);
    platform::Pc machine("pc", machine_config(options, engine));
    platform::CpuModule& cpu = machine.cpu();
    platform::CpuScheduler& cpus = machine.scheduler();

    Monitor monitor("monitor", options,
                    {.stop = [&] { cpus.stop(); },
                     .waiting = [&] { return cpus.all_waiting(); },
                     .type = [&](const std::string& text) { machine.type_text(text); },
                     .receive = [&](std::span<const std::uint8_t> bytes) { machine.serial_receive(0, bytes); },
                     .instructions = [&] { return cpus.instructions(); },
                     .screen = [&] { return machine.screen_text(); }});
    Consoles consoles(options, machine, monitor);
    reports.attach(machine);

    machine.on_powered_off([&] { monitor.finish({exit_ok, "the machine switched off"}); });
    machine.on_debug_exit([&](std::uint32_t value) {
        monitor.finish({static_cast<int>((value << 1 | 1) & 0xff), fmt::format("debug exit {:#x}", value)});
    });
    if (options.max_instructions)
        cpus.limit_instructions(options.max_instructions, [&] {
            monitor.finish({exit_limit, fmt::format("--max-instructions: {} instructions are over",
                                                    options.max_instructions)});
        });
    std::uint64_t resets = 0;
    if (options.stop_after_resets)
        cpu.on_start([&](platform::CpuReset kind) {
            if (kind == platform::CpuReset::power_on && resets == 0 && cpu.counters().starts == 1) return;
            if (++resets == options.stop_after_resets)
                monitor.finish({exit_ok, fmt::format("--stop-after-resets: reset {}", resets)});
        });

    const auto start = std::chrono::steady_clock::now();
    sc_core::sc_start();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

    monitor.clear_progress();
    consoles.flush();
    reports.finish(machine, seconds);
    if (const auto error = machine.flash_error()) {
        fmt::print(stderr, "southgate: --flash-vars: {}\n", *error);
        return exit_internal_error;
    }
    for (const platform::CpuModule* one : cpus.cpus()) {
        const char* error = one->internal_error();
        if (!error) continue;
        fmt::print(stderr, "southgate: internal error: {} at {:08X}\n", error, one->linear_rip());
        return exit_internal_error;
    }
    const Outcome outcome =
        monitor.outcome().value_or(Outcome{exit_internal_error, "the simulation ended by itself"});
    if (outcome.status == exit_limit || outcome.status == exit_interrupted ||
        outcome.status == exit_internal_error)
        if (!options.debug_exit || outcome.why.find("debug exit") == std::string::npos)
            fmt::print(stderr, "southgate: {}{}\n", outcome.why, options.better_name.empty()
                                   ? ""
                                   : fmt::format("; --firmware {}, the name of this image, adds what it may need",
                                                 options.better_name));
    return outcome.status;
}

}  // namespace southgate::sim
