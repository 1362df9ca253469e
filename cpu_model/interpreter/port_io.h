// Port I/O of the interpreter: what the outer loop calls. The rules are those of cpu_model/pio.
#pragma once

#include <cstdint>

#include "cpu_model/interpreter/cpu.h"

namespace southgate::cpu {

// First thing in run(), if Cpu::pio.is_pending(), outside blocks: completes or drops what is pending. Changes RAX or
// memory, Cpu::ip, the shadow, pending traps. Sets Cpu::exit_pending if run() must return now (a step exit, or the
// emulator's repeated I/O exit). A fault of an INS destination is delivered. Returns the instructions retired. INS elements
// beyond the budget stay pending unless `all`.
std::uint64_t complete_pio(Cpu* c, bool all);

}  // namespace southgate::cpu
