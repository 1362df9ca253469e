// System management mode: SMI entry and RSM (SDM vol. 3C chapter 30).
#include "cpu_model/interpreter/flags.h"
#include "cpu_model/interpreter/fpu/error.h"
#include "cpu_model/interpreter/system.h"
#include "cpu_model/mmu/access.h"
#include "cpu_model/system/control_registers.h"
#include "cpu_model/system/debug.h"
#include "cpu_model/system/descriptor.h"
#include "cpu_model/system/smm_io.h"
#include "cpu_model/system/smm_state_map.h"

namespace southgate::cpu {
namespace {

constexpr std::uint64_t entry_point = 0x8000;  // from SMBASE

template <class Field>
void visit_map(const Cpu* c, SmmState& state, Field field) {
    if (c->cpuid.model().long_mode())
        visit_smm_map64(state, field);
    else
        visit_smm_map32(state, field);
}

void write_map(Cpu* c, SmmState& state) {
    visit_map(c, state, [c](std::uint32_t offset, unsigned size, const auto& value) {
        write_physical(c, std::uint64_t{c->events.smbase} + offset, value, size);
    });
}

void read_map(Cpu* c, SmmState& state) {
    visit_map(c, state, [c]<class T>(std::uint32_t offset, unsigned size, T& value) {
        value = static_cast<T>(read_physical(c, std::uint64_t{c->events.smbase} + offset, size));
    });
}

SmmState current_state(const Cpu* c) {
    SmmState s;
    for (unsigned i = 0; i < gpr_count; ++i) s.gpr[i] = c->gpr[i];
    s.rip = c->ip;
    s.rflags = get_eflags(c);
    s.cr0 = c->cr0;
    s.cr3 = c->cr3;
    s.cr4 = c->cr4;
    s.efer = c->efer;
    s.dr6 = c->debug.dr6;
    s.dr7 = c->debug.dr7;
    for (unsigned i = 0; i < seg_count; ++i) s.seg[i] = c->seg[i];
    s.ldtr = c->ldtr;
    s.tr = c->tr;
    s.gdtr = c->gdtr;
    s.idtr = c->idtr;
    const IoRestart io = io_before_smi(c);
    s.io_rip = io.rip;
    s.io_rcx = io.rcx;
    s.io_rsi = io.rsi;
    s.io_rdi = io.rdi;
    s.io_trap = io.trap;
    if (c->events.debug_trap_pending) s.pending_debug = c->debug_hits != 0 ? c->debug_hits : dr6::bs;
    s.auto_halt = c->events.activity == ActivityState::halted ? 1 : 0;
    s.was_shutdown = c->events.activity == ActivityState::shutdown ? 1 : 0;
    s.revision = c->cpuid.model().long_mode() ? smm_revision64 : smm_revision32;
    s.smbase = c->events.smbase;
    return s;
}

// Guests may write anything into the map; these bits cannot hold it. Only a 64-bit processor has bases beyond 4 GiB.
SegmentRegister sanitized(const Cpu* c, SegmentRegister s) {
    s.attributes &= 0x1f0ff;
    if (!c->cpuid.model().long_mode()) s.base &= 0xffffffff;
    return s;
}

// SDM vol. 3C 30.12: RSM goes back to the port instruction.
void restart_io(SmmState& s) {
    s.rip = s.io_rip;
    s.gpr[static_cast<unsigned>(Gpr::rcx)] = s.io_rcx;
    s.gpr[static_cast<unsigned>(Gpr::rsi)] = s.io_rsi;
    s.gpr[static_cast<unsigned>(Gpr::rdi)] = s.io_rdi;
}

bool restores_long_mode(const SmmState& s) { return (s.efer & efer::lma) != 0; }

// SDM vol. 3C 30.5: what makes RSM shut the processor down. Long mode must be whole (SDM vol. 3A 9.8.5).
bool valid(const Cpu* c, const SmmState& s) {
    if ((s.cr4 & ~defined_cr4(c)) != 0 || (s.efer & ~defined_efer(c)) != 0) return false;
    const bool paging = (s.cr0 & cr0::pg) != 0;
    if (paging && (s.cr0 & cr0::pe) == 0) return false;
    if (restores_long_mode(s) != (paging && (s.efer & efer::lme) != 0)) return false;
    if (restores_long_mode(s) && (s.cr4 & cr4::pae) == 0) return false;
    if (!restores_long_mode(s) && (s.cr4 & cr4::pcide) != 0) return false;
    return (s.cr0 & cr0::nw) == 0 || (s.cr0 & cr0::cd) != 0;
}

unsigned restored_cpl(const SmmState& s) {
    if ((s.cr0 & cr0::pe) == 0) return 0;
    if ((s.rflags & eflags::vm) != 0 && !restores_long_mode(s)) return 3;
    return s.seg[static_cast<unsigned>(Seg::ss)].attributes >> SegmentRegister::dpl_shift & 3;
}

void restore(Cpu* c, const SmmState& s) {
    for (unsigned i = 0; i < (c->cpuid.model().long_mode() ? gpr_count : 8u); ++i) c->gpr[i] = s.gpr[i];
    c->efer = s.efer;
    c->code_segment = {};
    c->cr0 = (s.cr0 & defined_cr0) | cr0::et;
    c->cr3 = restores_long_mode(s) ? s.cr3 & ~c->cpuid.model().reserved_physical_bits() : s.cr3 & 0xffffffff;
    c->cr4 = s.cr4;
    c->debug.dr6 = dr6::fixed | (s.dr6 & (dr6::b | dr6::bd | dr6::bs | dr6::bt));
    c->debug.dr7 = (s.dr7 & dr7::writable) | dr7::fixed;
    for (unsigned i = 0; i < seg_count; ++i) put_segment(c, static_cast<Seg>(i), sanitized(c, s.seg[i]));
    c->ldtr = sanitized(c, s.ldtr);
    c->tr = sanitized(c, s.tr);
    const bool wide = restores_long_mode(s) && (segment(c, Seg::cs).attributes & SegmentRegister::l) != 0;
    c->ip = wide ? s.rip : static_cast<std::uint32_t>(s.rip);
    c->gdtr = s.gdtr;
    c->idtr = s.idtr;
    // VM can only be set in legacy protected mode.
    const bool vm_possible = (s.cr0 & cr0::pe) != 0 && !restores_long_mode(s);
    const std::uint64_t flags = vm_possible ? s.rflags : s.rflags & ~eflags::vm;
    set_status_flags(c, flags);
    c->eflags = (flags & 0x3f7fd5 & ~eflags::status) | eflags::fixed1;
    c->cpl = restored_cpl(s);
}

}  // namespace

void update_a20(Cpu* c) {
    // A20M# has no effect in SMM (P6 family: SMRAM may lie anywhere).
    const std::uint64_t mask =
        c->a20m_line && !c->events.in_smm ? ~(std::uint64_t{1} << 20) : ~std::uint64_t{0};
    if (mask == c->mmu.a20_mask) return;
    c->mmu.a20_mask = mask;
    flush_tlb(c, false);
}

void enter_smm(Cpu* c) {
    ++c->statistics.smis;
    SmmState state = current_state(c);
    EventState& e = c->events;
    e.smi_pending = false;
    e.in_smm = true;
    e.smm_inside_nmi = e.nmi_blocked;
    e.nmi_blocked = true;
    e.activity = ActivityState::running;
    e.debug_trap_pending = false;  // SMI# comes before it (SDM vol. 3A table 6-2): it waits in the state save map
    c->debug_hits = 0;
    if (c->bus != nullptr) c->bus->smm_changed(true);
    update_a20(c);
    write_map(c, state);

    // SDM vol. 3C table 30-4.
    constexpr std::uint32_t big = 0x8093;
    for (unsigned i = 0; i < seg_count; ++i) put_segment(c, static_cast<Seg>(i), {0, 0xffffffff, big, 0});
    put_segment(c, Seg::cs, {e.smbase, 0xffffffff, big, static_cast<std::uint16_t>(e.smbase >> 4)});
    c->ip = entry_point;
    set_status_flags(c, 0);
    c->eflags = eflags::fixed1;
    c->cr0 &= ~(cr0::pe | cr0::em | cr0::ts | cr0::pg);
    c->cr4 = 0;
    c->efer = 0;
    c->cpl = 0;
    c->debug.dr7 = dr7::fixed;
    flush_tlb(c, false);
    update_mode(c);
    update_attention(c);
}

void resume_from_smm(Cpu* c) {
    if (!c->events.in_smm) raise_ud();
    SmmState state;
    read_map(c, state);
    if (!valid(c, state)) return shut_down(c);
    if ((state.io_restart & 0xff) == 0xff) restart_io(state);

    EventState& e = c->events;
    e.smbase = static_cast<std::uint32_t>(state.smbase);
    e.in_smm = false;
    e.nmi_blocked = e.smm_inside_nmi;
    e.smm_inside_nmi = false;
    if ((state.was_shutdown & 1) != 0)
        e.activity = ActivityState::shutdown;
    else if ((state.auto_halt & 1) != 0)
        e.activity = ActivityState::halted;
    if (c->bus != nullptr) c->bus->smm_changed(false);
    restore(c, state);
    update_a20(c);
    flush_tlb(c, false);
    update_mode(c);
    update_attention(c);
    x87::update_ferr(c);
    const auto debug_hits = static_cast<std::uint32_t>(state.pending_debug & (dr6::b | dr6::bd | dr6::bs | dr6::bt));
    if (debug_hits != 0) note_debug_trap(c, debug_hits);
    if (!pae_paging(c)) return;
    try {
        load_pdptes(c, c->cr3);
    } catch (const GuestFault&) {
        shut_down(c);
    }
}

}  // namespace southgate::cpu
