// Checks and loads shared by every transfer of control to another code segment.
#pragma once

#include "cpu_model/interpreter/flags.h"
#include "cpu_model/system/descriptor.h"
#include "cpu_model/system/stack.h"

namespace southgate::cpu {

// CS and (E/R)IP of a transfer, checked but not loaded.
struct CodeTarget {
    SegmentRegister cs;
    std::uint64_t offset = 0;
};

// Code that will run in 64-bit mode.
inline bool is_code64(const Cpu* c, const SegmentRegister& cs) {
    return long_mode(c) && (cs.attributes & SegmentRegister::l) != 0;
}
// Raises #GP(error) for an offset beyond the limit or, in 64-bit code, one that is not canonical.
inline void check_offset(const Cpu* c, const CodeTarget& target, std::uint32_t error = 0) {
    const bool good = is_code64(c, target.cs) ? canonical(target.offset) : target.offset <= target.cs.limit;
    if (!good) [[unlikely]]
        raise_gp(error);
}
// L and D together are reserved in long mode (SDM vol. 3A 5.2.1).
inline void check_code_size(const Cpu* c, std::uint16_t selector, const Descriptor& d) {
    if (d.l() && d.d() && long_mode(c)) [[unlikely]]
        raise_gp(selector_error(selector));
}

// Cpu::code_segment: the loaded form of a code segment entered without a change of level, or nullptr if it
// must be checked first.
inline const SegmentRegister* known_code(const Cpu* c, std::uint16_t selector, const Descriptor& d) {
    const CodeSegmentMemo& m = c->code_segment;
    return m.descriptor == d.raw() && m.selector == (selector & 0xfffcu) && m.cpl == c->cpl ? &m.cs : nullptr;
}
inline void remember_code(Cpu* c, std::uint16_t selector, const Descriptor& d, const SegmentRegister& cs) {
    c->code_segment = {d.raw(), selector & 0xfffcu, c->cpl, cs};
}

// The end of a transfer: CS, EIP. The privilege level must be right already or follow with set_cpl().
inline void enter_code(Cpu* c, const CodeTarget& target) {
    replace_segment(c, Seg::cs, target.cs);
    c->ip = target.offset;
}

// The same at the end of a far jump, call or return in real or V86 mode; Cpu::cur is set.
void enter_real_mode_code(Cpu* c, const CodeTarget& target);

// CS after a far transfer in real mode: limit and D stay as they are, the rights become those of a writable
// segment (SDM vol. 3A 9.1.4: base = selector * 16).
inline SegmentRegister real_mode_code(const Cpu* c, std::uint16_t selector) {
    if (v86_mode(c)) return v86_segment(selector);
    SegmentRegister cs = segment(c, Seg::cs);
    cs.attributes = (cs.attributes & (SegmentRegister::db | SegmentRegister::g)) | 0x93;
    cs.base = std::uint64_t{selector} << 4;
    cs.selector = selector;
    return cs;
}

// Real and V86 mode: only the limit is checked.
inline CodeTarget real_mode_target(Cpu* c, std::uint16_t selector, std::uint64_t offset) {
    const CodeTarget target{real_mode_code(c, selector), offset};
    if (target.offset > target.cs.limit) [[unlikely]]
        raise_gp(0);
    return target;
}

// SS:ESP for `cpl` from the current TSS, with the checks of a change to that privilege level; raises #TS, #SS
// (SDM vol. 2A CALL, INT n; vol. 3A 5.8.5).
struct InnerStack {
    SegmentRegister ss;
    std::uint32_t esp = 0;
};
InnerStack inner_stack(Cpu* c, unsigned cpl, std::uint32_t ext);

// A stack pointer in the 64-bit TSS, raises #TS beyond its limit (SDM vol. 3A 7.7): RSPn and ISTn by number.
std::uint64_t tss_stack_pointer(Cpu* c, unsigned offset, std::uint32_t ext);
inline constexpr unsigned tss_rsp(unsigned cpl) { return 4 + 8 * cpl; }
inline constexpr unsigned tss_ist(unsigned n) { return 0x24 + 8 * (n - 1); }

// Far RET and IRET: the code segment returned to; raises #GP, #NP. Its RPL is the new CPL. The offset is not
// checked.
inline CodeTarget return_target(Cpu* c, std::uint16_t selector, std::uint64_t offset) {
    if (null_selector(selector)) raise_gp(0);
    TableEntry entry = require_descriptor(c, selector);
    const Descriptor& d = entry.d;
    const unsigned rpl = rpl_of(selector);
    if (const SegmentRegister* cs = known_code(c, selector, d); cs && rpl == c->cpl) [[likely]]
        return {*cs, offset};
    if (!d.code() || rpl < c->cpl || (d.conforming() ? d.dpl() > rpl : d.dpl() != rpl))
        raise_gp(selector_error(selector));
    check_code_size(c, selector, d);
    if (!d.present()) raise(Vector::segment_not_present, selector_error(selector));
    mark_accessed(c, entry);
    const SegmentRegister cs = make_segment(selector, d);
    if (rpl == c->cpl) remember_code(c, selector, d, cs);
    return {cs, offset};
}
// ... and SS that goes with it, for this CPL; raises #GP, #SS. A null one is good for 64-bit code below CPL 3.
SegmentRegister return_stack_segment(Cpu* c, std::uint16_t selector, unsigned cpl, const SegmentRegister& cs);
// The end of a return to an outer level, CS being loaded: CPL, SS and (E/R)SP; data segments the new CPL may not use
// become null (SDM vol. 3A 5.8.6).
void return_to_outer_stack(Cpu* c, const SegmentRegister& ss, std::uint64_t rsp, unsigned cpl,
                           std::uint32_t pop_bytes);
// (E/R)SP as far as the current code and stack segments reach.
void set_stack_pointer(Cpu* c, std::uint64_t value);

// Loads EFLAGS: bits of `changeable` from `value`, which include all status flags; the others stay.
inline void load_flags(Cpu* c, std::uint64_t value, std::uint32_t changeable) {
    set_eflags(c, (c->eflags & ~std::uint64_t{changeable}) | (value & changeable) | eflags::fixed1);
}

}  // namespace southgate::cpu
