// x87 ESC instructions, opcodes D8-DF (SDM vol. 1 chapter 8), and FWAIT.
//
// The guest's x87 is the host's: values, rounding, status flags, stack faults and tags come from executing
// the same instruction on the host processor (fpu/host.h), so hosts must be x86-64. Results of the
// transcendental instructions may therefore differ in the last bit between host processors; everything else
// is fixed by IEEE 754 and the SDM. fpu/error.h tells how exceptions are reported. FXSAVE and FXRSTOR are in
// interpreter/simd/.
#pragma once

#include "cpu_model/decode/instruction.h"

namespace southgate::cpu {

// An ESC instruction no group has: #NM first if CR0 says so, then #UD.
void select_escape(const Instruction& i, Translation& t);

}  // namespace southgate::cpu
