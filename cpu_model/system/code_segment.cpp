#include "cpu_model/system/code_segment.h"

namespace southgate::cpu {

void enter_real_mode_code(Cpu* c, const CodeTarget& target) {
    constexpr std::uint64_t reset_vector = 0xffff0;
    if (target.cs.base + target.offset == reset_vector && !v86_mode(c)) [[unlikely]]
        c->bus->reset_vector_entered(segment(c, Seg::cs).base + instruction_ip(c));
    enter_code(c, target);
}

InnerStack inner_stack(Cpu* c, unsigned cpl, std::uint32_t ext) {
    const bool tss32 = (c->tr.attributes & 8) != 0;
    const std::uint32_t at = tss32 ? 4 + 8 * cpl : 2 + 4 * cpl;
    if (at + (tss32 ? 5 : 3) > c->tr.limit) raise(Vector::invalid_tss, selector_error(c->tr.selector, ext));
    InnerStack stack;
    std::uint16_t selector;
    const auto linear = [c](std::uint32_t offset) {
        return std::uint64_t{static_cast<std::uint32_t>(c->tr.base + offset)};
    };
    if (tss32) {
        stack.esp = read_linear<std::uint32_t>(c, linear(at));
        selector = read_linear<std::uint16_t>(c, linear(at + 4));
    } else {
        stack.esp = read_linear<std::uint16_t>(c, linear(at));
        selector = read_linear<std::uint16_t>(c, linear(at + 2));
    }
    if (null_selector(selector)) raise(Vector::invalid_tss, ext);
    TableEntry entry = require_descriptor(c, selector, Vector::invalid_tss, ext);
    if (rpl_of(selector) != cpl || entry.d.dpl() != cpl || !entry.d.writable_data())
        raise(Vector::invalid_tss, selector_error(selector, ext));
    if (!entry.d.present()) raise(Vector::stack_fault, selector_error(selector, ext));
    mark_accessed(c, entry);
    stack.ss = make_segment(selector, entry.d);
    return stack;
}

std::uint64_t tss_stack_pointer(Cpu* c, unsigned offset, std::uint32_t ext) {
    if (offset + 7 > c->tr.limit) raise(Vector::invalid_tss, selector_error(c->tr.selector, ext));
    return read_linear<std::uint64_t>(c, c->tr.base + offset);
}

SegmentRegister return_stack_segment(Cpu* c, std::uint16_t selector, unsigned cpl, const SegmentRegister& cs) {
    if (null_selector(selector)) {
        if (!is_code64(c, cs) || cpl == 3 || rpl_of(selector) != cpl) raise_gp(0);
        return null_segment(selector, cpl);
    }
    TableEntry entry = require_descriptor(c, selector);
    if (rpl_of(selector) != cpl || !entry.d.writable_data() || entry.d.dpl() != cpl)
        raise_gp(selector_error(selector));
    if (!entry.d.present()) raise(Vector::stack_fault, selector_error(selector));
    mark_accessed(c, entry);
    return make_segment(selector, entry.d);
}

void set_stack_pointer(Cpu* c, std::uint64_t value) {
    if (code64(c))
        set_reg<std::uint64_t>(c, Gpr::rsp, value);
    else if ((c->mode & mode::stack32) != 0)
        set_reg<std::uint32_t>(c, Gpr::rsp, static_cast<std::uint32_t>(value));
    else
        set_reg<std::uint16_t>(c, Gpr::rsp, static_cast<std::uint16_t>(value));
}

void return_to_outer_stack(Cpu* c, const SegmentRegister& ss, std::uint64_t rsp, unsigned cpl,
                           std::uint32_t pop_bytes) {
    put_segment(c, Seg::ss, ss);
    set_cpl(c, cpl);
    set_stack_pointer(c, rsp + pop_bytes);
    for (const Seg s : {Seg::es, Seg::ds, Seg::fs, Seg::gs}) {
        const SegmentRegister& r = segment(c, s);
        if ((r.attributes & SegmentRegister::unusable) != 0) {
            segment(c, s).selector = 0;  // SDM vol. 2A IRET: NULL becomes 0, whatever its RPL
            continue;
        }
        constexpr std::uint32_t conforming = SegmentRegister::code | SegmentRegister::expand_down;
        if ((r.attributes & conforming) != conforming &&
            (r.attributes >> SegmentRegister::dpl_shift & 3) < cpl)
            set_segment(c, s, null_segment(0));
    }
}

}  // namespace southgate::cpu
