// `southgate run`: builds a machine, runs it until something ends it, reports.
#pragma once

#include <span>

#include "sim/run/engine.h"
#include "sim/run/options.h"

namespace southgate::sim {

// Returns the exit status. Throws UsageError, platform::InputError, what the engine's factory throws; other exceptions are
// internal errors.
int run(RunOptions options, std::span<const RunEngine> engines);

}  // namespace southgate::sim
