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
inline PioContext pio_context(const Cpu* c, std::uint64_t ip) {
    PioContext context;
    context.rip = ip;
    context.rax = c->gpr[static_cast<unsigned>(Gpr::rax)];
    context.cs_base = segment(c, Seg::cs).base;
    context.code64 = (c->mode & mode::code64) != 0;
    context.interrupt_shadow = c->events.sti_shadow || c->events.mov_ss_shadow;
    return context;
}

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
std::uint64_t complete_string_in(Cpu* c);

}  // namespace southgate::cpu
