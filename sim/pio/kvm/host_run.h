// One scenario on the host's KVM, in a child process.
#pragma once

#include <string>

#include "sim/pio/machine/observation.h"
#include "sim/pio/scenario/scenario.h"

namespace southgate::pio {

struct HostRun {
    enum class Kind {
        seen,          // `observation` holds
        hung,          // the alarm ended it
        crashed,       // the child died, or the kernel refused something: `why`
        not_runnable,  // this kernel cannot express the scenario: `why`
    } kind = Kind::crashed;
    std::string why;
    Observation observation;
};

struct HostRunOptions {
    unsigned seconds = 4;               // real time
    bool disable_quirk_out_7e = false;  // KVM_CAP_DISABLE_QUIRKS2
};

// Whether the script changes MP_STATE, so that the kernel needs a local APIC of its own.
bool needs_kernel_apic(const Scenario& scenario);

// The story is filled in if there is one. Completions happen inside the kernel: it tells their effects, not their names.
HostRun run_on_host(const Scenario& scenario, const HostRunOptions& options, Story* story = nullptr);

}  // namespace southgate::pio
