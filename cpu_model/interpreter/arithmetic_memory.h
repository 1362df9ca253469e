// Choosing the memory forms of ALU instructions. The operand size is set in the uop already.
#pragma once

#include "cpu_model/decode/instruction.h"
#include "cpu_model/interpreter/arithmetic.h"

namespace southgate::cpu {

void select_alu_register_memory(const Instruction& i, Translation& t, Alu op, unsigned size);   // reg := reg op mem
void select_alu_memory_register(const Instruction& i, Translation& t, Alu op, unsigned size);   // mem := mem op reg
void select_alu_memory_immediate(const Instruction& i, Translation& t, Alu op, unsigned size);  // mem := mem op imm
void select_step_memory(const Instruction& i, Translation& t, bool dec, unsigned size);
void select_unary_memory(const Instruction& i, Translation& t, bool neg, unsigned size);

}  // namespace southgate::cpu
