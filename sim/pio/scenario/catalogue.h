// The built-in scenarios, and a user's own beside them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/pio/scenario/scenario.h"

namespace southgate::pio {

// A scenario file that is part of the program; made at build time from sim/pio/scenarios/*.toml.
struct EmbeddedFile {
    std::string_view name, text;
};
std::span<const EmbeddedFile> embedded_scenarios();

// Sorted by id: S02 before S10, S08 before S08b. With a folder, its *.toml files are added; one with an id that is
// there already replaces it. Throws southgate::sim::UsageError for a file that does not load or an unreadable folder.
std::vector<Scenario> load_catalogue(const std::string& folder = {});

// '*' stands for any characters, '?' for one; upper and lower case are the same.
bool matches_glob(std::string_view glob, std::string_view text);

// Those whose id or title matches one of the globs; all of them without globs.
std::vector<const Scenario*> select(const std::vector<Scenario>& all, const std::vector<std::string>& globs);

}  // namespace southgate::pio
