// State, memory and lines of the contract. run() is in run.cpp.
#include "cpu_model/interpreter/interpreter.h"

#include <algorithm>
#include <utility>

#include "cpu_model/interpreter/flags.h"
#include "cpu_model/interpreter/fpu/error.h"
#include "cpu_model/interpreter/simd/state.h"
#include "cpu_model/interpreter/system.h"
#include "cpu_model/mmu/fill.h"

namespace southgate::cpu {

Interpreter::Interpreter(Bus& bus) : Interpreter(bus, CpuModel{}) {}

Interpreter::Interpreter(Bus& bus, const CpuModel& model, CodeSharing* sharing) {
    c_.cpuid = CpuidTable(model);
    c_.code = &code_;
    const CpuModel& known = c_.cpuid.model();
    code_.set_features(known.features, known.features_ecx, known.features7_ebx);
    c_.random = known.random_seed + std::uint64_t{known.apic_id} * 0x9e3779b97f4a7c15;
    c_.mmu.physical_mask = ~model.reserved_physical_bits();
    update_mode(&c_);
    take_reset(&c_, true);
    c_.bus = &bus;  // after the reset: the platform behind it may still be under construction
    c_.statistics = {};
    if (sharing) {
        c_.sharing = sharing;
        c_.sharing_member = sharing->join(*this);
    }
}

Interpreter::~Interpreter() {
    if (c_.sharing) c_.sharing->leave(c_.sharing_member);
}

std::unique_ptr<Vcpu> make_interpreter(Bus& bus, const CpuModel& model, CodeSharing* sharing) {
    return std::make_unique<Interpreter>(bus, model, sharing);
}

GeneralRegisters Interpreter::regs() const {
    GeneralRegisters r;
    std::copy_n(c_.gpr.begin(), gpr_count, r.gpr.begin());
    r.rip = c_.ip;
    r.rflags = get_eflags(&c_);
    if (VmcsAccounting* a = c_.pio.accounting()) a->get_regs();
    return r;
}

void Interpreter::set_regs(const GeneralRegisters& r) {
    std::copy_n(r.gpr.begin(), gpr_count, c_.gpr.begin());
    c_.ip = r.rip;
    set_eflags(&c_, r.rflags);
    c_.pio.note_regs_written();
    // KVM_SET_REGS clears exception.pending, which is where a skip queues the #DB of TF.
    if (c_.events.debug_trap_pending) {
        c_.events.debug_trap_pending = false;
        c_.debug_hits = 0;
        update_attention(&c_);
    }
    if (VmcsAccounting* a = c_.pio.accounting()) a->set_regs();
}

SpecialRegisters Interpreter::sregs() const {
    SpecialRegisters s;
    std::copy(c_.seg.begin(), c_.seg.end(), s.seg.begin());
    s.ldtr = c_.ldtr;
    s.tr = c_.tr;
    s.gdtr = c_.gdtr;
    s.idtr = c_.idtr;
    s.cr0 = c_.cr0;
    s.cr2 = c_.cr2;
    s.cr3 = c_.cr3;
    s.cr4 = c_.cr4;
    s.cr8 = c_.bus->read_cr8() & 0xf;
    s.efer = c_.efer;
    s.apic_base = c_.apic_base;
    if (VmcsAccounting* a = c_.pio.accounting()) a->get_sregs();
    return s;
}

void Interpreter::set_sregs(const SpecialRegisters& s) {
    for (unsigned n = 0; n < seg_count; n++) static_cast<SegmentRegister&>(c_.seg[n]) = s.seg[n];
    c_.ldtr = s.ldtr;
    c_.tr = s.tr;
    c_.gdtr = s.gdtr;
    c_.idtr = s.idtr;
    const bool translations = c_.cr0 != s.cr0 || c_.cr3 != s.cr3 || c_.cr4 != s.cr4 || c_.efer != s.efer;
    c_.cr0 = s.cr0;
    c_.cr2 = s.cr2;
    c_.cr3 = s.cr3;
    c_.cr4 = s.cr4;
    c_.efer = s.efer;
    c_.apic_base = s.apic_base;
    if (s.cr8 != (c_.bus->read_cr8() & 0xfu)) c_.bus->write_cr8(static_cast<std::uint8_t>(s.cr8 & 0xf));
    // CPL is that of SS, as in a VMCS (SDM vol. 3C 26.3.1.2); real mode runs at 0, V86 at 3.
    if (!protected_mode(&c_)) c_.cpl = 0;
    else if (v86_mode(&c_)) c_.cpl = 3;
    else c_.cpl = (segment(&c_, Seg::ss).attributes >> SegmentRegister::dpl_shift) & 3;
    c_.code_segment = {};  // what it remembers was checked in the old mode
    if (pae_paging(&c_) && translations) {
        try {
            load_pdptes(&c_, c_.cr3);
        } catch (const GuestFault&) {
            c_.pdpte = {};  // reserved bits: every walk then ends in #PF
        }
    }
    if (translations) flush_tlb(&c_, false);
    update_mode(&c_);
    update_attention(&c_);
    x87::update_ferr(&c_);
    if (VmcsAccounting* a = c_.pio.accounting()) a->set_sregs();
}

DebugRegisters Interpreter::debug_regs() const { return c_.debug; }
void Interpreter::set_debug_regs(const DebugRegisters& d) {
    c_.debug = d;
    flush_tlb(&c_, false);
    update_attention(&c_);
}

FpuState Interpreter::fpu() const { return c_.fpu; }
void Interpreter::set_fpu(const FpuState& f) {
    c_.fpu = f;
    c_.fpu.mxcsr &= simd::mxcsr_mask;
    x87::update_ferr(&c_);
}
ModelSpecificRegisters Interpreter::msrs() const { return c_.msr; }
void Interpreter::set_msrs(const ModelSpecificRegisters& m) { c_.msr = m; }

EventState Interpreter::events() const { return c_.events; }
void Interpreter::set_events(const EventState& e) {
    const bool smm_changed = c_.events.in_smm != e.in_smm;
    c_.events = e;
    if (smm_changed) {
        update_a20(&c_);
        c_.bus->smm_changed(e.in_smm);
    }
    update_attention(&c_);
}

std::uint64_t Interpreter::linear_rip() const {
    if (c_.mode & mode::code64) return c_.ip;
    return static_cast<std::uint32_t>(segment(&c_, Seg::cs).base + c_.ip);
}

std::uint64_t Interpreter::tsc() const { return read_tsc(&c_); }
void Interpreter::set_clock(std::uint64_t ticks) {
    // Inside run() the instructions retired so far are added again by read_tsc().
    c_.tsc_clock = ticks - southgate::cpu::retired_in_run(&c_) * c_.ticks_per_instruction;
}
void Interpreter::set_ticks_per_instruction(std::uint32_t ticks) { c_.ticks_per_instruction = ticks; }

void Interpreter::set_memory_map(std::span<const MemorySlot> slots) {
    c_.memory.assign(slots);
    flush_tlb(&c_, false);
    code_.keep_only(&c_, slots);
    // A block being executed may lie in a page that is gone: leave it after this instruction.
    if (c_.block) request_attention(&c_, 0);
}

void Interpreter::memory_written(const std::uint8_t* host, std::size_t size) {
    const auto begin = reinterpret_cast<std::uintptr_t>(host);
    const std::uintptr_t end = begin + size;
    for (std::uintptr_t at = begin; at < end;) {
        const std::uintptr_t page = at & page_mask;
        const std::uintptr_t stop = std::min<std::uintptr_t>(end, page + page_size);
        if (CodePage* code = code_.find_page(reinterpret_cast<const std::uint8_t*>(page)))
            code_.written(&c_, code, static_cast<unsigned>(at - page), static_cast<unsigned>(stop - at));
        at = stop;
    }
}

void Interpreter::watch(const std::uint8_t* host_page) { watch_code(&c_, host_page); }

void Interpreter::set_intr(bool level) {
    if (c_.intr_line == level) return;
    c_.intr_line = level;
    update_attention(&c_);
}
void Interpreter::pulse_nmi() {
    c_.events.nmi_pending = true;
    update_attention(&c_);
}
void Interpreter::pulse_smi() {
    c_.events.smi_pending = true;
    update_attention(&c_);
}
void Interpreter::pulse_init() {
    c_.events.init_pending = true;
    update_attention(&c_);
}

void Interpreter::reset(bool power_up) {
    if (running_) {
        c_.reset_pending = true;
        c_.reset_power_up = power_up;
        update_attention(&c_);
        return;
    }
    take_reset(&c_, power_up);
    c_.pio.note_regs_written();
}

bool Interpreter::take_init_now() {
    if (running_ || init_held(&c_)) {
        pulse_init();
        return false;
    }
    take_init(&c_);
    c_.pio.note_init();
    return true;
}

void Interpreter::set_a20m(bool masked) {
    if (c_.a20m_line == masked) return;
    c_.a20m_line = masked;
    update_a20(&c_);
    if (c_.block) request_attention(&c_, 0);
}

void Interpreter::start_up(std::uint8_t vector) { take_start_up(&c_, vector); }

void Interpreter::set_single_step(bool on) {
    c_.single_step = on;
    update_attention(&c_);
}
void Interpreter::set_pause_exits(bool on) { c_.pause_exits = on; }
void Interpreter::set_pio_policy(PioPolicyKind kind, bool quirk_out_7e) { c_.pio.set_policy(kind, quirk_out_7e); }
void Interpreter::set_pio_observer(PioObserver* observer) { c_.pio.set_observer(observer); }
void Interpreter::use_pio_policy(std::shared_ptr<const CompletionPolicy> policy) {
    c_.pio.use_policy(std::move(policy));
}
void Interpreter::set_pio_advance(PioAdvance advance) { c_.pio.set_advance(advance); }
void Interpreter::set_string_rules(StringRules rules) { c_.pio.set_string_rules(rules); }
void Interpreter::use_string_rules(std::shared_ptr<const StringIoRules> rules) {
    c_.pio.use_string_rules(std::move(rules));
}
void Interpreter::set_vmcs_accounting(VmcsAccounting* accounting) { c_.pio.set_accounting(accounting); }
CpuStatistics Interpreter::statistics() const { return c_.statistics; }

}  // namespace southgate::cpu
