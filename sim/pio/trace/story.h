// A story in words: one line of text for each thing that happened.
#pragma once

#include <string>
#include <vector>

#include "sim/pio/machine/observation.h"
#include "sim/pio/scenario/scenario.h"

namespace southgate::pio {

// What a story starts from: the mode, where the guest stands, the port instruction.
std::string describe_start(const Scenario& scenario);

// The lines of one step: what userspace did; for a re-entry, what became of the pending I/O and the exit; what
// userspace reads afterwards.
std::vector<std::string> describe(const Step& step);

}  // namespace southgate::pio
