// x87 ESC instructions.
#pragma once

#include "cpu_model/decode/instruction.h"

namespace southgate::cpu {

// An ESC instruction (opcodes D8-DF) no group has: #NM first if CR0 says so, then #UD.
void select_escape(const Instruction& i, Translation& t);

}  // namespace southgate::cpu
