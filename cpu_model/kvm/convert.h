// Between the contract's register groups and the structures of the KVM API (api.rst, sections 4.1 to 4.60).
#pragma once

#include "cpu_model/kvm/abi.h"
#include "cpu_model/state/registers.h"

namespace southgate::cpu::kvm {

kvm_regs to_kvm(const GeneralRegisters& r);
GeneralRegisters from_kvm(const kvm_regs& k);

kvm_segment to_kvm(const SegmentRegister& s);
SegmentRegister from_kvm(const kvm_segment& k);

// interrupt_bitmap stays 0: an interrupt the kernel holds is not touched by setting registers.
kvm_sregs to_kvm(const SpecialRegisters& s);
SpecialRegisters from_kvm(const kvm_sregs& k);

kvm_debugregs to_kvm(const DebugRegisters& d);
DebugRegisters from_kvm(const kvm_debugregs& k);

// The legacy region of struct kvm_xsave (SDM vol. 1 10.5.1, 64-bit format: no selectors of the x87 pointers).
// `area` keeps everything the contract does not know.
void to_xsave(const FpuState& f, abi::Xsave& area);
FpuState from_xsave(const abi::Xsave& area);

// Everything but what the engine itself keeps (activity, SMM, INIT, SIPI).
void to_kvm(const EventState& e, kvm_vcpu_events& events);
EventState from_kvm(const kvm_vcpu_events& events);

}  // namespace southgate::cpu::kvm
