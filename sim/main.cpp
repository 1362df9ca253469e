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
#include "platform/input_error.h"
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

void declare(CLI::App& app, CLI::App*& run_command, RunOptions& options) {
    app.description("southgate, a firmware-facing x86 platform simulator");
    app.set_version_flag("--version", "southgate " SOUTHGATE_VERSION);
    app.require_subcommand(1);
    run_command = app.add_subcommand("run", "Run firmware on a machine");
    declare_run_options(*run_command, options);
}

bool is_run_option(const std::string& name) {
    CLI::App app;
    CLI::App* run_command = nullptr;
    RunOptions options;
    declare(app, run_command, options);
    return run_command->get_option_no_throw(name) != nullptr;
}

// Parses the command line; with a configuration file, its options first.
RunOptions parse(CLI::App& app, const std::vector<std::string>& arguments) {
    const auto parse_into = [&](CLI::App& target, RunOptions& options, std::vector<std::string> args) {
        CLI::App* run_command = nullptr;
        declare(target, run_command, options);
        const auto named = [&](CLI::App* subcommand) { return subcommand->get_name() == args[0]; };
        if (!args.empty() && !args[0].starts_with('-') && target.get_subcommands(named).empty())
            throw UsageError(fmt::format("unknown command '{}'; southgate --help lists them", args[0]));
        std::vector<std::string> reversed(args.rbegin(), args.rend());
        target.parse(reversed);
    };
    RunOptions options;
    parse_into(app, options, arguments);
    if (options.config.empty()) return options;

    std::vector<std::string> all{"run"};
    for (auto& argument : config_arguments(options.config, is_run_option)) all.push_back(std::move(argument));
    all.insert(all.end(), arguments.begin() + 1, arguments.end());
    CLI::App again;
    RunOptions with_file;
    parse_into(again, with_file, all);
    return with_file;
}

int command(const std::vector<std::string>& arguments) {
    CLI::App app;
    try {
        return run(parse(app, arguments));
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
        return complain("", error.what(), exit_usage);
    } catch (const UsageError& error) {
        return complain("", error.what(), exit_usage);
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
