// The host's kernel for pio-explore.
#pragma once

#include <optional>
#include <vector>

#include "sim/pio/explore/engine.h"

namespace southgate::pio {

// Every vCPU is a virtual machine that is used for one sequence after the other. Each entry is given a second; a
// kernel that does not return from one for half a minute ends the process, with one line that says so. Throws
// cpu::kvm::Unavailable.
VcpuFactory kvm_explore_factory();

// The interpreter as the probes describe the kernel; nothing if they differ between the modes (empty: all).
std::optional<explore::HostedModel> kvm_explore_model(const std::vector<GuestMode>& modes);

}  // namespace southgate::pio
