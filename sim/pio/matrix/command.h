// `southgate pio-matrix`.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sim/pio/matrix/engine.h"

namespace CLI {
class App;
}

namespace southgate::pio {

struct MatrixOptions {
    std::vector<std::string> policies;   // two letters or long names; empty: all columns
    std::vector<std::string> scenarios;  // globs; empty: all
    std::string skip_model;              // "vmx", "svm"; empty: both
    std::string format = "table";
    std::string engine = "interpreter";
    std::string folder;                  // the user's own scenarios
    std::string output;                  // a file; empty: standard output
    bool vmreads = false;                // cost in the place of rip and RAX
    bool compare = false;                // the host's KVM with the model of it
};

void declare_matrix_options(CLI::App& app, MatrixOptions& options);
// Exit status: 0 every cell as predicted, 1 some cell differs. Throws sim::UsageError, cpu::kvm::Unavailable.
int run_matrix_command(const MatrixOptions& options, std::span<const EngineEntry> engines);

// Shared with pio-trace. An unknown name throws sim::UsageError that lists the known ones.
unsigned column_from(const std::string& option, const std::string& name);
std::unique_ptr<MatrixEngine> engine_from(const std::string& name, std::span<const EngineEntry> engines);

}  // namespace southgate::pio
