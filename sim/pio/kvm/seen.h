// An observation as named texts: what is compared with the model, printed, and recorded.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sim/pio/machine/observation.h"
#include "sim/pio/scenario/scenario.h"

namespace southgate::pio {

// Everything of it that the scenario looked at, in a fixed order. Numbers are hexadecimal.
using Seen = std::vector<std::pair<std::string, std::string>>;
Seen describe(const Scenario& scenario, const Observation& observation);

}  // namespace southgate::pio
