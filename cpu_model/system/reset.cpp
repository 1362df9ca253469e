// RESET#, INIT# and the start-up IPI: the reset tables applied to a processor (SDM vol. 3A 8.4, 9.1).
#include "cpu_model/interpreter/flags.h"
#include "cpu_model/interpreter/fpu/error.h"
#include "cpu_model/interpreter/system.h"
#include "cpu_model/mmu/access.h"
#include "cpu_model/state/reset_tables.h"
#include "cpu_model/system/descriptor.h"

namespace southgate::cpu {
namespace {

// TSC as the guest sees it moves with the platform clock, so a new value is kept as an offset.
void set_tsc(Cpu* c, std::uint64_t value) { c->tsc_offset += value - read_tsc(c); }

void gather(const Cpu* c, ArchState& s) {
    for (unsigned i = 0; i < gpr_count; ++i) s.regs.gpr[i] = c->gpr[i];
    s.regs.rip = c->ip;
    s.regs.rflags = get_eflags(c);
    for (unsigned i = 0; i < seg_count; ++i) s.sregs.seg[i] = c->seg[i];
    s.sregs.ldtr = c->ldtr;
    s.sregs.tr = c->tr;
    s.sregs.gdtr = c->gdtr;
    s.sregs.idtr = c->idtr;
    s.sregs.cr0 = c->cr0;
    s.sregs.cr2 = c->cr2;
    s.sregs.cr3 = c->cr3;
    s.sregs.cr4 = c->cr4;
    s.sregs.efer = c->efer;
    s.sregs.apic_base = c->apic_base;
    s.debug = c->debug;
    s.fpu = c->fpu;
    s.msrs = c->msr;
    s.events = c->events;
    s.tsc = read_tsc(c);
}

void scatter(Cpu* c, const ArchState& s) {
    for (unsigned i = 0; i < gpr_count; ++i) c->gpr[i] = s.regs.gpr[i];
    c->ip = s.regs.rip;
    set_status_flags(c, s.regs.rflags);
    c->eflags = s.regs.rflags & ~eflags::status;
    c->cpl = 0;
    c->ldtr = s.sregs.ldtr;
    c->tr = s.sregs.tr;
    c->gdtr = s.sregs.gdtr;
    c->idtr = s.sregs.idtr;
    c->cr0 = s.sregs.cr0;
    c->cr2 = s.sregs.cr2;
    c->cr3 = s.sregs.cr3;
    c->cr4 = s.sregs.cr4;
    c->efer = s.sregs.efer;
    c->apic_base = s.sregs.apic_base;
    c->debug = s.debug;
    c->fpu = s.fpu;
    c->msr = s.msrs;
    c->events = s.events;
    set_tsc(c, s.tsc);
    for (unsigned i = 0; i < seg_count; ++i) put_segment(c, static_cast<Seg>(i), s.sregs.seg[i]);
}

void apply(Cpu* c, ResetKind kind) {
    const bool was_in_smm = c->events.in_smm;
    const std::uint64_t apic_base = c->apic_base;
    const CpuModel& model = c->cpuid.model();
    // INIT does not repeat the MP protocol: a processor looks at its own BSP flag (SDM vol. 3A 8.4.2).
    constexpr std::uint64_t bsp = 1u << 8;
    const bool bootstrap = kind == ResetKind::init ? (apic_base & bsp) != 0 : model.bootstrap;

    ArchState state;
    gather(c, state);
    apply_reset(state, kind, {model.reset_edx(), bootstrap});
    scatter(c, state);

    c->debug_hits = 0;
    flush_tlb(c, false);
    update_a20(c);
    update_mode(c);
    update_attention(c);
    if (c->bus == nullptr) return;
    if (was_in_smm) c->bus->smm_changed(false);
    if (c->apic_base != apic_base) c->bus->apic_base_written(c->apic_base);
    // INIT keeps the x87 state and clears CR0.NE.
    x87::update_ferr(c);
}

}  // namespace

void take_reset(Cpu* c, bool power_up) {
    ++c->statistics.resets;
    apply(c, power_up ? ResetKind::power_up : ResetKind::reset);
}

void take_init(Cpu* c) {
    if (init_held(c)) {
        c->events.init_pending = true;
        update_attention(c);
        return;
    }
    ++c->statistics.inits;
    apply(c, ResetKind::init);
}

void take_start_up(Cpu* c, std::uint8_t vector) {
    // The INIT before it may not have been looked at yet: both can come between two instructions.
    if (c->events.init_pending && !init_held(c)) take_init(c);
    if (c->events.activity != ActivityState::wait_for_sipi) return;
    SegmentRegister cs = segment(c, Seg::cs);
    cs.selector = static_cast<std::uint16_t>(vector << 8);
    cs.base = std::uint64_t{vector} << 12;
    set_segment(c, Seg::cs, cs);
    c->ip = 0;
    c->events.activity = ActivityState::running;
    update_attention(c);
}

}  // namespace southgate::cpu
