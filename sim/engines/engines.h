// What `southgate run --engine` can name.
#pragma once

#include <span>

#include "sim/run/engine.h"

namespace southgate::sim {

std::span<const RunEngine> run_engines();

}  // namespace southgate::sim
