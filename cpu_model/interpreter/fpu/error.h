// How a pending unmasked x87 exception is reported (SDM vol. 1 8.7).
//
// CR0.NE = 1: the next waiting instruction raises #MF. CR0.NE = 0, the way of PCs since the 80286: the FERR# pin asks for
// an external interrupt, and the next waiting instruction does not start before that came, unless IGNNE# is asserted. FERR#
// is the level of the status word's ES flag, from the end of the instruction that caused the exception on, as in the P6
// family (SDM vol. 1 D.2.2; vol. 3B 22.18.6.7); the deferred reporting of the 486 and the Pentium is not modelled. With
// CR0.NE = 1 it stays deasserted (vol. 3A 2.5). IGNNE# has no influence on it.
#pragma once

#include "cpu_model/interpreter/control.h"
#include "cpu_model/interpreter/cpu.h"
#include "cpu_model/interpreter/fpu/status.h"

namespace southgate::cpu::x87 {

inline bool asks_for_interrupt(const Cpu* c) { return (c->fpu.fsw & sw::summary) && !(c->cr0 & cr0::ne); }

// Drives FERR#; call after any change of ES or CR0.NE.
void update_ferr(Cpu* c);

// What waiting instructions do about an exception that pends: #MF, Freeze, or, with IGNNE#, nothing.
[[gnu::cold]] void report_pending(Cpu* c, const Uop* u);

// FERR# changes: leaves the block behind the instruction, so that an interrupt is taken there.
[[gnu::cold]] const Uop* finish_with_ferr(Cpu* c, const Uop* u);

// next() of every instruction that may have changed ES.
[[gnu::always_inline]] inline const Uop* next_reporting(Cpu* c, const Uop* u) {
    if (asks_for_interrupt(c) == c->ferr) [[likely]] return next(c, u);
    return finish_with_ferr(c, u);
}

}  // namespace southgate::cpu::x87
