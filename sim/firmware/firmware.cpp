#include "sim/firmware/firmware.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "firmware/catalogue/catalogue.h"
#include "sim/run/error.h"
#include "sim/run/outcome.h"

namespace southgate::sim {

namespace {

const firmware::Image& named(const std::string& name) {
    if (const auto* image = firmware::find(name)) return *image;
    std::string names;
    for (const auto& image : firmware::catalogue()) names += fmt::format("{}{}", names.empty() ? "" : ", ", image.name);
    throw UsageError(fmt::format("'{}' is no known image: {}", name, names));
}

std::string how_to_get(const firmware::Image& image) {
    if (image.origin.starts_with("scripts/")) return fmt::format("{} builds it", image.origin);
    return fmt::format("Debian package {} has it", image.origin);
}

void print_table() {
    std::size_t name_width = 0, path_width = 0;
    for (const auto& image : firmware::catalogue()) {
        name_width = std::max(name_width, image.name.size());
        path_width = std::max(path_width, firmware::path_of(image).size());
    }
    fmt::print("{:{}}  {:7}  {:7}  {:{}}  {:13}  {}\n", "name", name_width, "present", "machine", "path", path_width,
               "console", "success marker");
    for (const auto& image : firmware::catalogue())
        fmt::print("{:{}}  {:7}  {:7}  {:{}}  {:13}  {}\n", image.name, name_width,
                   firmware::is_present(image) ? "yes" : "no", image.machine, firmware::path_of(image), path_width,
                   firmware::name_of(image.console), image.marker.empty() ? "-" : image.marker);
}

void print_json() {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const auto& image : firmware::catalogue())
        list.push_back({{"name", image.name},
                        {"what", image.what},
                        {"origin", image.origin},
                        {"path", firmware::path_of(image)},
                        {"present", firmware::is_present(image)},
                        {"machine", image.machine},
                        {"console", firmware::name_of(image.console)},
                        {"marker", image.marker}});
    fmt::print("{}\n", list.dump(2));
}

}  // namespace

void declare_firmware_options(CLI::App& app, FirmwareOptions& options) {
    app.require_subcommand(1);
    auto* list = app.add_subcommand("list", "Show each known image: where it is, whether it is present, its success marker");
    list->add_option("--format", options.format, "table or json")
        ->check(CLI::IsMember({"table", "json"}))
        ->capture_default_str();
    auto* path = app.add_subcommand("path", "Print the path of one image; exit status 3 if it is not present");
    path->add_option("NAME", options.name, "A name that `list` shows")->required();
}

int run_firmware(const CLI::App& app, const FirmwareOptions& options) {
    if (app.got_subcommand("path")) {
        const auto& image = named(options.name);
        if (!firmware::is_present(image)) {
            fmt::print(stderr, "southgate: {} is not present: {}\n", firmware::path_of(image), how_to_get(image));
            return exit_limit;
        }
        fmt::print("{}\n", firmware::path_of(image));
    } else if (options.format == "json") {
        print_json();
    } else {
        print_table();
    }
    return exit_ok;
}

std::string resolve_firmware(const std::string& name_or_path) {
    const auto* image = firmware::find(name_or_path);
    if (!image) return name_or_path;
    if (!firmware::is_present(*image))
        throw UsageError(fmt::format("--firmware {}: {} is not present: {}", image->name, firmware::path_of(*image),
                                     how_to_get(*image)));
    return firmware::path_of(*image);
}

}  // namespace southgate::sim
