#include "sim/run/engine.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/run/error.h"

namespace southgate::sim {

const RunEngine& chosen_engine(const RunOptions& options, std::span<const RunEngine> engines) {
    const auto engine = std::ranges::find(engines, options.engine, &RunEngine::name);
    if (engine == engines.end()) {
        std::string known;
        for (const RunEngine& one : engines) known += fmt::format("{}{}", known.empty() ? "" : ", ", one.name);
        throw UsageError(fmt::format("--engine: '{}' is not one of {}", options.engine, known));
    }
    for (const std::string& option : options.given)
        if (std::ranges::find(engine->refused, option) != engine->refused.end())
            throw UsageError(fmt::format("{}: not with --engine {}", option, engine->name));
    if (options.cpus > engine->max_cpus)
        throw UsageError(fmt::format("--smp: --engine {} runs {} processor{} at most, not {}", engine->name, engine->max_cpus,
                                     engine->max_cpus == 1 ? "" : "s", options.cpus));
    return *engine;
}

}  // namespace southgate::sim
