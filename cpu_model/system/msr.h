// Model-specific registers (SDM vol. 4): which exist, what a write may contain, what it changes.
#pragma once

#include <cstdint>

namespace southgate::cpu {

struct Cpu;

// RDMSR / WRMSR of register `index`. false: the instruction raises #GP(0) (no such register for this
// processor model, reserved bits set, an invalid memory type); nothing was changed then.
[[nodiscard]] bool read_msr(Cpu* c, std::uint32_t index, std::uint64_t& value);
[[nodiscard]] bool write_msr(Cpu* c, std::uint32_t index, std::uint64_t value);

}  // namespace southgate::cpu
