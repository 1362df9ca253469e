// Virtual-8086 mode extensions (CR4.VME) and protected-mode virtual interrupts (CR4.PVI): code that may not change IF has VIF
// instead (SDM vol. 3B 20.3.2, 20.3.3, 20.4).
#pragma once

#include "cpu_model/interpreter/fault.h"
#include "cpu_model/interpreter/flags.h"
#include "cpu_model/system/event.h"

namespace southgate::cpu {

// CLI, STI and, in V86 mode, PUSHF, POPF, IRET and INT n mean VIF when they say IF.
inline bool virtual_if(const Cpu* c) {
    if (!protected_mode(c) || c->cpl != 3 || iopl(c) == 3) return false;
    return (c->cr4 & (v86_mode(c) ? cr4::vme : cr4::pvi)) != 0;
}

// FLAGS as such V86 code sees them: VIF in the place of IF, IOPL 3.
inline std::uint16_t virtual_flags(const Cpu* c) {
    const std::uint64_t flags = (get_eflags(c) & ~eflags::if_) | std::uint64_t{3} << eflags::iopl_shift;
    return static_cast<std::uint16_t>((flags & eflags::vif) != 0 ? flags | eflags::if_ : flags);
}
// FLAGS as it loads them: its IF becomes VIF; IOPL and IF stay. #GP(0) for TF, and for IF while an interrupt waits (VIP).
inline void check_virtual_flags(const Cpu* c, std::uint64_t value) {
    if ((value & eflags::tf) != 0 || ((value & eflags::if_) != 0 && (c->eflags & eflags::vip) != 0)) raise_gp(0);
}
inline void load_virtual_flags(Cpu* c, std::uint64_t value) {
    constexpr std::uint64_t loaded = eflags::status | eflags::tf | eflags::df | eflags::nt | eflags::vif;
    const std::uint64_t wanted = (value & eflags::if_) != 0 ? value | eflags::vif : value & ~eflags::vif;
    set_eflags(c, (c->eflags & ~loaded) | (wanted & loaded) | eflags::fixed1);
}

// Both flags set at the beginning of an instruction: #GP(0). Only IRET and task switches can bring that about.
inline bool virtual_interrupt_due(const Cpu* c) {
    constexpr std::uint64_t both = eflags::vif | eflags::vip;
    if ((c->eflags & both) != both || !protected_mode(c) || c->cpl != 3) return false;
    return (c->cr4 & (v86_mode(c) ? cr4::vme : cr4::pvi)) != 0;
}

// INT n in V86 mode: whether the bitmap below the I/O permission bitmap gives it to the 8086 program, and its way there through
// the interrupt vector table at linear address 0 (table 20-2, methods 5 and 6).
bool goes_to_8086_program(Cpu* c, std::uint8_t vector);
void virtual_8086_interrupt(Cpu* c, const Event& e);

}  // namespace southgate::cpu
