#include "sim/pio/explore/report.h"

#include <fmt/format.h>

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
    }
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
        for (const FailureClass& c : e.classes)
            classes.push_back({{"id", id_of(c.mechanism)},
                               {"name", name_of(c.mechanism)},
                               {"minimal", c.minimal},
                               {"damage", array(c.damage, damage_count, damage_name)},
                               {"instructions", array(c.kinds, pio_kind_count, kind_name)},
                               {"example", json(c.representative.sequence)}});
        root.push_back(std::move(one));
    }
    return root.dump(1) + '\n';
}

}  // namespace southgate::pio::explore
