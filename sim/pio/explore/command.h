// `southgate pio-explore`.
#pragma once

#include <cstdint>
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
    unsigned depth = 3;
    std::uint64_t budget = 0;           // sequences for each column, the simplest first; 0: all
    unsigned jobs = 2;
    std::string format = "table";
    std::string engine = "interpreter";
};

void declare_explore_options(CLI::App& app, ExploreOptions& options);
// Exit status 0: counterexamples are the result. Throws sim::UsageError.
int run_explore_command(const ExploreOptions& options, std::span<const ExploreEngine> engines);
VcpuFactory interpreter_factory();

}  // namespace southgate::pio::explore
