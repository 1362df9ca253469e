// The handlers of each group by encoding; nullptr where the group has none. Called by fpu/fpu.cpp, which has
// filled Uop::imm (stub and opcode) and Uop::aux (i of ST(i)).
#pragma once

#include "cpu_model/decode/instruction.h"

namespace southgate::cpu::x87 {

Handler load_store_handler(const Instruction& i);
Handler arithmetic_handler(const Instruction& i);
Handler compare_handler(const Instruction& i);
Handler register_handler(const Instruction& i);  // FXCH FCHS FABS FFREE FINCSTP FCMOVcc ..., transcendental
Handler control_handler(const Instruction& i);   // control word, status word, FNINIT, FNCLEX
Handler environment_handler(const Instruction& i);

// Any register form at all, by the host alone.
const Uop* exact(Cpu* c, const Uop* u);

}  // namespace southgate::cpu::x87
