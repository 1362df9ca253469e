// TOML configuration: a file with the options of a run, and a file with a timing table.
#pragma once

#include <string>
#include <vector>

#include "chipset/personality.h"
#include "platform/timing.h"

namespace southgate::sim {

// The options of a configuration file as command-line arguments ("--memory=256M"). `known` says which long
// options exist. Throws UsageError with file and line.
std::vector<std::string> config_arguments(const std::string& path, bool (*known)(const std::string& option));
// Applies the tables [timing.reset], [timing.bus], [timing.cpu] and [personality] of a configuration file.
void apply_config_tables(const std::string& path, platform::PlatformTiming& timing,
                         chipset::Personality& personality);
// A timing table: optional `base = "zero"` or "datasheet" (the default), sections [reset], [bus], [cpu].
platform::PlatformTiming read_timing_file(const std::string& path);

}  // namespace southgate::sim
