// What can be explored: the interpreter, the host's KVM.
#pragma once

#include <string_view>

#include "sim/pio/lab/machine.h"

namespace southgate::pio::explore {

struct ExploreEngine {
    std::string_view name;
    VcpuFactory (*factory)();  // throws sim::UsageError if the engine cannot be had
    // Completes by the policy it is given; otherwise by rules of its own, and there is one thing to explore.
    bool has_policies = true;
};

}  // namespace southgate::pio::explore
