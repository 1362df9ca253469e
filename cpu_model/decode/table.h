// Mnemonic -> function that chooses the handler. Each instruction group registers its own.
#pragma once

#include <array>

#include "cpu_model/decode/instruction.h"

namespace southgate::cpu {

// Fills `t.uop.handler` (and what else it needs). Leaving the handler null means #UD.
using Select = void (*)(const Instruction& i, Translation& t);

class HandlerTable {
  public:
    void add(ZydisMnemonic m, Select select) { entries_[m] = select; }
    Select find(ZydisMnemonic m) const { return entries_[m]; }
    static const HandlerTable& instance();

  private:
    HandlerTable();
    std::array<Select, ZYDIS_MNEMONIC_MAX_VALUE + 1> entries_{};
};

// One a group, called by HandlerTable's constructor (decode/table.cpp).
void register_data_movement(HandlerTable&);
void register_arithmetic(HandlerTable&);
void register_shifts(HandlerTable&);
void register_multiply_divide(HandlerTable&);
void register_bits(HandlerTable&);
void register_conditional(HandlerTable&);
void register_stack(HandlerTable&);
void register_control_flow(HandlerTable&);
void register_flag_instructions(HandlerTable&);
void register_exchange(HandlerTable&);
void register_fpu(HandlerTable&);
void register_port_io(HandlerTable&);
void register_processor(HandlerTable&);  // HLT, CLI, INVLPG, RDTSC, MOV CR ...
void register_long_mode_instructions(HandlerTable&);  // SYSCALL, SWAPGS, RDFSBASE ...
void register_segment_instructions(HandlerTable&);
void register_strings(HandlerTable&);  // interpreter/string*.cpp
void register_bcd(HandlerTable&);      // interpreter/bcd.cpp
void register_random(HandlerTable&);   // interpreter/random.cpp
void register_simd(HandlerTable&);     // interpreter/simd/; after register_strings, two of whose mnemonics it shares

// MOV with segment, control and debug registers shares its mnemonic with the general one (interpreter/system_mov.cpp).
void select_system_mov(const Instruction& i, Translation& t);
// PUSH and POP of segment registers (interpreter/segment_instructions.cpp).
void select_push_segment(const Instruction& i, Translation& t);
void select_pop_segment(const Instruction& i, Translation& t);
// Makes this the direct near jump its immediate describes (interpreter/conditional.cpp).
void set_relative(const Instruction& i, Translation& t);

}  // namespace southgate::cpu
