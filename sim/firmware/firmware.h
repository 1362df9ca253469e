// `southgate firmware`: the images known by name.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace southgate::sim {

struct FirmwareOptions {
    std::string format = "table";
    std::string name;  // of `path`
};

// Declares `firmware list` and `firmware path` below `app`.
void declare_firmware_options(CLI::App& app, FirmwareOptions& options);
// Prints what was asked for. Returns 0, or 3 when `path` names an image that is not installed. Throws UsageError
// for an unknown name.
int run_firmware(const CLI::App& app, const FirmwareOptions& options);

// What --firmware names: a name of the catalogue, else a path. Throws UsageError, saying how to get it, for a
// catalogue image that is not there.
std::string resolve_firmware(const std::string& name_or_path);

}  // namespace southgate::sim
