// A scenario on the model of a host.
#pragma once

#include "sim/pio/kvm/host_model.h"
#include "sim/pio/machine/observation.h"
#include "sim/pio/machine/runner.h"

namespace southgate::pio {

class ModelRun {
  public:
    ModelRun();
    // Valid until the next one.
    const Observation& run(const Scenario& scenario, const HostPath& path, Story* story = nullptr);

  private:
    Machine machine_;
    Runner runner_;
    Observation shown_;
};

// A kernel does not tell how many instructions it retired: the scenario without what it says about them.
Scenario as_a_kernel_shows_it(const Scenario& scenario);

}  // namespace southgate::pio
