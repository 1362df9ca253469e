// `southgate pio-trace`.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sim/pio/matrix/engine.h"

namespace CLI {
class App;
}

namespace southgate::pio {

struct TraceOptions {
    std::string scenario;               // an id
    std::vector<std::string> policies;  // one or two
    std::string skip_model = "vmx";
    std::string engine = "interpreter";
    std::string folder;
};

void declare_trace_options(CLI::App& app, TraceOptions& options);
// Exit status 0; throws sim::UsageError.
int run_trace_command(const TraceOptions& options, std::span<const EngineEntry> engines);

}  // namespace southgate::pio
