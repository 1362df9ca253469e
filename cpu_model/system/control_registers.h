// Which bits of CR0, CR4 and EFER exist (SDM vol. 3A 2.2.1, 2.5).
#pragma once

#include <cstdint>

#include "cpu_model/interpreter/cpu.h"

namespace southgate::cpu {

inline constexpr std::uint64_t defined_cr0 = cr0::pe | cr0::mp | cr0::em | cr0::ts | cr0::et | cr0::ne |
                                             cr0::wp | cr0::am | cr0::nw | cr0::cd | cr0::pg;

// By the features of the processor model; the others are reserved and raise #GP.
std::uint64_t defined_cr4(const Cpu* c);
std::uint64_t defined_efer(const Cpu* c);

}  // namespace southgate::cpu
