#include "sim/pio/explore/command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "cpu_model/interpreter/interpreter.h"
#include "sim/pio/explore/search.h"
#include "sim/pio/matrix/command.h"
#include "sim/run/error.h"

namespace southgate::pio::explore {
namespace {

std::string text(const Minimal& minimal) {
    const Sequence& s = minimal.sequence;
    std::string actions;
    for (unsigned n = 0; n < s.depth; n++) actions += fmt::format("{}{}", n ? ", " : "", name_of(s.intents[n]));
    std::string line = fmt::format("  {:<17} {}: {}", name_of(minimal.damage), traits(s.start.pio).name,
                                   actions.empty() ? "no action" : actions);
    if (minimal.finding.same_linear()) line += minimal.finding.same_rip() ? "; same rip" : "; same linear rip";
    else if (minimal.finding.same_rip()) line += "; same rip, another linear rip";
    line += fmt::format(" ({}", pio::name_of(s.start.mode));
    if (s.start.place != PlaceKind::plain) line += fmt::format(", at {}", name_of(s.start.place));
    if (s.start.condition != Condition::none) line += fmt::format(", {}", name_of(s.start.condition));
    return line + ")";
}

}  // namespace

void declare_explore_options(CLI::App& app, ExploreOptions& options) {
    app.add_option("--policy", options.policies, "Policies, by name or two letters (default: all columns)");
    app.add_option("--mode", options.modes, "Guest modes (default: all)");
    app.add_option("--skip-model", options.skip_model, "vmx or svm (default: both)");
    app.add_option("--depth", options.depth, "Userspace actions in a sequence, at most")
        ->check(CLI::Range(0u, max_depth))
        ->capture_default_str();
    app.add_option("--budget", options.budget, "Sequences for each column, the simplest first (default: all)");
    app.add_option("--jobs", options.jobs, "Threads")->check(CLI::Range(1u, 64u))->capture_default_str();
}

int run_explore_command(const ExploreOptions& options) {
    SearchOptions how;
    how.depth = options.depth;
    how.jobs = options.jobs;
    if (options.budget != 0) how.budget = options.budget;
    for (const std::string& name : options.modes) {
        const auto mode = parse_guest_mode(name);
        if (!mode) throw sim::UsageError(fmt::format("--mode {}: not a guest mode", name));
        how.modes.push_back(*mode);
    }
    std::vector<unsigned> which;
    for (const std::string& name : options.policies) which.push_back(column_from("--policy", name));
    if (which.empty())
        for (unsigned n = 0; n < column_count; n++) which.push_back(n);
    if (!options.skip_model.empty() && !cpu::parse_skip_model(options.skip_model))
        throw sim::UsageError(fmt::format("--skip-model {}: expected vmx or svm", options.skip_model));

    std::uint64_t total = 0;
    const VcpuFactory factory = [](cpu::Bus& bus) { return cpu::make_interpreter(bus); };
    for (const unsigned n : which) {
        for (const cpu::PioAdvance advance : skip_models) {
            if (!options.skip_model.empty() && cpu::name_of(advance) != options.skip_model) continue;
            const Column& column = columns[n];
            const SearchResult found =
                search({column.kind, column.quirk, advance, cpu::StringRules::kernel}, how, factory);
            fmt::print("{} {} {}: {} sequences, {} fail, {} minimal\n", column.name, cpu::name_of(column.kind),
                       cpu::name_of(advance), found.sequences, found.failing, found.minimal.size());
            for (const Minimal& minimal : found.minimal) fmt::print("{}\n", text(minimal));
            total += found.sequences;
            std::fflush(stdout);
        }
    }
    fmt::print("{} sequences in all\n", total);
    return 0;
}

}  // namespace southgate::pio::explore
