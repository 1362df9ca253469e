// Interrupts and exceptions through the IVT and through interrupt, trap and task gates
// (SDM vol. 2A INT n; vol. 3A 6.11 to 6.12, 20.1.4; vol. 3B 20.3). Those of long mode: interrupt64.cpp.
#include "cpu_model/interpreter/flags.h"
#include "cpu_model/interpreter/system.h"
#include "cpu_model/system/code_segment.h"
#include "cpu_model/system/event.h"
#include "cpu_model/system/task_switch.h"
#include "cpu_model/system/virtual_interrupt.h"

namespace southgate::cpu {
namespace {

// Flags, CS, (E)IP and the error code.
template <class T>
[[gnu::always_inline]] inline void push_return(Stack& stack, const Cpu* c, const Event& e, bool error_code) {
    const T ip = static_cast<T>(e.return_ip), cs = segment(c, Seg::cs).selector,
            flags = static_cast<T>(pushed_flags(c, e));
    if (error_code) [[unlikely]]
        stack.push_frame(std::array<T, 4>{static_cast<T>(e.error_code), ip, cs, flags});
    else
        stack.push_frame(std::array<T, 3>{ip, cs, flags});
}

void real_mode_interrupt(Cpu* c, const Event& e) {
    const std::uint32_t at = e.vector * 4u;
    if (at + 3 > c->idtr.limit) raise_gp(e.vector * 8u + 2 + e.ext());
    const auto entry = read_linear<std::uint32_t>(c, static_cast<std::uint32_t>(c->idtr.base + at));
    Stack stack = Stack::current(c);
    push_return<std::uint16_t>(stack, c, e, false);
    const CodeTarget target = real_mode_target(c, static_cast<std::uint16_t>(entry >> 16), entry & 0xffff);
    stack.commit();
    enter_code(c, target);
    clear_flags(c, eflags::if_ | eflags::tf | eflags::ac | eflags::rf);
}

void same_level(Cpu* c, const Event& e, const Descriptor& gate, const CodeTarget& target) {
    Stack stack = Stack::current(c, e.ext());
    if (gate.is32()) [[likely]]
        push_return<std::uint32_t>(stack, c, e, e.has_error_code);
    else
        push_return<std::uint16_t>(stack, c, e, e.has_error_code);
    check_offset(c, target, e.ext());
    stack.commit();
    enter_code(c, target);
    clear_flags(c, gate_cleared_flags(gate));
}

void inner_level(Cpu* c, const Event& e, const Descriptor& gate, const CodeTarget& target, unsigned cpl) {
    const unsigned size = gate.is32() ? 4 : 2;
    const bool from_v86 = v86_mode(c);
    const InnerStack inner = inner_stack(c, cpl, e.ext());
    Stack stack(c, inner.ss, inner.esp, cpl, selector_error(inner.ss.selector, e.ext()));
    if (from_v86)
        for (const Seg s : {Seg::gs, Seg::fs, Seg::ds, Seg::es}) stack.push(segment(c, s).selector, size);
    stack.push(segment(c, Seg::ss).selector, size);
    stack.push(get_reg<std::uint32_t>(c, Gpr::rsp), size);
    if (gate.is32())
        push_return<std::uint32_t>(stack, c, e, e.has_error_code);
    else
        push_return<std::uint16_t>(stack, c, e, e.has_error_code);
    check_offset(c, target, e.ext());

    c->eflags &= ~gate_cleared_flags(gate);
    c->cpl = cpl;
    if (from_v86)
        for (const Seg s : {Seg::gs, Seg::fs, Seg::ds, Seg::es}) put_segment(c, s, null_segment(0));
    put_segment(c, Seg::ss, inner.ss);
    put_segment(c, Seg::cs, target.cs);
    stack.commit();
    c->ip = target.offset;
    update_mode(c);
    update_attention(c);
}

void through_task_gate(Cpu* c, const Event& e, const Descriptor& gate) {
    TableEntry tss = task_gate_target(c, gate, e.ext());
    switch_task(c, gate.gate_selector(), tss, TaskSwitchSource::call, e.return_ip, e.ext(),
                e.has_error_code ? std::optional(e.error_code) : std::nullopt);
}

void protected_mode_interrupt(Cpu* c, const Event& e) {
    // INT n is sensitive to IOPL in V86 mode; INT3, INTO and INT1 are not (SDM vol. 3B 20.2.7).
    if (v86_mode(c) && e.kind == EventKind::software) {
        if (goes_to_8086_program(c, e.vector)) return virtual_8086_interrupt(c, e);
        if (iopl(c) != 3) raise_gp(0);
    }
    const std::uint32_t idt_error = e.vector * 8u + 2 + e.ext();
    if (e.vector * 8u + 7 > c->idtr.limit) raise_gp(idt_error);
    const auto raw = read_linear<std::uint64_t>(c, static_cast<std::uint32_t>(c->idtr.base + e.vector * 8u));
    const Descriptor gate{static_cast<std::uint32_t>(raw), static_cast<std::uint32_t>(raw >> 32)};
    if (gate.code_or_data()) raise_gp(idt_error);
    switch (gate.type()) {
        case system_type::task_gate:
        case system_type::interrupt_gate16:
        case system_type::trap_gate16:
        case system_type::interrupt_gate32:
        case system_type::trap_gate32:
            break;
        default:
            raise_gp(idt_error);
    }
    if (e.from_program() && gate.dpl() < c->cpl) raise_gp(idt_error);
    if (!gate.present()) raise(Vector::segment_not_present, idt_error);
    if (gate.type() == system_type::task_gate) return through_task_gate(c, e, gate);

    const std::uint16_t selector = gate.gate_selector();
    if (null_selector(selector)) raise_gp(e.ext());
    TableEntry code = require_descriptor(c, selector, Vector::general_protection, e.ext());
    if (const SegmentRegister* cs = known_code(c, selector, code.d); cs && !v86_mode(c)) [[likely]]
        return same_level(c, e, gate, {*cs, gate.gate_offset()});
    if (!code.d.code() || code.d.dpl() > c->cpl) raise_gp(selector_error(selector, e.ext()));
    if (!code.d.present()) raise(Vector::segment_not_present, selector_error(selector, e.ext()));
    const bool inner = !code.d.conforming() && code.d.dpl() < c->cpl;
    // From V86 mode only ring 0 can be reached (SDM vol. 3B 20.3.1).
    if (v86_mode(c) && (!inner || code.d.dpl() != 0)) raise_gp(selector_error(selector, e.ext()));
    mark_accessed(c, code);
    const unsigned cpl = inner ? code.d.dpl() : c->cpl;
    const CodeTarget target{make_segment(static_cast<std::uint16_t>((selector & 0xfffcu) | cpl), code.d),
                            gate.gate_offset()};
    if (inner) return inner_level(c, e, gate, target, cpl);
    remember_code(c, selector, code.d, target.cs);
    same_level(c, e, gate, target);
}

}  // namespace

void interrupt(Cpu* c, std::uint8_t vector, EventKind kind, std::uint64_t return_ip, bool has_error_code,
               std::uint32_t error_code) {
    const Event e{vector, kind, return_ip, has_error_code, error_code};
    if (long_mode(c))
        long_mode_interrupt(c, e);
    else if (protected_mode(c))
        protected_mode_interrupt(c, e);
    else
        real_mode_interrupt(c, e);
    // Entering a #DB handler switches general detect off (SDM vol. 3B 17.2.4).
    if (vector == static_cast<std::uint8_t>(Vector::debug) && !e.from_program()) [[unlikely]]
        c->debug.dr7 &= ~std::uint64_t{1 << 13};
}

}  // namespace southgate::cpu
