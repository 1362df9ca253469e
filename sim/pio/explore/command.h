// `southgate pio-explore`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

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
};

void declare_explore_options(CLI::App& app, ExploreOptions& options);
// Exit status 0: counterexamples are the result. Throws sim::UsageError.
int run_explore_command(const ExploreOptions& options);

}  // namespace southgate::pio::explore
