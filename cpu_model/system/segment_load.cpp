// Loading segment registers, LDTR and TR; LAR, LSL, VERR, VERW (SDM vol. 2 MOV, LDS, LLDT, LTR, LAR, LSL,
// VERR; vol. 3A 5.2 to 5.6).
#include "cpu_model/interpreter/system.h"
#include "cpu_model/mmu/paging.h"
#include "cpu_model/system/descriptor.h"

namespace southgate::cpu {
namespace {

// Real mode changes selector and base and nothing else: limit and rights stay, which is what makes "unreal"
// mode work. A register that held a null selector becomes usable again.
SegmentRegister real_mode_segment(const SegmentRegister& old, std::uint16_t selector) {
    SegmentRegister value = old;
    if ((value.attributes & SegmentRegister::unusable) != 0) value = {0, 0xffff, 0x93, 0};
    value.selector = selector;
    value.base = std::uint64_t{selector} << 4;
    return value;
}

SegmentRegister checked_stack_segment(Cpu* c, std::uint16_t selector) {
    if (null_selector(selector)) {
        // 64-bit mode needs no stack segment below CPL 3 (SDM vol. 2B MOV).
        if (!code64(c) || c->cpl == 3 || rpl_of(selector) != c->cpl) raise_gp(0);
        return null_segment(selector, c->cpl);
    }
    TableEntry entry = require_descriptor(c, selector);
    if (rpl_of(selector) != c->cpl || !entry.d.writable_data() || entry.d.dpl() != c->cpl)
        raise_gp(selector_error(selector));
    if (!entry.d.present()) raise(Vector::stack_fault, selector_error(selector));
    mark_accessed(c, entry);
    return make_segment(selector, entry.d);
}

SegmentRegister checked_data_segment(Cpu* c, std::uint16_t selector) {
    if (null_selector(selector)) return null_segment(selector);
    TableEntry entry = require_descriptor(c, selector);
    const Descriptor& d = entry.d;
    if (!d.code_or_data() || !d.readable()) raise_gp(selector_error(selector));
    if (!(d.code() && d.conforming()) && (rpl_of(selector) > d.dpl() || c->cpl > d.dpl()))
        raise_gp(selector_error(selector));
    if (!d.present()) raise(Vector::segment_not_present, selector_error(selector));
    mark_accessed(c, entry);
    return make_segment(selector, d);
}

// The base of an LDT or TSS: 64 bits of a 16-byte descriptor in long mode.
SegmentRegister system_segment(Cpu* c, std::uint16_t selector, const TableEntry& entry) {
    SegmentRegister s = make_segment(selector, entry.d);
    if (!long_mode(c)) return s;
    std::uint64_t base_high = 0;
    if (!read_upper_half(c, selector, entry, base_high)) raise_gp(selector_error(selector));
    s.base |= base_high;
    if (!canonical(s.base)) raise_gp(selector_error(selector));
    return s;
}

// System descriptors LAR knows (SDM vol. 2A table 3-53); LSL knows those that are not gates (table 3-54).
bool has_rights(const Cpu* c, unsigned type) {
    switch (type) {
        case system_type::tss16:
        case system_type::busy_tss16:
        case system_type::call_gate16:
        case system_type::task_gate:
            return !long_mode(c);
        case system_type::ldt:
        case system_type::tss32:
        case system_type::busy_tss32:
        case system_type::call_gate32:
            return true;
        default:
            return false;
    }
}
bool is_gate(unsigned type) {
    return type == system_type::call_gate16 || type == system_type::task_gate || type == system_type::call_gate32;
}

// Privilege rule of LAR, LSL, VERR and VERW: conforming code is visible to everybody.
bool visible(const Cpu* c, std::uint16_t selector, const Descriptor& d) {
    return (d.code() && d.conforming()) || (c->cpl <= d.dpl() && rpl_of(selector) <= d.dpl());
}

}  // namespace

void load_segment(Cpu* c, Seg s, std::uint16_t selector, bool shadow) {
    if (!protected_mode(c))
        replace_segment(c, s, real_mode_segment(segment(c, s), selector));
    else if (v86_mode(c))
        replace_segment(c, s, v86_segment(selector));
    else
        replace_segment(
            c, s, s == Seg::ss ? checked_stack_segment(c, selector) : checked_data_segment(c, selector));
    if (shadow && s == Seg::ss) {
        c->events.mov_ss_shadow = true;  // SDM vol. 3A 6.8.3
        update_attention(c);
    }
}

void load_ldtr(Cpu* c, std::uint16_t selector) {
    if (c->cpl != 0) raise_gp(0);
    if (null_selector(selector)) {
        c->ldtr = null_segment(selector);
        return;
    }
    if ((selector & 4) != 0) raise_gp(selector_error(selector));
    const TableEntry entry = require_descriptor(c, selector);
    if (!entry.d.system(system_type::ldt)) raise_gp(selector_error(selector));
    if (!entry.d.present()) raise(Vector::segment_not_present, selector_error(selector));
    c->ldtr = system_segment(c, selector, entry);
}

void load_task_register(Cpu* c, std::uint16_t selector) {
    if (c->cpl != 0) raise_gp(0);
    if (null_selector(selector)) raise_gp(0);
    if ((selector & 4) != 0) raise_gp(selector_error(selector));
    TableEntry entry = require_descriptor(c, selector);
    const bool tss16 = entry.d.system(system_type::tss16) && !long_mode(c);
    if (!tss16 && !entry.d.system(system_type::tss32)) raise_gp(selector_error(selector));
    if (!entry.d.present()) raise(Vector::segment_not_present, selector_error(selector));
    SegmentRegister tr = system_segment(c, selector, entry);
    set_type_bits(c, entry, system_type::busy);
    tr.attributes = entry.d.attributes();
    c->tr = tr;
}

bool load_access_rights(Cpu* c, std::uint16_t selector, std::uint32_t& rights) {
    TableEntry entry;
    if (null_selector(selector) || !read_descriptor(c, selector, entry)) return false;
    if (!entry.d.code_or_data() && !has_rights(c, entry.d.type())) return false;
    if (!visible(c, selector, entry.d)) return false;
    rights = entry.d.high & 0x00f0ff00;
    return true;
}

bool load_segment_limit(Cpu* c, std::uint16_t selector, std::uint32_t& limit) {
    TableEntry entry;
    if (null_selector(selector) || !read_descriptor(c, selector, entry)) return false;
    if (!entry.d.code_or_data() && (!has_rights(c, entry.d.type()) || is_gate(entry.d.type()))) return false;
    if (!visible(c, selector, entry.d)) return false;
    limit = entry.d.limit();
    return true;
}

bool verify_segment(Cpu* c, std::uint16_t selector, bool write) {
    TableEntry entry;
    if (null_selector(selector) || !read_descriptor(c, selector, entry)) return false;
    if (!entry.d.code_or_data() || !visible(c, selector, entry.d)) return false;
    return write ? entry.d.writable_data() : entry.d.readable();
}

}  // namespace southgate::cpu
