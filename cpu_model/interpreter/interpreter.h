// The interpreter engine behind the vCPU contract.
#pragma once

#include <memory>

#include "cpu_model/vcpu.h"

namespace southgate::cpu {

// Makes an interpreter in the power-up state. `bus` outlives it.
std::unique_ptr<Vcpu> make_interpreter(Bus& bus);

}  // namespace southgate::cpu
