#include "sim/pio/explore/command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <optional>

#include "cpu_model/interpreter/interpreter.h"
#include "sim/pio/explore/report.h"
#include "sim/pio/explore/search.h"
#include "sim/pio/matrix/command.h"
#include "sim/run/error.h"

namespace southgate::pio::explore {
namespace {

using sim::UsageError;

struct Target {
    std::string name, models;
    Subject subject;
};

std::vector<Target> chosen_targets(const ExploreOptions& o, const ExploreEngine& engine) {
    if (!engine.has_policies) {
        if (!o.policies.empty() || !o.skip_model.empty())
            throw UsageError(fmt::format("{}: --engine {} completes by rules of its own",
                                         o.policies.empty() ? "--skip-model" : "--policy", engine.name));
        return {{std::string(engine.name), "", {.counts_instructions = false, .customise = {}}}};
    }
    std::vector<unsigned> which;
    for (const std::string& name : o.policies) which.push_back(column_from("--policy", name));
    if (which.empty())
        for (unsigned n = 0; n < column_count; n++) which.push_back(n);
    std::optional<cpu::PioAdvance> only;
    if (!o.skip_model.empty()) {
        only = cpu::parse_skip_model(o.skip_model);
        if (!only) throw UsageError(fmt::format("--skip-model: '{}' is not one of vmx, svm", o.skip_model));
    }
    std::vector<Target> targets;
    for (const unsigned n : which) {
        const Column& c = columns[n];
        const std::string name = fmt::format("{} {}{}", c.name, cpu::name_of(c.kind), c.quirk ? " with the 7Eh quirk" : "");
        const auto add = [&](cpu::PioAdvance advance, std::string_view models) {
            targets.push_back({name, std::string(models), {.policy = c.kind, .quirk_out_7e = c.quirk, .advance = advance, .customise = {}}});
        };
        if (only) add(*only, cpu::name_of(*only));
        else if (!uses_skip_model(c.kind)) add(cpu::PioAdvance::relative, "vmx and svm");
        else
            for (const cpu::PioAdvance advance : skip_models) add(advance, cpu::name_of(advance));
    }
    return targets;
}

std::vector<GuestMode> chosen_modes(const ExploreOptions& o) {
    std::vector<GuestMode> modes;
    for (const std::string& name : o.modes) {
        const auto mode = parse_guest_mode(name);
        if (mode) {
            modes.push_back(*mode);
            continue;
        }
        std::string known;
        for (const GuestMode m : guest_modes) known += fmt::format("{}{}", known.empty() ? "" : ", ", pio::name_of(m));
        throw UsageError(fmt::format("--mode: '{}' is not one of {}", name, known));
    }
    return modes;
}

const ExploreEngine& chosen_engine(const ExploreOptions& o, std::span<const ExploreEngine> engines) {
    std::string known;
    for (const ExploreEngine& engine : engines) {
        if (engine.name == o.engine) return engine;
        known += fmt::format("{}{}", known.empty() ? "" : ", ", engine.name);
    }
    throw UsageError(fmt::format("--engine: '{}' is not one of {}", o.engine, known));
}

std::vector<FailureClass> classes_of(const SearchResult& found, const Subject& subject, const VcpuFactory& factory) {
    Driver driver(factory);
    driver.set_subject(subject);
    return classify(found.minimal, driver);
}

// A line on the terminal that is written over.
class ProgressLine {
  public:
    explicit ProgressLine(std::size_t parts) : parts_(parts), on_(isatty(STDERR_FILENO) == 1) {}
    ~ProgressLine() { clear(); }

    Progress part(std::size_t number, const std::string& name) {
        if (!on_) return {};
        return [this, number, name](double share) {
            const int percent = static_cast<int>(100 * (static_cast<double>(number) + share) / static_cast<double>(parts_));
            if (percent == shown_) return;
            shown_ = percent;
            fmt::print(stderr, "\r\x1b[K{:3} % {}", percent, name);
            std::fflush(stderr);
        };
    }
    void clear() {
        if (on_ && shown_ >= 0) fmt::print(stderr, "\r\x1b[K");
        shown_ = -1;
    }

  private:
    std::size_t parts_;
    bool on_;
    int shown_ = -1;
};

}  // namespace

bool uses_skip_model(cpu::PioPolicyKind kind) {
    return kind != cpu::PioPolicyKind::skip_before_exit && kind != cpu::PioPolicyKind::full_emulator;
}

VcpuFactory interpreter_factory() {
    return [](cpu::Bus& bus) { return cpu::make_interpreter(bus); };
}

void declare_explore_options(CLI::App& app, ExploreOptions& options) {
    const auto list = [&](const char* name, std::vector<std::string>& values, const char* help) {
        return app.add_option(name, values, help)
            ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
            ->expected(1)
            ->allow_extra_args(false);
    };
    list("--policy", options.policies, "Only this column: CA SB AW RC RV LR LQ FE or a policy's long name; repeatable")
        ->type_name("POLICY");
    list("--mode", options.modes, "Only this guest mode: real16 protected16 protected32 compatibility32 long64; repeatable")
        ->type_name("MODE");
    app.add_option("--skip-model", options.skip_model,
                   "How a completion moves rip: vmx (relative), svm (absolute); both if left out")
        ->type_name("MODEL");
    app.add_option("--depth", options.depth, "Userspace actions in a sequence, at most [3; with --engine kvm 1]")
        ->check(CLI::Range(0u, max_depth))
        ->type_name("N");
    app.add_option("--budget", options.budget, "Sequences for each column, the simplest first; 0: all")
        ->capture_default_str()
        ->type_name("N");
    app.add_option("--jobs", options.jobs, "Threads; the output does not depend on them")
        ->check(CLI::Range(1u, 64u))
        ->capture_default_str()
        ->type_name("N");
    app.add_option("--format", options.format, "table, json")->capture_default_str()->type_name("FORMAT");
    app.add_option("--engine", options.engine, "What runs the sequences: interpreter, kvm")->capture_default_str()->type_name("ENGINE");
    app.footer("Exit status: 0 the search ran to its end or its budget, whatever it found; 2 bad usage; "
               "4 no usable /dev/kvm (--engine kvm).");
}

int run_explore_command(const ExploreOptions& options, std::span<const ExploreEngine> engines) {
    if (options.format != "table" && options.format != "json")
        throw UsageError(fmt::format("--format: '{}' is not one of table, json", options.format));
    const ExploreEngine& engine = chosen_engine(options, engines);
    const std::vector<Target> targets = chosen_targets(options, engine);
    SearchOptions how;
    how.modes = chosen_modes(options);
    how.depth = options.depth.value_or(engine.depth);
    how.jobs = options.jobs;
    if (options.budget != 0) how.budget = options.budget;

    const VcpuFactory factory = engine.factory();
    const bool as_json = options.format == "json";
    std::vector<Exploration> explorations;
    std::uint64_t total = 0;
    ProgressLine progress(targets.size());
    for (std::size_t n = 0; n < targets.size(); n++) {
        const Target& t = targets[n];
        Exploration e{t.name, t.models, search(t.subject, how, factory, progress.part(n, t.name)), {}, {}};
        e.classes = classes_of(e.found, t.subject, factory);
        total += e.found.sequences;
        if (!engine.has_policies) {
            e.predictions = predict_by_columns(how);
            if (engine.model)
                if (const auto model = engine.model(how.modes)) e.predictions.push_back(predict_by(*model, how));
        }
        progress.clear();
        if (as_json) {
            explorations.push_back(std::move(e));
        } else {
            fmt::print("{}", format_text(e));
            std::fflush(stdout);
        }
    }
    if (as_json) fmt::print("{}", format_json(explorations));
    else fmt::print("{} sequences in all\n", total);
    return 0;
}

}  // namespace southgate::pio::explore
