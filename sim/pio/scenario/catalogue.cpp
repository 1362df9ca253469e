#include "sim/pio/scenario/catalogue.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "sim/pio/scenario/load.h"
#include "sim/run/error.h"

namespace southgate::pio {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string read_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in.good() && !in.eof()) throw sim::UsageError(fmt::format("{}: cannot be read", path.string()));
    return text;
}

std::vector<std::filesystem::path> scenario_files(const std::string& folder) {
    std::error_code error;
    std::vector<std::filesystem::path> paths;
    for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
        if (it->path().extension() == ".toml") paths.push_back(it->path());
    if (error) throw sim::UsageError(fmt::format("{}: {}", folder, error.message()));
    if (paths.empty()) throw sim::UsageError(fmt::format("{}: holds no scenario (*.toml)", folder));
    std::ranges::sort(paths);
    return paths;
}

}  // namespace

std::vector<Scenario> load_catalogue(const std::string& folder) {
    std::vector<Scenario> all;
    for (const EmbeddedFile& file : embedded_scenarios())
        all.push_back(load_scenario(file.text, std::string(file.name)));
    if (!folder.empty()) {
        for (const auto& path : scenario_files(folder)) {
            Scenario own = load_scenario(read_file(path), path.string());
            const auto there = std::ranges::find(all, own.id, &Scenario::id);
            if (there == all.end()) all.push_back(std::move(own));
            else *there = std::move(own);
        }
    }
    std::ranges::sort(all, {}, &Scenario::id);
    return all;
}

bool matches_glob(std::string_view glob, std::string_view text) {
    // Where to go on after the last '*' when what follows it does not fit.
    std::size_t g = 0, t = 0, star = std::string_view::npos, from = 0;
    while (t < text.size()) {
        if (g < glob.size() && glob[g] == '*') {
            star = g++;
            from = t;
        } else if (g < glob.size() && (glob[g] == '?' || lower(glob[g]) == lower(text[t]))) {
            ++g;
            ++t;
        } else if (star != std::string_view::npos) {
            g = star + 1;
            t = ++from;
        } else {
            return false;
        }
    }
    while (g < glob.size() && glob[g] == '*') ++g;
    return g == glob.size();
}

std::vector<const Scenario*> select(const std::vector<Scenario>& all, const std::vector<std::string>& globs) {
    std::vector<const Scenario*> chosen;
    for (const Scenario& s : all) {
        const bool wanted = globs.empty() || std::ranges::any_of(globs, [&](const std::string& glob) {
                                return matches_glob(glob, s.id) || matches_glob(glob, s.title);
                            });
        if (wanted) chosen.push_back(&s);
    }
    return chosen;
}

}  // namespace southgate::pio
