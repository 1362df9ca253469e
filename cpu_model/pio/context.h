// The vCPU as an exit or a completion sees it: plain state on the engine's side, accessors that remember what
// was touched on the policy's side. On a VMX host each access may be a VMREAD (vmcs_accounting.h); here the
// memory of it is a register the compiler drops when nobody asks.
#pragma once

#include <cstdint>

#include "cpu_model/pio/pending.h"
#include "cpu_model/pio/policy.h"
#include "cpu_model/pio/vmcs_accounting.h"

namespace southgate::cpu {

// The engine fills it from its own state, calls, and takes back `rip`, `rax`, `interrupt_shadow`, `retired`
// and `step_due`.
struct PioState {
    std::uint64_t rip = 0;
    std::uint64_t rax = 0;
    std::uint64_t cs_base = 0;      // the hidden base
    bool code64 = false;            // EFER.LMA and CS.L
    bool long_mode = false;         // EFER.LMA
    bool real_mode = false;         // CR0.PE clear
    bool interrupt_shadow = false;  // blocking by STI or by MOV SS
    std::uint64_t retired = 0;      // instructions retired
    bool step_due = false;  // out: an instruction was stepped over; TF and single-step processing is owed
};

// Linear %rip as the kernel compares it (kvm_get_linear_rip): the CS base does not count in 64-bit code.
inline std::uint64_t linear_rip(const PioState& state) {
    return state.code64 ? state.rip : static_cast<std::uint32_t>(state.cs_base + state.rip);
}

class PioContext {
  public:
    PioContext(PioState& state, PioAdvance advance) : state_(state), advance_(advance) {}

    PioAdvance advance() const { return advance_; }

    std::uint64_t rip() {
        read(VmcsField::rip);
        return state_.rip;
    }
    void set_rip(std::uint64_t rip) {
        writes_ |= vmcs_bit(VmcsField::rip);
        state_.rip = rip;
    }
    // General registers but RSP live in memory on every host.
    std::uint64_t rax() const { return state_.rax; }
    void set_rax(std::uint64_t rax) { state_.rax = rax; }
    std::uint64_t cs_base() {
        read(VmcsField::cs_base);
        return state_.cs_base;
    }
    // EFER.LMA and CS.L: the access rights are looked at only in long mode.
    bool code64() {
        if (state_.long_mode) read(VmcsField::cs_access_rights);
        return state_.code64;
    }
    // rip in 64-bit code, else CS.base + rip cut to 32 bits.
    std::uint64_t linear_rip() {
        if (code64()) return rip();
        return static_cast<std::uint32_t>(cs_base() + rip());
    }
    unsigned instruction_length(const PendingPio& pending) {
        read(VmcsField::instruction_length);
        return pending.length;
    }
    void clear_shadow() {
        read(VmcsField::interruptibility);
        if (state_.interrupt_shadow) writes_ |= vmcs_bit(VmcsField::interruptibility);
        state_.interrupt_shadow = false;
    }
    // One instruction is over; TF and the debugger's step are owed unless `step` is false.
    void count_retired(bool step) {
        read(VmcsField::rflags);
        state_.retired += 1;
        state_.step_due = step;
    }
    // What KVM's emulator looks at before it decodes (init_emulate_ctxt and the fetch): an estimate.
    void read_for_decoding() {
        read(VmcsField::rflags);
        read(VmcsField::rip);
        read(VmcsField::cs_access_rights);
        read(VmcsField::ss_access_rights);
        if (state_.code64) return;
        read(VmcsField::cs_base);
        read(VmcsField::cs_limit);
        read(VmcsField::cs_selector);
    }

    // Sets of vmcs_bit().
    std::uint32_t reads() const { return reads_; }
    std::uint32_t writes() const { return writes_; }

  private:
    void read(VmcsField field) { reads_ |= vmcs_bit(field); }

    PioState& state_;
    PioAdvance advance_;
    std::uint32_t reads_ = 0, writes_ = 0;
};

}  // namespace southgate::cpu
