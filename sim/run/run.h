// `southgate run`: builds a machine, runs it until something ends it, reports.
#pragma once

#include "sim/run/options.h"

namespace southgate::sim {

// Returns the exit status. Throws UsageError, platform::InputError; other exceptions are internal errors.
int run(RunOptions options);

}  // namespace southgate::sim
