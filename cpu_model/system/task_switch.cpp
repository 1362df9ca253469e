#include "cpu_model/system/task_switch.h"

#include <array>

#include "cpu_model/interpreter/flags.h"
#include "cpu_model/system/code_segment.h"
#include "cpu_model/system/debug.h"

namespace southgate::cpu {
namespace {

// Offsets in a TSS (SDM vol. 3A figures 7-2 and 7-10).
struct TssLayout {
    unsigned width;  // of registers
    std::uint32_t eip, eflags, gprs, segments, ldt;
    unsigned segment_count;
    std::uint32_t minimum_limit, saved_end;
};
constexpr TssLayout layout16{2, 0x0e, 0x10, 0x12, 0x22, 0x2a, 4, 0x2b, 0x2a};
constexpr TssLayout layout32{4, 0x20, 0x24, 0x28, 0x48, 0x60, 6, 0x67, 0x60};
const TssLayout& layout_of(bool is32) { return is32 ? layout32 : layout16; }

// A TSS in memory; addresses wrap at 4 GiB.
class Tss {
  public:
    Tss(Cpu* c, std::uint64_t base, unsigned width) : c_(c), base_(base), width_(width) {}
    std::uint64_t at(std::uint32_t offset) const { return static_cast<std::uint32_t>(base_ + offset); }
    std::uint16_t word(std::uint32_t offset) const { return read_linear<std::uint16_t>(c_, at(offset)); }
    std::uint32_t reg(std::uint32_t offset) const {
        return width_ == 4 ? read_linear<std::uint32_t>(c_, at(offset)) : word(offset);
    }
    void set_word(std::uint32_t offset, std::uint16_t v) const {
        write_linear<std::uint16_t>(c_, at(offset), v);
    }
    void set_reg(std::uint32_t offset, std::uint32_t v) const {
        if (width_ == 4)
            write_linear<std::uint32_t>(c_, at(offset), v);
        else
            set_word(offset, static_cast<std::uint16_t>(v));
    }

  private:
    Cpu* c_;
    std::uint64_t base_;
    unsigned width_;
};

struct TaskState {
    std::uint32_t cr3 = 0, eip = 0, eflags = 0;
    std::array<std::uint32_t, 8> gpr{};
    std::array<std::uint16_t, seg_count> selector{};
    std::uint16_t ldt = 0;
    bool debug_trap = false;
};

void save_task(Cpu* c, const Tss& tss, const TssLayout& l, std::uint32_t eip, std::uint32_t eflags) {
    tss.set_reg(l.eip, eip);
    tss.set_reg(l.eflags, eflags);
    for (unsigned i = 0; i < 8; ++i)
        tss.set_reg(l.gprs + i * l.width, get_reg<std::uint32_t>(c, static_cast<Gpr>(i)));
    // Segment slots are words; the upper half of a 32-bit slot is reserved and stays.
    for (unsigned i = 0; i < l.segment_count; ++i) tss.set_word(l.segments + i * l.width, c->seg[i].selector);
}

TaskState read_task(const Tss& tss, const TssLayout& l) {
    TaskState s;
    if (l.width == 4) {
        s.cr3 = tss.reg(0x1c);
        s.debug_trap = (tss.word(0x64) & 1) != 0;
    }
    s.eip = tss.reg(l.eip);
    s.eflags = tss.reg(l.eflags);
    for (unsigned i = 0; i < 8; ++i) s.gpr[i] = tss.reg(l.gprs + i * l.width);
    for (unsigned i = 0; i < l.segment_count; ++i) s.selector[i] = tss.word(l.segments + i * l.width);
    s.ldt = tss.word(l.ldt);
    return s;
}

void load_task_ldt(Cpu* c, std::uint16_t selector, std::uint32_t ext) {
    c->ldtr = null_segment(selector);
    if (null_selector(selector)) return;
    if ((selector & 4) != 0) raise(Vector::invalid_tss, selector_error(selector, ext));
    const TableEntry entry = require_descriptor(c, selector, Vector::invalid_tss, ext);
    if (!entry.d.system(system_type::ldt) || !entry.d.present())
        raise(Vector::invalid_tss, selector_error(selector, ext));
    c->ldtr = make_segment(selector, entry.d);
}

void load_task_code(Cpu* c, std::uint16_t selector, std::uint32_t ext) {
    const std::uint32_t error = selector_error(selector, ext);
    if (null_selector(selector)) raise(Vector::invalid_tss, error);
    TableEntry entry = require_descriptor(c, selector, Vector::invalid_tss, ext);
    const Descriptor& d = entry.d;
    if (!d.code() || (d.conforming() ? d.dpl() > c->cpl : d.dpl() != c->cpl))
        raise(Vector::invalid_tss, error);
    if (!d.present()) raise(Vector::segment_not_present, error);
    mark_accessed(c, entry);
    set_segment(c, Seg::cs, make_segment(selector, d));
}

void load_task_stack(Cpu* c, std::uint16_t selector, std::uint32_t ext) {
    const std::uint32_t error = selector_error(selector, ext);
    if (null_selector(selector)) raise(Vector::invalid_tss, error);
    TableEntry entry = require_descriptor(c, selector, Vector::invalid_tss, ext);
    if (!entry.d.writable_data() || entry.d.dpl() != c->cpl || rpl_of(selector) != c->cpl)
        raise(Vector::invalid_tss, error);
    if (!entry.d.present()) raise(Vector::stack_fault, error);
    mark_accessed(c, entry);
    set_segment(c, Seg::ss, make_segment(selector, entry.d));
}

void load_task_data(Cpu* c, Seg s, std::uint16_t selector, std::uint32_t ext) {
    if (null_selector(selector)) return;
    const std::uint32_t error = selector_error(selector, ext);
    TableEntry entry = require_descriptor(c, selector, Vector::invalid_tss, ext);
    const Descriptor& d = entry.d;
    if (!d.code_or_data() || !d.readable()) raise(Vector::invalid_tss, error);
    if (!(d.code() && d.conforming()) && (d.dpl() < c->cpl || d.dpl() < rpl_of(selector)))
        raise(Vector::invalid_tss, error);
    if (!d.present()) raise(Vector::segment_not_present, error);
    mark_accessed(c, entry);
    set_segment(c, s, make_segment(selector, d));
}

// Loads the hidden parts; the selectors are in place already, so a fault finds the new task with segments
// that cannot be used (SDM vol. 3A 7.3, table 7-1: order and exceptions of the checks).
void load_task_segments(Cpu* c, const TaskState& next, std::uint32_t ext) {
    load_task_ldt(c, next.ldt, ext);
    if (v86_mode(c)) return;
    const auto selector = [&next](Seg s) { return next.selector[static_cast<unsigned>(s)]; };
    load_task_code(c, selector(Seg::cs), ext);
    load_task_stack(c, selector(Seg::ss), ext);
    for (const Seg s : {Seg::ds, Seg::es, Seg::fs, Seg::gs}) load_task_data(c, s, selector(s), ext);
}

void load_page_directory(Cpu* c, std::uint32_t cr3) {
    if ((c->cr0 & cr0::pg) == 0) return;
    if ((c->cr4 & cr4::pae) != 0) load_pdptes(c, cr3);
    c->cr3 = cr3;
    flush_tlb(c, true);
}

// Registers and selectors without checks: from here on this is the new task.
void load_registers(Cpu* c, const TaskState& next) {
    c->ip = next.eip;
    set_eflags(c, next.eflags);
    for (unsigned i = 0; i < 8; ++i) set_reg<std::uint32_t>(c, static_cast<Gpr>(i), next.gpr[i]);
    c->cpl = v86_mode(c) ? 3 : rpl_of(next.selector[static_cast<unsigned>(Seg::cs)]);
    for (unsigned i = 0; i < seg_count; ++i)
        put_segment(c, static_cast<Seg>(i),
                    v86_mode(c) ? v86_segment(next.selector[i]) : null_segment(next.selector[i]));
    // Breakpoints enabled locally are the old task's (SDM vol. 3B 17.2.4).
    c->debug.dr7 &= ~std::uint64_t{dr7::local_enables | dr7::le};
    update_mode(c);
    update_attention(c);
}

void clear_busy(Cpu* c, std::uint64_t descriptor) {
    const auto type = read_linear<std::uint8_t>(c, descriptor + 5);
    write_linear<std::uint8_t>(c, descriptor + 5, static_cast<std::uint8_t>(type & ~system_type::busy));
}

}  // namespace

void switch_task(Cpu* c, std::uint16_t selector, TableEntry& entry, TaskSwitchSource source,
                 std::uint64_t return_ip, std::uint32_t ext, std::optional<std::uint32_t> error_code) {
    const bool is32 = entry.d.is32();
    const TssLayout& l = layout_of(is32);
    const TssLayout& old_l = layout_of((c->tr.attributes & 8) != 0);
    if (!entry.d.present()) raise(Vector::segment_not_present, selector_error(selector, ext));
    if (entry.d.limit() < l.minimum_limit) raise(Vector::invalid_tss, selector_error(selector, ext));
    if (c->tr.limit < old_l.saved_end - 1) raise(Vector::invalid_tss, selector_error(c->tr.selector, ext));

    const Tss old_tss(c, c->tr.base, old_l.width);
    const Tss new_tss(c, entry.d.base(), l.width);
    const std::uint64_t old_descriptor =
        static_cast<std::uint32_t>(c->gdtr.base + (c->tr.selector & 0xfff8u));
    const bool nested = source == TaskSwitchSource::call;

    // Everything that can page-fault in the old task's context, before anything has changed.
    probe_write(c, old_tss.at(old_l.eip), old_l.saved_end - old_l.eip, Privilege::supervisor);
    if (nested) probe_write(c, new_tss.at(0), 2, Privilege::supervisor);
    probe_write(c, entry.linear + 5, 1, Privilege::supervisor);
    probe_write(c, old_descriptor + 5, 1, Privilege::supervisor);
    auto flags = static_cast<std::uint32_t>(get_eflags(c));
    if (source == TaskSwitchSource::iret) flags &= ~static_cast<std::uint32_t>(eflags::nt);
    save_task(c, old_tss, old_l, static_cast<std::uint32_t>(return_ip), flags);
    TaskState next = read_task(new_tss, l);

    // The commit point.
    if (nested)
        new_tss.set_word(0, c->tr.selector);
    else
        clear_busy(c, old_descriptor);
    if (source != TaskSwitchSource::iret) set_type_bits(c, entry, system_type::busy);
    c->tr = make_segment(selector, entry.d);
    c->cr0 |= cr0::ts;
    next.eflags = (next.eflags & (is32 ? 0x3f7fd5 : 0x7fd5)) | static_cast<std::uint32_t>(eflags::fixed1);
    if (nested) next.eflags |= static_cast<std::uint32_t>(eflags::nt);
    load_registers(c, next);
    try {
        if (is32) load_page_directory(c, next.cr3);
        load_task_segments(c, next, ext);
        if (next.eip > segment(c, Seg::cs).limit) raise_gp(ext);
        if (error_code) {
            Stack stack = Stack::current(c, ext);
            stack.push(*error_code, l.width);
            stack.commit();
        }
    } catch (GuestFault& fault) {
        fault.in_new_task = true;
        throw;
    }
    if (next.debug_trap) note_debug_trap(c, dr6::bt);
}

TableEntry task_gate_target(Cpu* c, const Descriptor& gate, std::uint32_t ext) {
    const std::uint16_t selector = gate.gate_selector();
    const std::uint32_t error = selector_error(selector, ext);
    if (null_selector(selector) || (selector & 4) != 0) raise_gp(error);
    const TableEntry entry = require_descriptor(c, selector, Vector::general_protection, ext);
    if (!entry.d.system(system_type::tss16) && !entry.d.system(system_type::tss32)) raise_gp(error);
    if (!entry.d.present()) raise(Vector::segment_not_present, error);
    return entry;
}

void return_to_previous_task(Cpu* c, std::uint64_t return_ip) {
    const auto selector = read_linear<std::uint16_t>(c, static_cast<std::uint32_t>(c->tr.base));
    const std::uint32_t error = selector_error(selector);
    if (null_selector(selector) || (selector & 4) != 0) raise(Vector::invalid_tss, error);
    TableEntry entry = require_descriptor(c, selector, Vector::invalid_tss);
    if (!entry.d.system(system_type::busy_tss16) && !entry.d.system(system_type::busy_tss32))
        raise(Vector::invalid_tss, error);
    switch_task(c, selector, entry, TaskSwitchSource::iret, return_ip);
}

}  // namespace southgate::cpu
