// What RESET#, INIT#, power and the start-up IPI do to the CPU module.
#include "platform/cpu_module.h"
#include "platform/events/stream.h"

namespace southgate::platform {

void CpuModule::start(CpuReset kind) {
    starting_ = kind;
    start_pending_ = true;
    start_charged_ = false;
    waiting_for_ = 0;
    if (events_) events_->cpu_activity(CpuActivity::reset, vcpu_->linear_rip());
}

void CpuModule::init_changed(bool asserted) {
    if (!asserted) return;
    if (where_ == Where::transaction) {
        // The platform holds the CPU in the exit of its own port I/O: INIT acts now, the completion comes
        // later. The registers are then of the platform's writing (KVM_SET_REGS), which some policies ask for.
        if (vcpu_->take_init_now()) {
            vcpu_->set_regs(vcpu_->regs());
            start(CpuReset::init);
        } else {
            init_blocked_ = true;
        }
    } else {
        init_latched_ = true;
        sipi_.reset();
    }
    wake(wake_init);
}

void CpuModule::take_latched_init() {
    init_latched_ = false;
    complete_pending();
    if (vcpu_->take_init_now())
        start(CpuReset::init);
    else
        init_blocked_ = true;
}

bool CpuModule::waits_for_start_up() const {
    return vcpu_->events().activity == cpu::ActivityState::wait_for_sipi;
}

void CpuModule::start_up(std::uint8_t vector) {
    if (reset_wanted_) return;
    if (where_ == Where::transaction && start_pending_ && waits_for_start_up()) {
        // As the INIT before it in the same port I/O.
        vcpu_->start_up(vector);
        starting_ = CpuReset::start_up;
    } else if (unsettled() && !sipi_) {
        // Behind an INIT that is still to be taken.
        sipi_ = vector;
    } else if (waits_for_start_up()) {
        vcpu_->start_up(vector);
        starting_ = CpuReset::start_up;
        start_pending_ = start_charged_ = true;
    }
    wake(wake_sipi);
}

void CpuModule::cpurst_changed(bool asserted) {
    if (asserted && !reset_wanted_) {
        reset_wanted_ = true;
        reset_in_transaction_ = where_ == Where::transaction;
    }
    wake(wake_reset);
}

void CpuModule::power_changed(bool good) {
    power_lost_ = !good;
    if (!good) power_up_ = true;
    cpurst_changed(!good);
}

void CpuModule::hold() {
    held_ = true;
    reset_in_transaction_ = true;
    sipi_.reset();
    drive_ferr(false);
    if (events_) events_->cpu_activity(CpuActivity::held, vcpu_->linear_rip());
}

void CpuModule::leave_reset() {
    // All CPUs start their time-stamp counters from this moment.
    vcpu_->set_clock(tsc_clock_.ticks(now_));
    vcpu_->reset(power_up_);
    start(power_up_ ? CpuReset::power_on : CpuReset::reset);
    power_up_ = reset_wanted_ = reset_in_transaction_ = false;
    init_latched_ = init_blocked_ = false;  // RESET# wins over INIT# (SDM vol. 3A 9.1)
}

}  // namespace southgate::platform
