#include "sim/run/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include "chipset/legacy/kbc_keys.h"
#include "firmware/catalogue/catalogue.h"
#include "sim/firmware/firmware.h"
#include "sim/run/config_file.h"
#include "sim/run/error.h"
#include "sim/run/units.h"

namespace southgate::sim {

namespace {

constexpr std::string_view policy_names =
    "complete-always, skip-before-exit, cancel-on-rip-write, cancel-on-rip-change, match-reset-vector, "
    "linear-rip-snapshot, full-emulator";

constexpr std::uint64_t longest_quantum_ps = 100'000'000'000;

template <typename F>
auto named(std::string_view option, F parse) {
    try {
        return parse();
    } catch (const UsageError& error) {
        throw UsageError(fmt::format("{}: {}", option, error.what()));
    }
}

void one_of(std::string_view option, std::string_view value, std::initializer_list<std::string_view> values) {
    for (const auto v : values)
        if (v == value) return;
    throw UsageError(fmt::format("{}: '{}' is not one of {}", option, value, fmt::join(values, ", ")));
}

// Million a second, from one thousandth to a hundred thousand.
double frequency(std::string_view option, std::string_view text) {
    const double value = named(option, [&] { return parse_number(text); });
    if (value < 0.001 || value > 100'000)
        throw UsageError(fmt::format("{}: {} is not between 0.001 and 100000", option, text));
    return value;
}

TimedKeys parse_keys(const std::string& text) {
    const auto at = text.rfind('@');
    if (at == std::string::npos)
        throw UsageError(fmt::format("--keys: '{}' does not say when: expected TEXT@TIME", text));
    const TimedKeys keys{text.substr(0, at),
                         named("--keys", [&] { return parse_duration(text.substr(at + 1)); })};
    try {
        (void)chipset::keys_from_text(keys.text);
    } catch (const std::invalid_argument& error) {
        throw UsageError(fmt::format("--keys: {}", error.what()));
    }
    return keys;
}

// The flash of an image of the catalogue has one size.
void resolve_flash(const firmware::Image& image, RunOptions& o) {
    std::error_code error;
    if (image.flash_vars.empty()) return;
    const auto size = std::filesystem::file_size(image.flash_vars, error);
    if (o.flash_vars.empty()) {
        if (error)
            throw UsageError(fmt::format("--firmware {}: {} is not present: Debian package {} has it", image.name,
                                         image.flash_vars, image.origin));
        o.flash_template = image.flash_vars;
    } else if (!std::filesystem::exists(o.flash_vars, error)) {
        throw UsageError(fmt::format("--flash-vars: {}: no such file; start with a copy of {}", o.flash_vars,
                                     image.flash_vars));
    } else if (const auto given = std::filesystem::file_size(o.flash_vars, error); !error && given != size) {
        throw UsageError(fmt::format("--flash-vars: {}: {} bytes, {} needs {}; start with a copy of {}", o.flash_vars,
                                     given, image.name, size, image.flash_vars));
    }
}

// A firmware given by its path gets the machine as it is. The catalogue's name of that file, if it gets more by that.
std::string name_with_more(const RunOptions& o) {
    const firmware::Image* image = firmware::find_file(o.firmware);
    if (!image) return {};
    bool more = !image->flash_vars.empty() && o.flash_vars.empty() && o.flash_template.empty();
    for (const auto& option : chipset::kPersonalityOptions)
        more |= std::ranges::find(image->deviations, option.name) != image->deviations.end() && !(o.personality.*option.member);
    return more ? std::string(image->name) : "";
}

}  // namespace

void declare_run_options(CLI::App& app, RunOptions& o) {
    // The configuration file comes first and the command line wins.
    app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    const auto list = [&](const char* name, std::vector<std::string>& values, const char* help) {
        return app.add_option(name, values, help)
            ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
            ->expected(1)
            ->allow_extra_args(false);
    };
    const auto group = [&](const char* name) { app.option_defaults()->group(name); };

    group("Machine");
    app.add_option("--firmware", o.firmware,
                   "Firmware image, 64 KiB to 16 MiB, mapped up to FFFFFFFFh, or a name of `southgate firmware list`")
        ->capture_default_str()
        ->type_name("FILE|NAME");
    app.add_option("--flash-vars", o.flash_vars,
                   "Flash below the firmware, for UEFI variables: a copy of the image's *_VARS file, which is changed")
        ->type_name("FILE");
    app.add_option("--machine", o.machine, "Machine: pc (i440FX and PIIX)")
        ->capture_default_str()
        ->type_name("NAME");
    app.add_option("--memory", o.raw.memory, "RAM")->capture_default_str()->type_name("SIZE");
    list("--disk", o.disks, "Raw disk image; several may be given")->type_name("FILE");
    list("--cdrom", o.cdroms, "ISO image in an ATAPI CD-ROM drive")->type_name("FILE");
    app.add_option("--kernel", o.kernel, "Linux kernel (bzImage) or multiboot kernel (ELF) to boot directly")->type_name("FILE");
    app.add_option("--initrd", o.initrd, "Initial RAM disk of a Linux kernel, or modules of a multiboot kernel: 'FILE arguments,FILE ...'")
        ->type_name("FILE");
    app.add_option("--append", o.append, "Command line of --kernel")->type_name("TEXT");
    app.add_flag("--persist-disks", o.persist_disks,
                 "Writes to disks change the image files; otherwise they are gone after the run");
    app.add_option("--vga", o.vga, "Display adapter: none or std")->capture_default_str()->type_name("KIND");
    app.add_option("--vga-rom", o.vga_rom, "Option ROM of the display adapter")->type_name("FILE");
    app.add_option("--personality", o.raw.personality,
                   "strict follows the datasheets, qemu reproduces QEMU's deviations")
        ->capture_default_str()
        ->type_name("NAME");
    app.add_option("--config", o.config,
                   "TOML file: every long option is a key; tables [timing.*], [personality]")
        ->type_name("FILE");

    group("Consoles");
    app.add_option("--debugcon", o.debugcon, "Debug console output: stdout, stderr or a file")
        ->type_name("WHERE");
    app.add_option("--debugcon-port", o.raw.debugcon_port, "Port of the debug console, hexadecimal")
        ->capture_default_str()
        ->type_name("PORT");
    list("--serial", o.serial, "Serial port (first COM1, then COM2): stdio, tcp:PORT or a file")
        ->type_name("WHERE");
    list("--keys", o.raw.keys, "Type TEXT at simulated TIME; <enter>, <esc>, <ctrl-alt-del> ... name keys")
        ->type_name("TEXT@TIME");
    list("--expect", o.expect, "Wait until TEXT appears on the debug console or a serial port, then type the --send after it")
        ->type_name("TEXT");
    list("--send", o.send, "Type LINE and a carriage return on COM1; escapes as in C, \\c at the end: no carriage return")
        ->type_name("LINE");
    app.add_option("--screenshot", o.screenshot, "Write the screen as PNG at the end")->type_name("FILE");
    app.add_option("--screen-text", o.screen_text, "Write the text screen at the end; - for standard output")
        ->type_name("FILE");

    group("Processor and time");
    app.add_option("--engine", o.engine, "What executes the guest: interpreter, or kvm (the host's /dev/kvm)")
        ->capture_default_str()
        ->type_name("NAME");
    app.add_option("--cpu", o.raw.cpu, fmt::format("Processor: {}; without features: {},-smap,-x2apic", cpu::cpu_model_names, cpu::default_cpu_model))
        ->capture_default_str()
        ->type_name("NAME");
    app.add_option("--random-seed", o.raw.random_seed, "Seed of RDRAND and RDSEED")
        ->capture_default_str()
        ->type_name("N");
    app.add_option("--smp", o.raw.smp, "Number of processors, 1 to 16")->capture_default_str()->type_name("N");
    app.add_option("--quantum", o.raw.quantum,
                   "Several running processors take turns so that each gets its share of every TIME")
        ->capture_default_str()
        ->type_name("TIME");
    app.add_option("--pio-policy", o.raw.pio_policy, fmt::format("Port I/O completion: {}", policy_names))
        ->capture_default_str()
        ->type_name("NAME");
    app.add_option("--quirk-out-7e", o.raw.quirk_out_7e, "KVM_X86_QUIRK_OUT_7E_INC_RIP: on or off")
        ->capture_default_str()
        ->type_name("ON|OFF");
    app.add_option("--skip-model", o.raw.skip_model,
                   "How a completion moves rip: vmx (by the length) or svm (to the address saved at the exit)")
        ->capture_default_str()
        ->type_name("VMX|SVM");
    app.add_option("--string-rules", o.raw.string_rules,
                   "INS and OUTS: architectural, or kernel (KVM's emulator with its faults)")
        ->capture_default_str()
        ->type_name("WHICH");
    app.add_option("--timing", o.raw.timing, "Reset and bus timing: zero, datasheet or a TOML file")
        ->capture_default_str()
        ->type_name("WHICH");
    app.add_option("--mips", o.raw.mips, "Million instructions in a simulated second [100]")->type_name("N");
    app.add_option("--tsc-mhz", o.raw.tsc_mhz, "Frequency of the time-stamp counter")
        ->capture_default_str()
        ->type_name("N");
    app.add_flag("--realtime", o.realtime, "Let simulated time pass no faster than real time");
    app.add_flag("--scramble-ram", o.scramble_ram,
                 "A hard reset leaves noise in RAM instead of its contents");
    app.add_option("--wake-after", o.raw.wake_after, "Switch the machine on again TIME after it switched off")
        ->type_name("TIME");

    group("End of the run");
    list("--stop-at", o.stop_at, "Stop with status 0 when TEXT appears on any console, after the last --expect if there is one")->type_name("TEXT");
    app.add_option("--stop-after-resets", o.raw.stop_after_resets, "Stop with status 0 after N resets")
        ->type_name("N");
    app.add_option("--debug-exit", o.raw.debug_exit, "A write to PORT ends the run with status (value<<1)|1")
        ->type_name("PORT");
    app.add_option("--max-time", o.raw.max_time, "Stop with status 3 after this simulated time")
        ->type_name("TIME");
    app.add_option("--max-instructions", o.raw.max_instructions, "Stop with status 3 after N instructions")
        ->type_name("N");
    app.add_option("--max-wall", o.raw.max_wall, "Stop with status 3 after this many seconds of real time")
        ->type_name("SECONDS");

    group("Reports");
    app.add_option("--events", o.events, "Write all events as JSON lines")->type_name("FILE");
    app.add_option("--vcd", o.vcd, "Write lines and port I/O as a value change dump")->type_name("FILE");
    app.add_option("--log", o.log, "Write all events as text; - for standard error")->type_name("FILE");
    app.add_flag("--timeline", o.timeline, "Print the story of every reset at the end");
    app.add_flag("--stats", o.stats, "Print counters at the end");

    app.parse_complete_callback([&app, &o] {
        for (const CLI::Option* option : app.get_options())
            if (option->count() > 0) o.given.push_back(option->get_name());
    });
}

void resolve(RunOptions& o) {
    if (o.kernel.empty() && !(o.initrd.empty() && o.append.empty()))
        throw UsageError("--initrd and --append need --kernel");
    one_of("--machine", o.machine, {"pc"});
    one_of("--vga", o.vga, {"none", "std"});
    one_of("--personality", o.raw.personality, {"strict", "qemu"});
    one_of("--quirk-out-7e", o.raw.quirk_out_7e, {"on", "off"});
    one_of("--skip-model", o.raw.skip_model, {"vmx", "svm"});
    one_of("--string-rules", o.raw.string_rules, {"architectural", "kernel"});

    o.memory = named("--memory", [&] { return parse_size(o.raw.memory); });
    if (o.memory < (1u << 20) || o.memory > (std::uint64_t{64} << 30) || o.memory % (1u << 20) != 0)
        throw UsageError(
            fmt::format("--memory: {} is not a whole number of MiB from 1M to 64G", o.raw.memory));
    o.debugcon_port = named("--debugcon-port", [&] { return parse_port(o.raw.debugcon_port); });
    if (!o.raw.debug_exit.empty())
        o.debug_exit = named("--debug-exit", [&] { return parse_port(o.raw.debug_exit); });
    if (!o.raw.max_time.empty())
        o.max_time_ps = named("--max-time", [&] { return parse_duration(o.raw.max_time); });
    if (!o.raw.wake_after.empty())
        o.wake_after_ps = named("--wake-after", [&] { return parse_duration(o.raw.wake_after); });
    o.stop_after_resets = named("--stop-after-resets", [&] { return parse_count(o.raw.stop_after_resets); });
    o.max_instructions = named("--max-instructions", [&] { return parse_count(o.raw.max_instructions); });
    o.max_wall = named("--max-wall", [&] { return parse_number(o.raw.max_wall); });
    const double mips = o.raw.mips.empty() ? 0 : frequency("--mips", o.raw.mips);
    o.tsc_hz = static_cast<std::uint64_t>(frequency("--tsc-mhz", o.raw.tsc_mhz) * 1e6);
    if (o.serial.size() > 2) throw UsageError("--serial: a pc has two serial ports, more were given");
    for (const auto& text : o.stop_at)
        if (text.empty()) throw UsageError("--stop-at: the text is empty");
    for (const auto& keys : o.raw.keys) o.keys.push_back(parse_keys(keys));
    if (o.expect.size() != o.send.size())
        throw UsageError(fmt::format("--expect and --send come in pairs, {} and {} were given", o.expect.size(), o.send.size()));
    for (std::size_t i = 0; i < o.expect.size(); ++i) o.dialogue.push_back({o.expect[i], o.send[i]});
    (void)Dialogue(o.dialogue);

    try {
        o.cpu = cpu::cpu_model_named(o.raw.cpu);
    } catch (const std::invalid_argument& error) {
        throw UsageError(fmt::format("--cpu: {}", error.what()));
    }
    o.cpu.random_seed = named("--random-seed", [&] { return parse_count(o.raw.random_seed); });
    const std::uint64_t cpus = named("--smp", [&] { return parse_count(o.raw.smp); });
    if (cpus < 1 || cpus > 16) throw UsageError(fmt::format("--smp: {} is not between 1 and 16", o.raw.smp));
    o.cpus = static_cast<unsigned>(cpus);
    o.quantum_ps = named("--quantum", [&] { return parse_duration(o.raw.quantum); });
    if (o.quantum_ps == 0 || o.quantum_ps > longest_quantum_ps)
        throw UsageError(fmt::format("--quantum: {} is not longer than 0 and at most 100 ms", o.raw.quantum));
    const auto policy = cpu::parse_pio_policy(o.raw.pio_policy);
    if (!policy)
        throw UsageError(fmt::format("--pio-policy: '{}' is not one of {}", o.raw.pio_policy, policy_names));
    o.pio_policy = *policy;
    o.quirk_out_7e = o.raw.quirk_out_7e == "on";
    o.skip_model = *cpu::parse_skip_model(o.raw.skip_model);
    o.string_rules = *cpu::parse_string_rules(o.raw.string_rules);
    o.personality =
        o.raw.personality == "qemu" ? chipset::Personality::qemu() : chipset::Personality::strict();

    if (const auto* image = firmware::find(o.firmware)) {
        for (const auto& option : chipset::kPersonalityOptions)
            if (std::ranges::find(image->deviations, option.name) != image->deviations.end())
                o.personality.*option.member = true;
        o.firmware = resolve_firmware(o.firmware);
        resolve_flash(*image, o);
    }

    if (o.raw.timing == "zero")
        o.timing = platform::PlatformTiming::zero();
    else if (o.raw.timing == "datasheet")
        o.timing = platform::PlatformTiming::datasheet();
    else
        o.timing = read_timing_file(o.raw.timing);
    if (!o.config.empty()) apply_config_tables(o.config, o.timing, o.personality);
    o.better_name = name_with_more(o);
    if (mips > 0) o.timing.cpu.instruction_ps = static_cast<std::uint64_t>(1e6 / mips + 0.5);
    if (o.timing.cpu.instruction_ps == 0) throw UsageError("timing: cpu.instruction must be longer than 0");

    if (o.vga == "none" && (!o.screenshot.empty() || !o.screen_text.empty() || !o.vga_rom.empty()))
        throw UsageError("--screenshot, --screen-text and --vga-rom need a display adapter: add --vga std");
}

}  // namespace southgate::sim
