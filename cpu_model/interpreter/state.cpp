// Derived state: segment limits, mode, attention.
#include <limits>

#include "cpu_model/interpreter/control.h"
#include "cpu_model/interpreter/cpu.h"
#include "cpu_model/interpreter/flags.h"
#include "cpu_model/interpreter/system.h"
#include "cpu_model/mmu/access.h"

namespace southgate::cpu {
namespace {

using SR = SegmentRegister;

// 64-bit mode has no limits and rights, nor bases but FS and GS: what asks for others is left to the slow path.
constexpr std::int64_t no_fast_path = std::numeric_limits<std::int64_t>::min();

void derive_limits(const Cpu* c, Segment& s) {
    const bool checked = !real_style_segments(c);
    const bool code = s.attributes & SR::code;
    const bool rw = s.attributes & SR::writable;
    const bool down = !code && (s.attributes & SR::expand_down);
    const auto limit = static_cast<std::int64_t>(s.limit);
    const bool unusable = checked && (s.attributes & SR::unusable);
    s.read_end = down || unusable || (checked && code && !rw) ? 0 : limit + 1;
    s.write_end = down || unusable || (checked && (code || !rw)) ? 0 : limit + 1;
}

// Points Cpu::tlb here to send every access through the slow path.
constexpr std::array<TlbEntry, tlb_size> nothing_cached{};

constexpr std::int64_t four_gib = std::int64_t{1} << 32;
bool whole(const Segment& s) { return s.base == 0 && s.read_end == four_gib; }

// Mode bits of everything but 64-bit mode.
std::uint32_t legacy_mode(Cpu* c) {
    for (Segment& s : c->seg) derive_limits(c, s);
    const Segment& cs = segment(c, Seg::cs);
    const Segment& ss = segment(c, Seg::ss);
    const Segment& ds = segment(c, Seg::ds);
    const Segment& es = segment(c, Seg::es);
    std::uint32_t m = 0;
    if (cs.attributes & SR::db) m |= mode::code32;
    if (ss.attributes & SR::db) m |= mode::stack32;
    if ((m & mode::code32) && (m & mode::stack32) && whole(cs) && whole(ss) && whole(ds) && whole(es) &&
        ss.write_end == four_gib && ds.write_end == four_gib && es.write_end == four_gib)
        m |= mode::flat;
    return m;
}

}  // namespace

void update_mode(Cpu* c) {
    std::uint32_t m;
    if (long_mode(c) && (segment(c, Seg::cs).attributes & SR::l)) {
        m = mode::code64;
        for (Segment& s : c->seg) s.read_end = s.write_end = no_fast_path;
        for (const Seg s : {Seg::fs, Seg::gs})
            segment(c, s).read_end = segment(c, s).write_end = std::numeric_limits<std::int64_t>::max();
    } else {
        m = legacy_mode(c);
    }
    if (c->cpl == 3) m |= mode::user;
    c->mode = m;
    c->linear_mask = (m & mode::code64) ? ~std::uint64_t{0} : 0xffffffff;
    update_mode_tag(c);
    select_tlb(c);
}

void select_tlb(Cpu* c) {
    // SDM vol. 3A 6.15, #AC.
    c->check_alignment = c->cpl == 3 && (c->cr0 & cr0::am) && (c->eflags & eflags::ac);
    c->tlb = c->check_alignment ? nothing_cached.data() : &data_entry(c, current_privilege(c), 0);
}

void set_segment(Cpu* c, Seg s, const SegmentRegister& value) {
    static_cast<SegmentRegister&>(segment(c, s)) = value;
    update_mode(c);
}

void set_cpl(Cpu* c, unsigned cpl) {
    c->cpl = cpl;
    update_mode(c);
}

void update_attention(Cpu* c) {
    const EventState& e = c->events;
    std::uint32_t a = 0;
    if (e.interrupt_queued || (c->intr_line && (c->eflags & eflags::if_))) a |= attention::intr;
    if (e.nmi_pending && !e.nmi_blocked) a |= attention::nmi;
    if (e.smi_pending && !e.in_smm) a |= attention::smi;
    if ((e.init_pending && !init_held(c)) || c->reset_pending) a |= attention::init;
    if (e.sti_shadow || e.mov_ss_shadow) a |= attention::shadow;
    if (e.debug_trap_pending) a |= attention::debug_trap;
    if ((c->eflags & (eflags::tf | eflags::rf)) || c->single_step || execution_breakpoints_enabled(c) ||
        (c->eflags & (eflags::vif | eflags::vip)) == (eflags::vif | eflags::vip))
        a |= attention::step;
    if (c->exit_pending) a |= attention::exit;
    if (e.activity != ActivityState::running) a |= attention::inactive;
    c->attention = a;
    if (a) request_attention(c, a);
}

void set_eflags(Cpu* c, std::uint64_t value) {
    const bool mode_changed = ((c->eflags ^ value) & (eflags::vm | eflags::ac)) != 0;
    set_status_flags(c, value);
    c->eflags = (value & ~eflags::status & 0x3fffff & ~std::uint64_t{0x8028}) | eflags::fixed1;
    if (mode_changed) update_mode(c);
    // Without attention before, only these can ask for it now.
    const bool interruptible = c->intr_line && (value & eflags::if_);
    if (c->attention != 0 || interruptible || (value & (eflags::tf | eflags::rf | eflags::vip))) update_attention(c);
}

std::uint64_t retired_in_run(const Cpu* c) {
    std::int64_t done = c->budget - c->left - c->stash;
    if (c->block) done -= static_cast<std::int64_t>(c->block->count) - c->cur->number;
    return static_cast<std::uint64_t>(done);
}

std::uint64_t read_tsc(const Cpu* c) {
    return c->tsc_clock + c->tsc_offset + retired_in_run(c) * c->ticks_per_instruction;
}

}  // namespace southgate::cpu
