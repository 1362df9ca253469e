// What one port I/O costs on a VMX host: VMCS fields read and written.
//
// KVM reads guest state lazily. After a VM exit nothing is known; the first use of a register costs one
// VMREAD and is free from then on until the next VM entry, a round trip through userspace included
// (arch/x86/kvm, kvm_cache_regs.h; vmx.c, segment cache). Nothing here knows what a policy reads: the
// policies' own accesses drive it (PioContext). docs/pio-completion.md has the table.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace southgate::cpu {

enum class PioAdvance : std::uint8_t;  // cpu_model/pio/policy.h

// VMCS fields (SDM vol. 3C 24.4, 24.9), in the order a report lists them.
enum class VmcsField : std::uint8_t {
    exit_qualification,  // Q
    rflags,              // F
    rip,                 // R
    cs_access_rights,    // A
    cs_base,             // B
    cs_selector,         // S
    instruction_length,  // L; never cached
    interruptibility,    // I; never cached
    cs_limit,
    ss_access_rights,
    rsp,
    other_segment,     // one of the 27 other selectors, bases, limits and access rights; not told apart
    descriptor_table,  // one of GDTR and IDTR base and limit
};
constexpr std::uint32_t vmcs_bit(VmcsField field) { return 1u << static_cast<unsigned>(field); }

// "QFRB": one letter a field; how many have none follows as "+n".
std::string letters(const std::vector<VmcsField>& fields);

// One port I/O.
struct VmcsAccess {
    // VMREADs, by phase. Those of the register ioctls in between are not the policy's.
    std::vector<VmcsField> at_exit, by_ioctls, at_completion;
    unsigned vmwrites = 0;    // rip and interruptibility: the skip's, and KVM_SET_REGS' rip
    unsigned vmcb_loads = 0;  // SVM: nothing is a VMREAD; words of the VMCB looked at instead
    unsigned total() const { return static_cast<unsigned>(at_exit.size() + at_completion.size()); }
    bool operator==(const VmcsAccess&) const = default;
};

// The host.
struct VmcsOptions {
    bool unrestricted_guest =
        true;  // false: real mode runs as virtual-8086, the CS base comes from the selector
    bool cs_ar_precached = false;    // the exit handler has read the CS access rights before
    bool userspace_irqchip = false;  // every exit to userspace reads the interruptibility state
};

// Follows one vCPU (Vcpu::set_vmcs_accounting). Observers that read registers without being part of the story
// pause() it.
class VmcsAccounting {
  public:
    explicit VmcsAccounting(const VmcsOptions& options = {}) : options_(options) {}

    // The latest port I/O; complete after the re-entry.
    const VmcsAccess& last() const { return access_; }

    void pause() { paused_ = true; }
    void resume() { paused_ = false; }

    // --- Called by the engine. `reads` and `writes` are sets of vmcs_bit(). ---
    void pio_exit(PioAdvance advance, std::uint32_t reads, std::uint32_t writes, bool real_mode);
    void pio_entry(PioAdvance advance, std::uint32_t reads, std::uint32_t writes, bool real_mode);
    void get_regs();
    void set_regs();
    void get_sregs();
    void set_sregs();

  private:
    void read(std::vector<VmcsField>& phase, VmcsField field, unsigned times = 1);
    void touch(std::vector<VmcsField>& phase, PioAdvance advance, std::uint32_t reads, std::uint32_t writes,
               bool real_mode);
    void dirty_rip();

    VmcsOptions options_;
    VmcsAccess access_;
    std::uint32_t cached_ = 0;
    bool paused_ = false, pending_ = false, rip_dirty_ = false;
    bool svm_ = false;
};

}  // namespace southgate::cpu
