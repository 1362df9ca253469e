// Shared by IN/OUT and INS/OUTS.
#pragma once

#include <cstdint>

#include "cpu_model/interpreter/control.h"
#include "cpu_model/interpreter/system.h"

namespace southgate::cpu {

// I/O permission: virtual-8086 code always consults the bitmap, other code if CPL > IOPL (SDM vol. 1 18.5).
inline void check_port(Cpu* c, std::uint16_t port, unsigned size) {
    if (protected_mode(c) && (c->cpl > iopl(c) || v86_mode(c))) [[unlikely]] check_io_permission(c, port, size);
}

// What the completion code sees of the vCPU, rip being `ip`.
inline PioState pio_state(const Cpu* c, std::uint64_t ip) {
    PioState state;
    state.rip = ip;
    state.rax = c->gpr[static_cast<unsigned>(Gpr::rax)];
    state.cs_base = segment(c, Seg::cs).base;
    state.code64 = (c->mode & mode::code64) != 0;
    state.long_mode = long_mode(c);
    state.real_mode = !protected_mode(c);
    state.interrupt_shadow = c->events.sti_shadow || c->events.mov_ss_shadow;
    return state;
}

inline void clear_shadow(Cpu* c) { c->events.sti_shadow = c->events.mov_ss_shadow = false; }

// A completion outside blocks stepped over an instruction: TF's trap is queued, the debugger's exit is due.
void step_over(Cpu* c);

// A port instruction (or one element of it) retired: I/O breakpoints.
inline void note_port_retired(Cpu* c, std::uint16_t port, unsigned size) {
    if ((c->debug.dr7 & 0xff) != 0) [[unlikely]] check_io_breakpoint(c, port, size);
}

// The instruction retired and run() returns its I/O exit; Cpu::ip is what the exit shows.
inline const Uop* leave_with_pio_exit(Cpu* c) {
    c->exit_pending = true;
    c->exit_reason = ExitReason::pio;
    c->block = nullptr;
    return nullptr;
}

// The same with the instruction not executed.
inline const Uop* leave_before_with_pio_exit(Cpu* c, const Uop* u) {
    c->exit_pending = true;
    c->exit_reason = ExitReason::pio;
    return leave_before(c, u);
}

void register_string_io(HandlerTable& t);
std::uint64_t complete_string(Cpu* c, bool all);

}  // namespace southgate::cpu
