#include "sim/pio/kvm/compare.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/pio/kvm/model_run.h"
#include "sim/pio/machine/verdict.h"

namespace southgate::pio {

namespace {

std::string kernel_name() {
    utsname name{};
    uname(&name);
    return fmt::format("{} {}", name.sysname, name.release);
}

void append_probes(std::string& out, const Comparison& c) {
    // One row a probe, one column a mode.
    std::vector<std::pair<std::string, std::array<std::string, guest_modes.size()>>> rows;
    for (std::size_t mode = 0; mode < guest_modes.size(); ++mode) {
        for (const Probe& probe : c.probes[mode].probes) {
            const std::string title = probe.name + " " + probe.what;
            auto row = std::find_if(rows.begin(), rows.end(), [&](const auto& r) { return r.first == title; });
            if (row == rows.end()) {
                // P6 and P7 are asked in some modes only: H1 stays last.
                row = rows.insert(std::find_if(rows.begin(), rows.end(), [&](const auto& r) { return r.first > title && title[0] == r.first[0]; }), {title, {}});
            }
            row->second[mode] = probe.seen;
        }
    }
    auto& columns_row = rows.emplace_back("compared with", std::array<std::string, guest_modes.size()>{}).second;
    for (std::size_t mode = 0; mode < guest_modes.size(); ++mode)
        columns_row[mode] = c.probes[mode].conclusive ? to_string(c.probes[mode].path)
                                                      : to_string(c.probes[mode].path) + " (probes contradict)";
    for (const auto& [title, cells] : rows) {
        out += title + '\n';
        for (std::size_t mode = 0; mode < guest_modes.size();) {
            // Modes that say the same share a line.
            std::string names(name_of(guest_modes[mode]));
            std::size_t next = mode + 1;
            for (; next < guest_modes.size() && cells[next] == cells[mode]; ++next)
                names += fmt::format(", {}", name_of(guest_modes[next]));
            if (!cells[mode].empty())
                out += fmt::format("    {}{}\n", cells[mode],
                                   next - mode == guest_modes.size() ? std::string() : "  (" + names + ")");
            mode = next;
        }
    }
}

std::string value_of(const Seen& seen, const std::string& name) {
    for (const auto& [key, value] : seen)
        if (key == name) return value;
    return "-";
}

void append_disagreement(std::string& out, const Compared& c) {
    out += fmt::format("\n{} {} ({})\n", c.scenario->id, c.scenario->title, name_of(c.scenario->guest.mode));
    if (!c.ran()) {
        out += fmt::format("    {}{}{}; predicted {}\n", c.kind == HostRun::Kind::hung ? "hung" : "crashed",
                           c.why.empty() ? "" : ": ", c.why, c.predicted);
        return;
    }
    out += fmt::format("    verdict {}, predicted {}\n", c.verdict, c.predicted);
    Seen names = c.model;
    for (const auto& entry : c.host)
        if (value_of(names, entry.first) == "-") names.push_back(entry);
    for (const auto& [name, unused] : names) {
        const std::string model = value_of(c.model, name), host = value_of(c.host, name);
        out += model == host ? fmt::format("    {}: {}\n", name, host)
                             : fmt::format("  ! {}: {}\n    {:{}}  predicted {}\n", name, host, "", name.size(), model);
    }
}

Compared compare_one(const Scenario& scenario, const HostPath& path, ModelRun& model) {
    Compared result;
    result.scenario = &scenario;
    const Scenario shown = as_a_kernel_shows_it(scenario);
    const Observation& predicted = model.run(shown, path);
    judge(shown, predicted, result.predicted);
    result.model = describe(shown, predicted);
    const HostRun host = run_on_host(shown, {});
    result.kind = host.kind;
    result.why = host.why;
    if (!result.ran()) return result;
    judge(shown, host.observation, result.verdict);
    result.host = describe(shown, host.observation);
    return result;
}

}  // namespace

bool Comparison::all_modes_conclusive() const {
    return std::all_of(probes.begin(), probes.end(), [](const ModeProbes& m) { return m.conclusive; });
}

std::string to_string(const HostPath& path) {
    return fmt::format("{}{}{}", columns[path.column].name, path.advance == cpu::PioAdvance::absolute ? ", svm" : "",
                       path.drops_on_control_change ? ", with H1" : "");
}

Comparison compare_with_host(std::span<const Scenario* const> scenarios) {
    Comparison c;
    c.kernel = kernel_name();
    c.probes = probe_host();
    ModelRun model;
    for (const Scenario* scenario : scenarios) {
        const HostPath& path = c.probes[static_cast<std::size_t>(scenario->guest.mode)].path;
        Compared& one = c.scenarios.emplace_back(compare_one(*scenario, path, model));
        if (one.not_runnable()) ++c.not_runnable;
        else if (one.agrees()) ++c.agreeing;
        else ++c.disagreeing;
    }
    return c;
}

std::string format_comparison(const Comparison& c) {
    std::string out = fmt::format("{}, /dev/kvm\n\n", c.kernel);
    append_probes(out, c);
    for (const Compared& one : c.scenarios)
        if (!one.agrees() && !one.not_runnable()) append_disagreement(out, one);
    for (const Compared& one : c.scenarios)
        if (one.not_runnable()) out += fmt::format("\n{} is not runnable on this host: {}\n", one.scenario->id, one.why);
    out += fmt::format("\n{} scenarios: {} agree, {} disagree, {} not runnable on this host\n", c.scenarios.size(),
                       c.agreeing, c.disagreeing, c.not_runnable);
    return out;
}

std::string comparison_json(const Comparison& c) {
    using Json = nlohmann::ordered_json;
    Json root{{"kernel", c.kernel}};
    for (const ModeProbes& m : c.probes) {
        Json mode{{"column", columns[m.path.column].name},
                  {"skip_model", cpu::name_of(m.path.advance)},
                  {"drops_on_control_change", m.path.drops_on_control_change},
                  {"conclusive", m.conclusive}};
        for (const Probe& p : m.probes) mode["probes"][p.name] = p.seen;
        root["modes"][std::string(name_of(m.mode))] = std::move(mode);
    }
    root["agree"] = c.agreeing;
    root["disagree"] = c.disagreeing;
    root["not_runnable"] = c.not_runnable;
    for (const Compared& one : c.scenarios) {
        Json entry{{"id", one.scenario->id}, {"mode", name_of(one.scenario->guest.mode)}};
        if (one.ran()) {
            entry["verdict"] = one.verdict;
            for (const auto& [name, value] : one.host) entry["seen"][name] = value;
        } else {
            entry["failed"] = one.kind == HostRun::Kind::hung ? "hung" : one.why;
        }
        if (!one.agrees()) entry["predicted"] = one.predicted;
        root["scenarios"].push_back(std::move(entry));
    }
    return root.dump(1) + '\n';
}

}  // namespace southgate::pio
