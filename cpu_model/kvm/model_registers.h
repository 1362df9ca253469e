// MSRs of a KVM vCPU.
#pragma once

#include <cstdint>
#include <string>

#include "cpu_model/kvm/system.h"
#include "cpu_model/state/registers.h"

namespace southgate::cpu::kvm {

// The registers of the contract's MSR group, one by one. What the kernel does not have (machine-check banks without
// KVM_X86_SETUP_MCE, say) is remembered here, so that saving and restoring loses nothing; the guest does not see it.
class ModelRegisters {
  public:
    ModelRegisters(System& system, int vcpu_fd) : system_(system), vcpu_(vcpu_fd) {}

    ModelSpecificRegisters read() const;
    // Writes what differs from the kernel's values.
    void write(const ModelSpecificRegisters& values);

    std::uint64_t tsc() const;
    void set_tsc(std::uint64_t value);

  private:
    bool get(std::uint32_t index, std::uint64_t& value) const;
    bool set(std::uint32_t index, std::uint64_t value);

    System& system_;
    int vcpu_;
    mutable ModelSpecificRegisters kept_;
};

}  // namespace southgate::cpu::kvm
