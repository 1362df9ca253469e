// What a local APIC inside the kernel knows that the contract keeps elsewhere: MP_STATE, INIT (api.rst 4.38, 4.39).
#pragma once

#include <cstdint>
#include <string>

#include "cpu_model/kvm/system.h"
#include "cpu_model/state/registers.h"

namespace southgate::cpu::kvm {

class KernelApic {
  public:
    KernelApic(System& system, int vm_fd, int vcpu_fd) : system_(system), vm_(vm_fd), vcpu_(vcpu_fd) {}

    // KVM_CREATE_IRQCHIP; before the vCPU is made. An error, or nothing.
    static std::string create(System& system, int vm_fd);

    // KVM_GET_MP_STATE. The kernel performs a pending INIT or SIPI before it answers.
    std::string read(ActivityState& activity) const;
    // KVM_SET_MP_STATE.
    std::string write(ActivityState activity) const;
    // An INIT arrives at the APIC as a message (KVM_SIGNAL_MSI; SDM vol. 3A 10.11.2).
    std::string send_init() const;

  private:
    System& system_;
    int vm_, vcpu_;
};

}  // namespace southgate::cpu::kvm
