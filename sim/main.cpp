// The `southgate` command.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <string>
#include <systemc>
#include <vector>

#include "chipset/storage/block_backend.h"
#include "cpu_model/kvm/system.h"
#include "platform/input_error.h"
#include "sim/engines/engines.h"
#include "sim/firmware/firmware.h"
#include "sim/pio/explore/command.h"
#include "sim/pio/kvm/engine.h"
#include "sim/pio/kvm/explore.h"
#include "sim/pio/matrix/command.h"
#include "sim/pio/platform/engine.h"
#include "sim/pio/trace/command.h"
#include "sim/run/config_file.h"
#include "sim/run/error.h"
#include "sim/run/options.h"
#include "sim/run/outcome.h"
#include "sim/run/run.h"

namespace {

using namespace southgate::sim;

int complain(const char* kind, const char* what, int status) {
    std::string line(what);
    for (char& c : line)
        if (c == '\n') c = ' ';
    fmt::print(stderr, "southgate: {}{}\n", kind, line);
    return status;
}

// Reports of the SystemC kernel become exceptions (errors) or one line each (warnings).
void on_report(const sc_core::sc_report& report, const sc_core::sc_actions& actions) {
    if (actions & sc_core::SC_THROW) throw report;
    if (report.get_severity() == sc_core::SC_WARNING) complain("SystemC: ", report.get_msg(), 0);
}

// What runs the scenarios of pio-matrix and pio-trace.
constexpr southgate::pio::EngineEntry pio_engines[] = {
    {"interpreter", southgate::pio::make_interpreter_engine},
    {"kvm", southgate::pio::make_kvm_engine},
    {"platform", southgate::pio::make_platform_engine},
};

// What pio-explore can explore.
constexpr southgate::pio::explore::ExploreEngine explore_engines[] = {
    {.name = "interpreter", .factory = southgate::pio::explore::interpreter_factory},
    {.name = "kvm",
     .factory = southgate::pio::kvm_explore_factory,
     .has_policies = false,
     .depth = 1,
     .model = southgate::pio::kvm_explore_model},
};

// The subcommands: the options of each, and how it is run. A new one adds its options, and a line in the
// constructor and in execute().
struct Commands {
    CLI::App app{"southgate, a firmware-facing x86 platform simulator"};
    CLI::App *run = nullptr, *firmware = nullptr, *pio_matrix = nullptr, *pio_trace = nullptr,
             *pio_explore = nullptr;
    RunOptions run_options;
    FirmwareOptions firmware_options;
    southgate::pio::MatrixOptions matrix_options;
    southgate::pio::TraceOptions trace_options;
    southgate::pio::explore::ExploreOptions explore_options;

    Commands() {
        app.set_version_flag("--version", "southgate " SOUTHGATE_VERSION);
        app.require_subcommand(1);
        run = app.add_subcommand("run", "Run firmware on a machine");
        declare_run_options(*run, run_options);
        firmware = app.add_subcommand("firmware", "The firmware images southgate knows by name");
        declare_firmware_options(*firmware, firmware_options);
        pio_matrix = app.add_subcommand("pio-matrix", "Port-I/O completion: every scenario under every policy");
        declare_matrix_options(*pio_matrix, matrix_options);
        pio_trace = app.add_subcommand("pio-trace", "Port-I/O completion: one scenario, step by step");
        declare_trace_options(*pio_trace, trace_options);
        pio_explore = app.add_subcommand("pio-explore", "Port-I/O completion: exhaustive search for failures");
        declare_explore_options(*pio_explore, explore_options);
    }

    int execute() {
        if (firmware->parsed()) return run_firmware(*firmware, firmware_options);
        if (pio_matrix->parsed()) return southgate::pio::run_matrix_command(matrix_options, pio_engines);
        if (pio_trace->parsed()) return southgate::pio::run_trace_command(trace_options, pio_engines);
        if (pio_explore->parsed()) return southgate::pio::explore::run_explore_command(explore_options, explore_engines);
        return southgate::sim::run(run_options, run_engines());
    }
};

bool is_run_option(const std::string& name) { return Commands().run->get_option_no_throw(name) != nullptr; }

void parse(Commands& commands, const std::vector<std::string>& arguments) {
    const auto named = [&](CLI::App* subcommand) { return subcommand->get_name() == arguments[0]; };
    if (!arguments.empty() && !arguments[0].starts_with('-') && commands.app.get_subcommands(named).empty())
        throw UsageError(fmt::format("unknown command '{}'; southgate --help lists them", arguments[0]));
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    commands.app.parse(reversed);
}

// With a configuration file, `run` reads its options first: the command line wins.
int parse_and_execute(Commands& commands, const std::vector<std::string>& arguments) {
    parse(commands, arguments);
    const std::string& config = commands.run_options.config;
    if (config.empty()) return commands.execute();

    std::vector<std::string> all{"run"};
    for (auto& argument : config_arguments(config, is_run_option)) all.push_back(std::move(argument));
    all.insert(all.end(), arguments.begin() + 1, arguments.end());
    Commands with_file;
    parse(with_file, all);
    return with_file.execute();
}

int command(const std::vector<std::string>& arguments) {
    Commands commands;
    try {
        return parse_and_execute(commands, arguments);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return commands.app.exit(error);  // --help, --version
        return complain("", error.what(), exit_usage);
    } catch (const UsageError& error) {
        return complain("", error.what(), exit_usage);
    } catch (const southgate::cpu::kvm::Unavailable& error) {
        return complain("no KVM: ", error.what(), exit_no_kvm);
    } catch (const southgate::platform::InputError& error) {
        return complain("", error.what(), exit_usage);
    } catch (const southgate::chipset::storage::ImageError& error) {
        return complain("", error.what(), exit_usage);
    } catch (const std::bad_alloc&) {
        return complain("", "the host has not enough memory for this machine", exit_usage);
    } catch (const sc_core::sc_report& report) {
        return complain("internal error: SystemC: ", report.get_msg(), exit_internal_error);
    } catch (const std::exception& error) {
        return complain("internal error: ", error.what(), exit_internal_error);
    }
}

}  // namespace

int sc_main(int argc, char* argv[]) {
    sc_core::sc_report_handler::set_handler(on_report);
    return command({argv + 1, argv + argc});
}

int main(int argc, char* argv[]) {
    // The kernel's banner would be part of the guest's console.
    setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 1);
    return sc_core::sc_elab_and_sim(argc, argv);
}
