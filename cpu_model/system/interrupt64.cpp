// Interrupts and exceptions of long mode: 64-bit gates, interrupt stacks, a frame that always has SS:RSP
// (SDM vol. 3A 6.14; vol. 2A INT n).
#include "cpu_model/system/code_segment.h"
#include "cpu_model/system/event.h"

namespace southgate::cpu {
namespace {

struct Gate64 {
    Descriptor low;
    std::uint64_t offset;
    unsigned ist() const { return low.high & 7; }
};

Gate64 read_gate(Cpu* c, const Event& e, std::uint32_t idt_error) {
    const std::uint32_t at = e.vector * 16u;
    if (at + 15 > c->idtr.limit) raise_gp(idt_error);
    const auto low = read_linear<std::uint64_t>(c, c->idtr.base + at);
    const auto high = read_linear<std::uint64_t>(c, c->idtr.base + at + 8);
    const Descriptor d{static_cast<std::uint32_t>(low), static_cast<std::uint32_t>(low >> 32)};
    // Only the 32-bit types exist, and mean 64-bit gates (SDM vol. 3A table 3-2).
    if (!d.system(system_type::interrupt_gate32) && !d.system(system_type::trap_gate32)) raise_gp(idt_error);
    if (e.from_program() && d.dpl() < c->cpl) raise_gp(idt_error);
    if (!d.present()) raise(Vector::segment_not_present, idt_error);
    return {d, d.gate_offset() | high << 32};
}

// The handler's CS; it must be 64-bit code.
SegmentRegister handler_code(Cpu* c, std::uint16_t selector, std::uint32_t idt_error, std::uint32_t ext) {
    if (null_selector(selector)) raise_gp(ext);
    TableEntry code = require_descriptor(c, selector, Vector::general_protection, ext);
    const Descriptor& d = code.d;
    if (const SegmentRegister* known = known_code(c, selector, d)) {
        if (!d.l()) raise_gp(idt_error);
        return *known;
    }
    if (!d.code() || d.dpl() > c->cpl) raise_gp(selector_error(selector, ext));
    // The error code names the vector here (SDM vol. 3A 6.14.1).
    if (!d.l() || d.d()) raise_gp(idt_error);
    if (!d.present()) raise(Vector::segment_not_present, selector_error(selector, ext));
    mark_accessed(c, code);
    const unsigned cpl = d.conforming() ? c->cpl : d.dpl();
    const SegmentRegister cs = make_segment(static_cast<std::uint16_t>((selector & 0xfffcu) | cpl), d);
    if (cpl == c->cpl) remember_code(c, selector, d, cs);
    return cs;
}

}  // namespace

void long_mode_interrupt(Cpu* c, const Event& e) {
    const std::uint32_t idt_error = e.vector * 8u + 2 + e.ext();
    const Gate64 gate = read_gate(c, e, idt_error);
    const CodeTarget target{handler_code(c, gate.low.gate_selector(), idt_error, e.ext()), gate.offset};
    const unsigned cpl = rpl_of(target.cs.selector);
    const bool inner = cpl != c->cpl;
    const std::uint64_t old_rsp = c->gpr[static_cast<unsigned>(Gpr::rsp)];
    std::uint64_t rsp = old_rsp;
    if (gate.ist() != 0)
        rsp = tss_stack_pointer(c, tss_ist(gate.ist()), e.ext());
    else if (inner)
        rsp = tss_stack_pointer(c, tss_rsp(cpl), e.ext());
    check_offset(c, target, e.ext());

    // The frame is aligned, whichever stack it goes to.
    Stack stack = Stack::wide(c, rsp & ~std::uint64_t{15}, cpl, e.ext());
    const std::uint64_t ss = segment(c, Seg::ss).selector, cs = segment(c, Seg::cs).selector;
    const std::uint64_t flags = pushed_flags(c, e);
    if (e.has_error_code)
        stack.push_frame(std::array<std::uint64_t, 6>{e.error_code, e.return_ip, cs, flags, old_rsp, ss});
    else
        stack.push_frame(std::array<std::uint64_t, 5>{e.return_ip, cs, flags, old_rsp, ss});

    stack.commit();
    c->ip = target.offset;
    if (inner) {
        c->cpl = cpl;
        put_segment(c, Seg::ss, null_segment(static_cast<std::uint16_t>(cpl), cpl));
        put_segment(c, Seg::cs, target.cs);
        update_mode(c);
    } else {
        replace_segment(c, Seg::cs, target.cs);
    }
    clear_flags(c, gate_cleared_flags(gate.low));
}

}  // namespace southgate::cpu
