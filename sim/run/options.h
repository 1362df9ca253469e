// Everything `southgate run` can be told, from the command line and from a configuration file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chipset/personality.h"
#include "cpu_model/pio/policy.h"
#include "cpu_model/system/cpu_models.h"
#include "platform/timing.h"
#include "sim/run/dialogue.h"

namespace CLI {
class App;
}

namespace southgate::sim {

struct TimedKeys {
    std::string text;
    std::uint64_t at_ps = 0;
};

struct RunOptions {
    // As given; resolve() checks them and fills in the values below.
    struct Raw {
        std::string memory = "128M", debugcon_port = "402", debug_exit, pio_policy = "linear-rip-snapshot";
        std::string skip_model = "vmx", string_rules = "architectural";
        std::string cpu{cpu::default_cpu_model}, random_seed = "0";
        std::string smp = "1", quantum = "10us";
        std::string quirk_out_7e = "off", timing = "zero", personality = "strict", max_time, wake_after;
        std::string stop_after_resets = "0", max_instructions = "0", max_wall = "0", mips, tsc_mhz = "1000";
        std::vector<std::string> keys;
    } raw;

    std::string firmware = "seabios";
    std::string machine = "pc";
    std::string engine = "interpreter";
    std::vector<std::string> disks;
    std::vector<std::string> cdroms;
    std::string kernel, initrd, append;
    std::string flash_vars;
    std::string debugcon;
    std::vector<std::string> serial;
    std::string vga = "none";
    std::string vga_rom;
    std::string screenshot, screen_text;
    std::string config;

    std::vector<std::string> stop_at;
    std::vector<std::string> expect, send;  // in pairs
    std::uint64_t stop_after_resets = 0;
    std::uint64_t max_instructions = 0;
    double max_wall = 0;

    std::string events, vcd, log;
    bool timeline = false, stats = false, realtime = false, scramble_ram = false, persist_disks = false;

    // The long options of the command line and the configuration file, as they are spelt ("--smp").
    std::vector<std::string> given;

    // Resolved.
    std::string better_name;  // the catalogue's name of a firmware given by path that needs more than it got
    std::string flash_template;  // contents of a flash that is forgotten, if the firmware needs one and none was given
    std::uint64_t memory = 0;
    unsigned cpus = 1;
    std::uint64_t quantum_ps = 0;
    std::uint64_t tsc_hz = 1'000'000'000;
    std::uint16_t debugcon_port = 0x402;
    std::optional<std::uint16_t> debug_exit;
    cpu::CpuModel cpu;
    cpu::PioPolicyKind pio_policy{};
    bool quirk_out_7e = false;
    cpu::PioAdvance skip_model{};
    cpu::StringRules string_rules{};
    platform::PlatformTiming timing;
    chipset::Personality personality;
    std::optional<std::uint64_t> max_time_ps, wake_after_ps;
    std::vector<TimedKeys> keys;
    std::vector<DialogueStep> dialogue;

    bool has_stop_condition() const { return !stop_at.empty() || stop_after_resets != 0; }
};

// Declares the options of `southgate run` on `app`, to be parsed into `options`.
void declare_run_options(CLI::App& app, RunOptions& options);
// Reads the files that options name (timing table, configuration tables) and checks values. Throws
// UsageError.
void resolve(RunOptions& options);

}  // namespace southgate::sim
