// What a machine makes its processors' engines with.
#pragma once

#include <functional>
#include <memory>

#include "cpu_model/system/cpuid.h"
#include "cpu_model/vcpu.h"

namespace southgate::platform {

// One vCPU in the power-up state. `instruction_time_ps` is what the machine counts for each retired instruction: an engine
// that measures time instead divides by it.
using EngineFactory = std::function<std::unique_ptr<cpu::Vcpu>(cpu::Bus&, const cpu::CpuModel& model,
                                                               std::uint64_t instruction_time_ps)>;

}  // namespace southgate::platform
