// `southgate pio-explore`.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/pio/explore/engine.h"

namespace CLI {
class App;
}

namespace southgate::pio::explore {

struct ExploreOptions {
    std::vector<std::string> policies;  // two letters or long names; empty: all columns
    std::vector<std::string> modes;     // empty: all
    std::string skip_model;             // "vmx", "svm"; empty: both
    std::optional<unsigned> depth;      // none: the engine's
    std::uint64_t budget = 0;           // sequences for each column, the simplest first; 0: all
    unsigned jobs = 2;
    std::string format = "table";
    std::string engine = "interpreter";
};

void declare_explore_options(CLI::App& app, ExploreOptions& options);
// Exit status 0: counterexamples are the result. Throws sim::UsageError.
int run_explore_command(const ExploreOptions& options, std::span<const ExploreEngine> engines);
VcpuFactory interpreter_factory();
// Where rip has moved before the exit, or is put absolutely anyway, the processor's model makes no difference.
bool uses_skip_model(cpu::PioPolicyKind kind);

}  // namespace southgate::pio::explore
