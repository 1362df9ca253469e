// The engines `southgate run` can execute a guest with. What an engine is stays behind the vCPU contract; this says how to get
// one and which options it has no use for.
#pragma once

#include <span>
#include <string_view>

#include "platform/engine_factory.h"
#include "sim/run/options.h"

namespace southgate::sim {

struct RunEngine {
    std::string_view name;
    platform::EngineFactory factory;  // empty: the machine's own, the interpreter
    unsigned max_cpus = 16;
    std::span<const std::string_view> refused{};  // options it cannot honour
};

// The engine of --engine. Throws UsageError for an unknown name, or if an option was given that the engine refuses.
const RunEngine& chosen_engine(const RunOptions& options, std::span<const RunEngine> engines);

}  // namespace southgate::sim
