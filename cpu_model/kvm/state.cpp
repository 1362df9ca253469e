// State of a KVM vCPU by the KVM_GET/SET ioctls.
#include "cpu_model/kvm/convert.h"
#include "cpu_model/kvm/kvm_call.h"
#include "cpu_model/kvm/kvm_vcpu.h"

namespace southgate::cpu::kvm {

GeneralRegisters KvmVcpu::regs() const {
    if (helper_) return helper_->regs();
    if (!regs_) {
        regs_.emplace();
        call(KVM_GET_REGS, "KVM_GET_REGS", &*regs_);
    }
    return from_kvm(*regs_);
}

void KvmVcpu::set_regs(const GeneralRegisters& r) {
    if (helper_) return helper_->set_regs(r);
    flags_known_ = false;
    // The guest is given another instruction than the one the kernel gave up on.
    if (gave_up_) {
        gave_up_ = false;
        error_.clear();
    }
    kvm_regs k = to_kvm(r);
    if (through_sync_) {
        run_->s.regs.regs = k;
        run_->kvm_dirty_regs |= KVM_SYNC_X86_REGS;
        regs_ = k;
    } else {
        call(KVM_SET_REGS, "KVM_SET_REGS", &k);
        regs_.reset();
    }
}

SpecialRegisters KvmVcpu::sregs() const {
    if (helper_) return helper_->sregs();
    if (!sregs_) {
        sregs_.emplace();
        call(KVM_GET_SREGS, "KVM_GET_SREGS", &*sregs_);
    }
    SpecialRegisters s = from_kvm(*sregs_);
    s.cr8 = 0;  // the platform's (Bus::read_cr8)
    return s;
}

void KvmVcpu::set_sregs(const SpecialRegisters& s) {
    if (helper_) return helper_->set_sregs(s);
    flags_known_ = false;
    kvm_sregs k = to_kvm(s);
    k.cr8 = bus_.read_cr8() & 15;
    if (through_sync_) {
        run_->s.regs.sregs = k;
        run_->kvm_dirty_regs |= KVM_SYNC_X86_SREGS;
        sregs_ = k;
    } else {
        call(KVM_SET_SREGS, "KVM_SET_SREGS", &k);
        sregs_.reset();
    }
    apic_base_ = s.apic_base;
}

bool KvmVcpu::write_through_sync_regs(bool on) {
    constexpr unsigned needed = KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS;
    if ((sync_fields_ & needed) != needed) return false;
    through_sync_ = on;
    return true;
}

DebugRegisters KvmVcpu::debug_regs() const {
    if (helper_) return helper_->debug_regs();
    kvm_debugregs k{};
    call(KVM_GET_DEBUGREGS, "KVM_GET_DEBUGREGS", &k);
    return from_kvm(k);
}

void KvmVcpu::set_debug_regs(const DebugRegisters& d) {
    if (helper_) return helper_->set_debug_regs(d);
    kvm_debugregs k = to_kvm(d);
    call(KVM_SET_DEBUGREGS, "KVM_SET_DEBUGREGS", &k);
}

FpuState KvmVcpu::fpu() const {
    if (helper_) return helper_->fpu();
    abi::Xsave area{};
    call(abi::get_xsave, "KVM_GET_XSAVE", &area);
    FpuState f = from_xsave(area);
    if (kvm_xcrs xcrs{}; has_xcrs_ && call(KVM_GET_XCRS, "KVM_GET_XCRS", &xcrs))
        for (unsigned i = 0; i < xcrs.nr_xcrs; ++i)
            if (xcrs.xcrs[i].xcr == 0) f.xcr0 = xcrs.xcrs[i].value;
    f.cs = fpu_cs_;
    f.ds = fpu_ds_;
    return f;
}

void KvmVcpu::set_fpu(const FpuState& f) {
    if (helper_) return helper_->set_fpu(f);
    abi::Xsave area{};
    if (!call(abi::get_xsave, "KVM_GET_XSAVE", &area)) return;
    to_xsave(f, area);
    call(abi::set_xsave, "KVM_SET_XSAVE", &area);
    if (has_xcrs_) {
        kvm_xcrs xcrs{};
        xcrs.nr_xcrs = 1;
        xcrs.xcrs[0].value = f.xcr0;
        call(KVM_SET_XCRS, "KVM_SET_XCRS", &xcrs);
    }
    fpu_cs_ = f.cs;
    fpu_ds_ = f.ds;
}

ModelSpecificRegisters KvmVcpu::msrs() const { return helper_ ? helper_->msrs() : model_registers_->read(); }

void KvmVcpu::set_msrs(const ModelSpecificRegisters& m) {
    if (helper_) return helper_->set_msrs(m);
    model_registers_->write(m);
}

kvm_vcpu_events KvmVcpu::kernel_events() const {
    kvm_vcpu_events k{};
    call(KVM_GET_VCPU_EVENTS, "KVM_GET_VCPU_EVENTS", &k);
    return k;
}

EventState KvmVcpu::events() const {
    if (helper_) return helper_->events();
    EventState e = from_kvm(kernel_events());
    e.activity = activity_;
    e.sipi_vector = sipi_vector_;
    e.smi_pending = smi_pending_;
    e.init_pending = init_pending_;
    e.smbase = smbase_;
    return e;
}

void KvmVcpu::set_events(const EventState& e) {
    if (helper_) return helper_->set_events(e);
    write_events(e);
    // Inside SMM the interpreter works; it finds the state saved at SMBASE when the guest returns.
    if (e.in_smm) {
        start_helper();
        helper_->set_events(e);
    }
}

void KvmVcpu::write_events(const EventState& e) {
    kvm_vcpu_events k = kernel_events();
    to_kvm(e, k);
    if (kernel_apic_) {
        k.flags |= KVM_VCPUEVENT_VALID_SIPI_VECTOR;
        k.sipi_vector = e.sipi_vector;
    }
    call(KVM_SET_VCPU_EVENTS, "KVM_SET_VCPU_EVENTS", &k);
    if (kernel_apic_ && e.activity != activity_)
        if (const std::string error = kernel_apic_->write(e.activity); !error.empty()) fail("%s", error.c_str());
    queued_ = e.interrupt_queued;
    flags_known_ = false;
    sipi_vector_ = e.sipi_vector;
    activity_ = e.activity;
    smi_pending_ = e.smi_pending;
    init_pending_ = e.init_pending;
    smbase_ = e.smbase;
}

std::uint64_t KvmVcpu::linear_rip() const {
    if (helper_) return helper_->linear_rip();
    constexpr std::uint64_t lma = 1u << 10;
    const SpecialRegisters s = sregs();
    const SegmentRegister& cs = s.seg[static_cast<unsigned>(Seg::cs)];
    const std::uint64_t rip = regs().rip;
    if ((s.efer & lma) && (cs.attributes & SegmentRegister::l)) return rip;
    return static_cast<std::uint32_t>(cs.base + rip);
}

std::uint64_t KvmVcpu::tsc() const { return helper_ ? helper_->tsc() : model_registers_->tsc(); }

// The kernel's time-stamp counter runs by itself, in the host's time.
void KvmVcpu::set_clock(std::uint64_t) {}
void KvmVcpu::set_ticks_per_instruction(std::uint32_t) {}

void KvmVcpu::set_single_step(bool on) {
    single_step_ = on;
    if (helper_) helper_->set_single_step(on);
    kvm_guest_debug debug{};
    if (on) debug.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP;
    call(KVM_SET_GUEST_DEBUG, "KVM_SET_GUEST_DEBUG", &debug);
}

void KvmVcpu::set_pio_policy(PioPolicyKind, bool) {}
void KvmVcpu::set_pio_observer(PioObserver* observer) { observer_ = observer; }

CpuStatistics KvmVcpu::statistics() const { return statistics_; }

}  // namespace southgate::cpu::kvm
