// What can be explored: the interpreter, the host's KVM.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sim/pio/explore/driver.h"
#include "sim/pio/lab/machine.h"

namespace southgate::pio::explore {

// What is known of an engine with rules of its own, as something that can be explored, too.
struct HostedModel {
    std::string name;
    VcpuFactory factory;
    Subject subject;
};

struct ExploreEngine {
    std::string_view name;
    VcpuFactory (*factory)();  // throws sim::UsageError if the engine cannot be had, or what the engine throws then
    // Completes by the policy it is given; otherwise by rules of its own, and there is one thing to explore.
    bool has_policies = true;
    unsigned depth = 3;  // unless the user says another
    // The model of an engine with rules of its own, found by asking it; nullptr: there is none.
    std::optional<HostedModel> (*model)(const std::vector<GuestMode>& modes) = nullptr;
};

}  // namespace southgate::pio::explore
