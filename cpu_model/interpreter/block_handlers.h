// Handlers that no instruction selects by itself.
#pragma once

#include "cpu_model/interpreter/uop.h"

namespace southgate::cpu {

const Uop* op_fall_through(Cpu* c, const Uop* u);   // terminator: the block behind this one
const Uop* op_stale(Cpu* c, const Uop* u);          // first uop of a dead block: look it up again
const Uop* op_leave(Cpu* c, const Uop* u);          // the executing block was overwritten: leave before this uop
const Uop* op_undefined(Cpu* c, const Uop* u);      // #UD
const Uop* op_unimplemented(Cpu* c, const Uop* u);  // #UD, counted: imm is the mnemonic
const Uop* op_too_long(Cpu* c, const Uop* u);       // #GP(0): more than 15 bytes

}  // namespace southgate::cpu
