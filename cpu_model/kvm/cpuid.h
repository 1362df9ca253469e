// CPUID of a KVM vCPU.
#pragma once

#include <string>

#include "cpu_model/kvm/system.h"
#include "cpu_model/system/cpuid.h"

namespace southgate::cpu::kvm {

// KVM_SET_CPUID2 with the leaves of `model`, less what the kernel does not support, what belongs to a local APIC in the
// kernel (x2APIC mode, TSC deadline) and what says how fast the time-stamp counter runs: that is the host's. Returns an
// error, or nothing.
std::string set_cpuid(System& system, int device_fd, int vcpu_fd, const CpuModel& model);

}  // namespace southgate::cpu::kvm
