// Scenario files (TOML). docs/pio-laboratory.md describes the format.
#pragma once

#include <string>
#include <string_view>

#include "sim/pio/scenario/scenario.h"

namespace southgate::pio {

// `name` stands for the file in errors. Throws southgate::sim::UsageError: "name:line: key: what is wrong".
Scenario load_scenario(std::string_view text, const std::string& name);

}  // namespace southgate::pio
