#include "cpu_model/kvm/kernel_apic.h"

#include <linux/kvm.h>

#include <cstring>

namespace southgate::cpu::kvm {
namespace {

std::string error_of(const char* name, int result) {
    return result < 0 ? std::string(name) + ": " + std::strerror(-result) : std::string();
}

}  // namespace

std::string KernelApic::create(System& system, int vm_fd) {
    return error_of("KVM_CREATE_IRQCHIP", system.ioctl(vm_fd, KVM_CREATE_IRQCHIP, 0));
}

std::string KernelApic::read(ActivityState& activity) const {
    kvm_mp_state state{};
    const int result = control(system_, vcpu_, KVM_GET_MP_STATE, &state);
    switch (state.mp_state) {
        case KVM_MP_STATE_UNINITIALIZED: activity = ActivityState::uninitialized; break;
        case KVM_MP_STATE_INIT_RECEIVED: activity = ActivityState::wait_for_sipi; break;
        case KVM_MP_STATE_SIPI_RECEIVED: activity = ActivityState::sipi_received; break;
        case KVM_MP_STATE_HALTED: activity = ActivityState::halted; break;
        default: activity = ActivityState::running;
    }
    return error_of("KVM_GET_MP_STATE", result);
}

std::string KernelApic::write(ActivityState activity) const {
    kvm_mp_state state{};
    switch (activity) {
        case ActivityState::uninitialized: state.mp_state = KVM_MP_STATE_UNINITIALIZED; break;
        case ActivityState::wait_for_sipi: state.mp_state = KVM_MP_STATE_INIT_RECEIVED; break;
        case ActivityState::sipi_received: state.mp_state = KVM_MP_STATE_SIPI_RECEIVED; break;
        case ActivityState::halted: state.mp_state = KVM_MP_STATE_HALTED; break;
        default: state.mp_state = KVM_MP_STATE_RUNNABLE;
    }
    return error_of("KVM_SET_MP_STATE", control(system_, vcpu_, KVM_SET_MP_STATE, &state));
}

std::string KernelApic::send_init() const {
    constexpr unsigned init = 5u << 8, assert_level = 1u << 14, every_processor = 0xffu << 12;
    kvm_msi message{};
    message.address_lo = 0xfee00000 | every_processor;
    message.data = init | assert_level;
    return error_of("KVM_SIGNAL_MSI", control(system_, vm_, KVM_SIGNAL_MSI, &message));
}

}  // namespace southgate::cpu::kvm
