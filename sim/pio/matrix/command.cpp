#include "sim/pio/matrix/command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>

#include "sim/pio/html/html.h"
#include "sim/pio/kvm/compare.h"
#include "sim/pio/matrix/matrix.h"
#include "sim/pio/scenario/catalogue.h"
#include "sim/run/error.h"

namespace southgate::pio {

namespace {

using sim::UsageError;

std::vector<unsigned> chosen_columns(const MatrixOptions& o) {
    std::vector<unsigned> result;
    for (const std::string& name : o.policies) result.push_back(column_from("--policy", name));
    if (result.empty())
        for (unsigned i = 0; i < column_count; ++i) result.push_back(i);
    return result;
}

std::vector<cpu::PioAdvance> chosen_models(const MatrixOptions& o) {
    if (o.skip_model.empty()) return {skip_models.begin(), skip_models.end()};
    const auto model = cpu::parse_skip_model(o.skip_model);
    if (!model) throw UsageError(fmt::format("--skip-model: '{}' is not one of vmx, svm", o.skip_model));
    return {*model};
}

std::string render(const Matrix& matrix, const MatrixOptions& o) {
    if (o.format == "json") return format_json(matrix);
    if (o.format == "html") return format_html(matrix);
    return format_table(matrix, o.output.empty() && isatty(STDOUT_FILENO) != 0, o.vmreads);
}

void write_out(const std::string& text, const std::string& path) {
    if (path.empty()) {
        std::fwrite(text.data(), 1, text.size(), stdout);
        return;
    }
    std::ofstream out(path, std::ios::binary);
    out << text << std::flush;
    if (!out) throw UsageError(fmt::format("{}: cannot be written", path));
}

int compare(const MatrixOptions& o, std::span<const Scenario* const> scenarios) {
    if (o.engine != "kvm") throw UsageError("--compare needs --engine kvm");
    if (o.format == "html") throw UsageError("--compare: the format is table or json");
    if (!o.policies.empty() || !o.skip_model.empty())
        throw UsageError("--compare: the host decides the column; --policy and --skip-model have no place");
    const Comparison comparison = compare_with_host(scenarios);
    write_out(o.format == "json" ? comparison_json(comparison) : format_comparison(comparison), o.output);
    return comparison.disagreeing == 0 && comparison.all_modes_conclusive() ? 0 : 1;
}

}  // namespace

unsigned column_from(const std::string& option, const std::string& name) {
    if (const auto column = parse_column(name)) return *column;
    std::string known;
    for (const Column& c : columns) known += fmt::format("{}{}", known.empty() ? "" : ", ", c.name);
    throw UsageError(fmt::format("{}: '{}' is not one of {}, nor a policy's long name", option, name, known));
}

std::unique_ptr<MatrixEngine> engine_from(const std::string& name, std::span<const EngineEntry> engines) {
    std::string known;
    for (const EngineEntry& entry : engines) {
        if (entry.name == name) return entry.make();
        known += fmt::format("{}{}", known.empty() ? "" : ", ", entry.name);
    }
    throw UsageError(fmt::format("--engine: '{}' is not one of {}", name, known));
}

void declare_matrix_options(CLI::App& app, MatrixOptions& o) {
    const auto list = [&](const char* name, std::vector<std::string>& values, const char* help) {
        return app.add_option(name, values, help)
            ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
            ->expected(1)
            ->allow_extra_args(false);
    };
    list("--policy", o.policies, "Only this column: CA SB AW RC RV LR LQ FE or a policy's long name; repeatable")
        ->type_name("POLICY");
    list("--scenario", o.scenarios, "Only scenarios whose id or title matches; repeatable")->type_name("GLOB");
    app.add_option("--skip-model", o.skip_model, "How a completion moves rip: vmx (relative), svm (absolute); both if left out")
        ->type_name("MODEL");
    app.add_option("--format", o.format, "table, json, html")->capture_default_str()->type_name("FORMAT");
    app.add_option("--engine", o.engine, "What runs the scenarios")->capture_default_str()->type_name("ENGINE");
    app.add_option("--scenarios", o.folder, "Folder of scenario files, added to the built-in ones or in their place")
        ->type_name("DIR");
    app.add_option("--output", o.output, "Write to a file")->type_name("FILE");
    app.add_flag("--vmreads", o.vmreads,
                 "Table: show the VMREADs at the exit and at the completion, their number and the VMWRITEs, instead of rip "
                 "and RAX; VMCB words for svm");
    app.add_flag("--compare", o.compare, "With --engine kvm: probe the host's kernel and compare it with the model of what it is");
    app.footer(
        "Exit status: 0 every cell as predicted, 1 some cell differs, 2 bad usage or input, 4 no usable /dev/kvm.");
}

int run_matrix_command(const MatrixOptions& o, std::span<const EngineEntry> engines) {
    if (o.format != "table" && o.format != "json" && o.format != "html")
        throw UsageError(fmt::format("--format: '{}' is not one of table, json, html", o.format));
    const auto wanted_columns = chosen_columns(o);
    const auto wanted_models = chosen_models(o);
    const auto catalogue = load_catalogue(o.folder);
    const auto scenarios = select(catalogue, o.scenarios);
    if (scenarios.empty()) throw UsageError("--scenario: no scenario matches");
    if (o.compare) return compare(o, scenarios);
    const auto engine = engine_from(o.engine, engines);
    const Matrix matrix = run_matrix(*engine, scenarios, wanted_columns, wanted_models, o.format == "html");
    write_out(render(matrix, o), o.output);
    return matrix.differing == 0 ? 0 : 1;
}

}  // namespace southgate::pio
