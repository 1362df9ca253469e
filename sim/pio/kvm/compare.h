// The host's KVM against the model of it, scenario by scenario: verdicts, and everything that was seen.
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "sim/pio/kvm/host_run.h"
#include "sim/pio/kvm/probe.h"
#include "sim/pio/kvm/seen.h"

namespace southgate::pio {

struct Compared {
    const Scenario* scenario = nullptr;
    HostRun::Kind kind = HostRun::Kind::crashed;
    std::string why;                 // if the host showed nothing
    std::string predicted, verdict;  // verdict.h
    Seen model, host;

    bool ran() const { return kind == HostRun::Kind::seen; }
    bool agrees() const { return ran() && verdict == predicted && host == model; }
    bool not_runnable() const { return kind == HostRun::Kind::not_runnable; }
};

struct Comparison {
    std::string kernel;  // "Linux 6.1.0"
    std::array<ModeProbes, guest_modes.size()> probes;
    std::vector<Compared> scenarios;
    std::size_t agreeing = 0, disagreeing = 0, not_runnable = 0;

    bool all_modes_conclusive() const;
};

// Throws cpu::kvm::Unavailable.
Comparison compare_with_host(std::span<const Scenario* const> scenarios);

std::string format_comparison(const Comparison& comparison);
std::string comparison_json(const Comparison& comparison);

// "FE, vmx, drops on control register changes": what a mode is compared with.
std::string to_string(const HostPath& path);

}  // namespace southgate::pio
