#include "sim/run/config_file.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <fstream>
#include <sstream>

#include "sim/run/error.h"
#include "sim/run/units.h"

namespace southgate::sim {

namespace {

toml::table parse(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    // A directory opens, and fails on reading.
    if (!in || !(text << in.rdbuf())) throw UsageError(fmt::format("{}: cannot be read, or is empty", path));
    try {
        return toml::parse(text.str(), path);
    } catch (const toml::parse_error& error) {
        throw UsageError(fmt::format("{}:{}: {}", path, error.source().begin.line, error.description()));
    }
}

[[noreturn]] void fail(const std::string& path, const toml::node& node, std::string_view what) {
    throw UsageError(fmt::format("{}:{}: {}", path, node.source().begin.line, what));
}

std::string argument(const std::string& path, const toml::key& key, const toml::node& node) {
    if (const auto* v = node.as_string()) return v->get();
    if (const auto* v = node.as_integer()) return std::to_string(v->get());
    if (const auto* v = node.as_floating_point()) return fmt::format("{}", v->get());
    fail(path, node,
         fmt::format("'{}' must be a string, a number, true, false or a list of these", key.str()));
}

void apply_timing_section(const std::string& path, std::string_view section, const toml::node& node,
                          platform::PlatformTiming& timing) {
    const auto* table = node.as_table();
    if (!table) fail(path, node, fmt::format("'{}' must be a table", section));
    for (const auto& [key, value] : *table) {
        const auto* entry = platform::find_timing_entry(section, key.str());
        if (!entry) fail(path, value, fmt::format("unknown timing '{}' in [{}]", key.str(), section));
        const auto* text = value.as_string();
        if (!text)
            fail(path, value,
                 fmt::format("'{}' must be a string with a unit, such as \"480 ns\"", key.str()));
        try {
            entry->set(timing, parse_duration(text->get()));
        } catch (const UsageError& error) {
            fail(path, value, error.what());
        }
    }
}

bool is_timing_section(std::string_view name) { return name == "reset" || name == "bus" || name == "cpu"; }

}  // namespace

std::vector<std::string> config_arguments(const std::string& path, bool (*known)(const std::string& option)) {
    const toml::table file = parse(path);
    std::vector<std::string> arguments;
    for (const auto& [key, value] : file) {
        if (key.str() == "personality" && value.is_table()) continue;
        if (key.str() == "timing" && value.is_table()) continue;
        const std::string option = fmt::format("--{}", key.str());
        if (!known(option) || option == "--config" || option == "--help")
            fail(path, value, fmt::format("unknown key '{}'", key.str()));
        if (const auto* flag = value.as_boolean()) {
            arguments.push_back(fmt::format("{}={}", option, flag->get() ? "true" : "false"));
        } else if (const auto* array = value.as_array()) {
            for (const auto& element : *array)
                arguments.push_back(fmt::format("{}={}", option, argument(path, key, element)));
        } else {
            arguments.push_back(fmt::format("{}={}", option, argument(path, key, value)));
        }
    }
    return arguments;
}

void apply_config_tables(const std::string& path, platform::PlatformTiming& timing,
                         chipset::Personality& personality) {
    const toml::table file = parse(path);
    if (const auto* table = file["timing"].as_table()) {
        for (const auto& [section, node] : *table) {
            if (!is_timing_section(section.str()))
                fail(path, node, fmt::format("unknown table [timing.{}]", section.str()));
            apply_timing_section(path, section.str(), node, timing);
        }
    }
    if (const auto* table = file["personality"].as_table()) {
        for (const auto& [key, node] : *table) {
            const chipset::PersonalityOption* found = nullptr;
            for (const auto& option : chipset::kPersonalityOptions)
                if (option.name == key.str()) found = &option;
            if (!found) fail(path, node, fmt::format("unknown deviation '{}' in [personality]", key.str()));
            const auto* value = node.as_boolean();
            if (!value) fail(path, node, fmt::format("'{}' must be true or false", key.str()));
            personality.*found->member = value->get();
        }
    }
}

platform::PlatformTiming read_timing_file(const std::string& path) {
    const toml::table file = parse(path);
    auto timing = platform::PlatformTiming::datasheet();
    if (const auto* node = file.get("base")) {
        const auto base = node->value<std::string>();
        if (base == "zero")
            timing = platform::PlatformTiming::zero();
        else if (base != "datasheet")
            fail(path, *node, "'base' must be \"zero\" or \"datasheet\"");
    }
    for (const auto& [key, node] : file) {
        if (key.str() == "base") continue;
        if (!is_timing_section(key.str())) fail(path, node, fmt::format("unknown key '{}'", key.str()));
        apply_timing_section(path, key.str(), node, timing);
    }
    return timing;
}

}  // namespace southgate::sim
