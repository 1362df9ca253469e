#include "sim/pio/explore/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace southgate::pio::explore {
namespace {

template <class Name>
std::string list(std::uint32_t bits, unsigned count, std::string_view separator, Name name) {
    std::string text;
    for (unsigned n = 0; n < count; n++)
        if ((bits >> n & 1) != 0) text += fmt::format("{}{}", text.empty() ? "" : separator, name(n));
    return text;
}
std::string_view damage_name(unsigned n) { return name_of(static_cast<Damage>(n)); }
std::string_view kind_name(unsigned n) { return traits(static_cast<PioKind>(n)).name; }

template <class Name>
nlohmann::ordered_json array(std::uint32_t bits, unsigned count, Name name) {
    auto values = nlohmann::ordered_json::array();
    for (unsigned n = 0; n < count; n++)
        if ((bits >> n & 1) != 0) values.push_back(name(n));
    return values;
}

nlohmann::ordered_json json(const Sequence& s) {
    auto actions = nlohmann::ordered_json::array();
    for (unsigned n = 0; n < s.depth; n++) actions.push_back(name_of(s.intents[n]));
    return {{"mode", pio::name_of(s.start.mode)},
            {"instruction", traits(s.start.pio).name},
            {"place", name_of(s.start.place)},
            {"condition", name_of(s.start.condition)},
            {"actions", std::move(actions)}};
}

std::string joined(const std::vector<std::string>& names, std::string_view none) {
    return names.empty() ? std::string(none) : fmt::format("{}", fmt::join(names, ", "));
}

// Classes that only one of the two sides has.
struct Differences {
    std::vector<std::string> unpredicted;  // by any column
    // Of the model of this host.
    std::vector<std::string> not_by_the_model, only_by_the_model;
};

Differences differences(const Exploration& e) {
    Differences d;
    std::vector<Mechanism> shown;
    for (const FailureClass& c : e.classes) {
        shown.push_back(c.mechanism);
        bool by_column = false, by_model = false;
        for (const Prediction& p : e.predictions)
            if (std::ranges::binary_search(p.classes, c.mechanism)) (p.column ? by_column : by_model) = true;
        if (!by_column) d.unpredicted.push_back(id_of(c.mechanism));
        if (!by_model) d.not_by_the_model.push_back(id_of(c.mechanism));
    }
    for (const Prediction& p : e.predictions)
        for (const Mechanism& m : p.classes)
            if (!p.column && std::ranges::find(shown, m) == shown.end()) d.only_by_the_model.push_back(id_of(m));
    return d;
}

std::string format_predictions(const Exploration& e) {
    const Differences d = differences(e);
    std::string out = fmt::format("\n  classes that no column shows: {}\n", joined(d.unpredicted, "none"));
    for (const Prediction& p : e.predictions) {
        if (p.column) continue;
        out += fmt::format("  classes that {} does not show: {}\n", p.name, joined(d.not_by_the_model, "none"));
        out += fmt::format("  classes that only {} shows: {}\n", p.name, joined(d.only_by_the_model, "none"));
    }
    return out;
}

}  // namespace

std::string describe(const Sequence& s) {
    std::string actions;
    for (unsigned n = 0; n < s.depth; n++) actions += fmt::format("{}{}", n ? ", " : "", name_of(s.intents[n]));
    std::string line = fmt::format("{}: {} ({}", traits(s.start.pio).name, actions.empty() ? "no action" : actions,
                                   pio::name_of(s.start.mode));
    if (s.start.place != PlaceKind::plain) line += fmt::format(", at {}", name_of(s.start.place));
    if (s.start.condition != Condition::none) line += fmt::format(", {}", name_of(s.start.condition));
    return line + ")";
}

std::string format_text(const Exploration& e) {
    const SearchResult& r = e.found;
    std::string out = fmt::format("{}{}{}\n  {} sequences, {} distinct end states, {} sequences fail; {} minimal ones in {} "
                                  "classes{}\n",
                                  e.name, e.models.empty() ? "" : ", ", e.models, r.sequences, r.states, r.failing,
                                  r.minimal.size(), e.classes.size(), r.complete ? "" : "; ended by the budget");
    for (const FailureClass& c : e.classes) {
        out += fmt::format("\n  {}\n    {}\n", id_of(c.mechanism), name_of(c.mechanism));
        out += fmt::format("    {}\n", describe(c.representative.sequence));
        out += fmt::format("    {} minimal; damage: {}; seen with {}\n", c.minimal,
                           list(c.damage, damage_count, ", ", damage_name),
                           list(c.kinds, pio_kind_count, "; ", kind_name));
        if (!e.predictions.empty())
            out += fmt::format("    shown by {}\n", joined(predictors_of(c.mechanism, e.predictions), "no column"));
    }
    if (!e.predictions.empty()) out += format_predictions(e);
    return out + '\n';
}

std::string format_json(const std::vector<Exploration>& explorations) {
    auto root = nlohmann::ordered_json::array();
    for (const Exploration& e : explorations) {
        nlohmann::ordered_json one{{"subject", e.name},
                                   {"skip_model", e.models},
                                   {"sequences", e.found.sequences},
                                   {"states", e.found.states},
                                   {"failing", e.found.failing},
                                   {"minimal", e.found.minimal.size()},
                                   {"complete", e.found.complete}};
        auto& damage = one["failing_by_damage"];
        for (unsigned d = 0; d < damage_count; d++)
            if (e.found.by_damage[d] != 0) damage[std::string(damage_name(d))] = e.found.by_damage[d];
        auto& classes = one["classes"] = nlohmann::ordered_json::array();
        for (const FailureClass& c : e.classes) {
            auto& entry = classes.emplace_back(nlohmann::ordered_json{{"id", id_of(c.mechanism)},
                               {"name", name_of(c.mechanism)},
                               {"minimal", c.minimal},
                               {"damage", array(c.damage, damage_count, damage_name)},
                               {"instructions", array(c.kinds, pio_kind_count, kind_name)},
                               {"example", json(c.representative.sequence)}});
            if (!e.predictions.empty()) entry["shown_by"] = predictors_of(c.mechanism, e.predictions);
        }
        if (!e.predictions.empty()) {
            const Differences d = differences(e);
            one["shown_by_no_column"] = d.unpredicted;
            one["not_by_the_model"] = d.not_by_the_model;
            one["only_by_the_model"] = d.only_by_the_model;
        }
        root.push_back(std::move(one));
    }
    return root.dump(1) + '\n';
}

}  // namespace southgate::pio::explore
