// The interpreter standing in for the kernel. In SMM always: SMRAM is the platform's to open and close, at the very
// instruction that enters or leaves SMM, and not every KVM has SMM. Outside it for single instructions the kernel
// gave up on.
#include "cpu_model/kvm/helper_bus.h"
#include "cpu_model/kvm/kvm_vcpu.h"

namespace southgate::cpu::kvm {

void KvmVcpu::start_helper() {
    const ArchState s = state();
    auto helper = std::make_unique<Interpreter>(*helper_bus_, config_.model);
    helper->set_memory_map(map_.slots());
    helper->set_a20m(a20_masked_);
    helper->set_msrs(s.msrs);
    helper->set_sregs(s.sregs);
    helper->set_regs(s.regs);
    helper->set_debug_regs(s.debug);
    helper->set_fpu(s.fpu);
    helper->set_events(s.events);
    helper->set_clock(s.tsc);
    helper->set_intr(intr_);
    helper->set_single_step(single_step_);
    helper_ = std::move(helper);
    helper_owes_ = false;
    smi_pending_ = init_pending_ = false;  // the helper's now
}

void KvmVcpu::stop_helper() {
    ArchState s = helper_->state();
    helper_.reset();
    s.tsc = 0;
    ArchState old = state();
    old.tsc = 0;
    write_state(old, s);
}

// nullopt: go on, with the helper or without it.
std::optional<Exit> KvmVcpu::run_helper(bool immediate) {
    const bool smm = helper_->events().in_smm || helper_->events().smi_pending;
    Budget budget{0, true};
    if (!immediate && smm) budget = {limit_ - charged(), false};
    else if (!immediate && !helper_owes_) budget = {1, false};

    helper_bus_->running = helper_.get();
    helper_running_ = true;
    Exit exit = helper_->run(budget);
    helper_running_ = false;
    helper_bus_->running = nullptr;
    helper_retired_ += exit.retired;
    helper_owes_ = exit.reason == ExitReason::pio;
    if (helper_owes_) {
        exit.retired = charged();
        return exit;
    }
    if (!helper_->events().in_smm) stop_helper();
    if (exit.reason == ExitReason::budget_end && !immediate) return std::nullopt;
    exit.retired = charged();
    return exit;
}

}  // namespace southgate::cpu::kvm
