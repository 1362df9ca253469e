#include "sim/pio/trace/command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "sim/pio/matrix/command.h"
#include "sim/pio/scenario/catalogue.h"
#include "sim/pio/trace/trace.h"
#include "sim/run/error.h"

namespace southgate::pio {

namespace {

using sim::UsageError;

const Scenario& scenario_from(const std::vector<Scenario>& catalogue, const std::string& id) {
    const auto found = select(catalogue, {id});
    for (const Scenario* s : found)
        if (found.size() == 1 || matches_glob(id, s->id)) return *s;
    throw UsageError(fmt::format("'{}' is no scenario; pio-matrix lists them", id));
}

}  // namespace

void declare_trace_options(CLI::App& app, TraceOptions& o) {
    app.add_option("scenario", o.scenario, "Id of the scenario, such as S08")->required()->type_name("SCENARIO");
    app.add_option("--policy", o.policies, "Column: CA SB AW RC RV LR LQ FE or a policy's long name; given twice, both side by side")
        ->required()
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->expected(1)
        ->allow_extra_args(false)
        ->type_name("POLICY");
    app.add_option("--skip-model", o.skip_model, "How a completion moves rip: vmx (relative), svm (absolute)")
        ->capture_default_str()
        ->type_name("MODEL");
    app.add_option("--engine", o.engine, "What runs the scenario")->capture_default_str()->type_name("ENGINE");
    app.add_option("--scenarios", o.folder, "Folder of scenario files, added to the built-in ones or in their place")
        ->type_name("DIR");
}

int run_trace_command(const TraceOptions& o, std::span<const EngineEntry> engines) {
    if (o.policies.size() > 2) throw UsageError("--policy: at most two can stand side by side");
    std::vector<unsigned> wanted;
    for (const std::string& name : o.policies) wanted.push_back(column_from("--policy", name));
    const auto model = cpu::parse_skip_model(o.skip_model);
    if (!model) throw UsageError(fmt::format("--skip-model: '{}' is not one of vmx, svm", o.skip_model));
    const auto catalogue = load_catalogue(o.folder);
    const Scenario& scenario = scenario_from(catalogue, o.scenario);
    const auto engine = engine_from(o.engine, engines);
    if (const std::string why = engine->not_applicable(scenario); !why.empty())
        throw UsageError(fmt::format("{} is not applicable on {}: {}", scenario.id, o.engine, why));
    std::vector<Told> told;
    for (const unsigned column : wanted) {
        if (!engine->has(scenario, column, *model))
            throw UsageError(fmt::format("{} cannot run {} under {}", o.engine, scenario.id, columns[column].name));
        told.push_back(tell(*engine, scenario, column, *model));
    }
    const std::string text =
        told.size() == 1 ? format_trace(scenario, told[0]) : format_traces(scenario, told[0], told[1]);
    std::fwrite(text.data(), 1, text.size(), stdout);
    return 0;
}

}  // namespace southgate::pio
