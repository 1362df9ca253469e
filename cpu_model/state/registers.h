// Architectural register state of one x86 logical processor, as the vCPU contract exchanges it.
//
// The grouping is that of the KVM API (struct kvm_regs, kvm_sregs, kvm_debugregs, kvm_fpu,
// kvm_vcpu_events, kvm_mp_state), because the completion rules of port I/O speak about these groups:
// writing the general registers writes %rip, writing the special registers does not.
#pragma once

#include <array>
#include <cstdint>

namespace southgate::cpu {

// Encoding order of the general registers (SDM vol. 2A, table 2-1 and REX.B/R/X extension).
enum class Gpr : std::uint8_t { rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15 };
inline constexpr unsigned gpr_count = 16;

// Encoding order of the segment registers (SDM vol. 2, Sreg field).
enum class Seg : std::uint8_t { es, cs, ss, ds, fs, gs };
inline constexpr unsigned seg_count = 6;

// KVM_GET_REGS / KVM_SET_REGS. Setting this group counts as a write of %rip and drops a #DB trap that waits.
struct GeneralRegisters {
    std::array<std::uint64_t, gpr_count> gpr{};  // indexed by Gpr
    std::uint64_t rip = 0;
    std::uint64_t rflags = 2;
    bool operator==(const GeneralRegisters&) const = default;
};

// A segment register with its hidden part (SDM vol. 3A 3.4.3).
struct SegmentRegister {
    // Bits of `attributes`, the layout of VMCS access rights (SDM vol. 3C 24.4.1).
    static constexpr std::uint32_t type_mask = 0xf;
    static constexpr std::uint32_t accessed = 1u << 0;    // for code and data segments
    static constexpr std::uint32_t writable = 1u << 1;    // data; readable for code
    static constexpr std::uint32_t expand_down = 1u << 2; // data; conforming for code
    static constexpr std::uint32_t code = 1u << 3;
    static constexpr std::uint32_t s = 1u << 4;           // 1 = code or data, 0 = system
    static constexpr unsigned dpl_shift = 5;
    static constexpr std::uint32_t present = 1u << 7;
    static constexpr std::uint32_t l = 1u << 13;          // 64-bit code
    static constexpr std::uint32_t db = 1u << 14;         // default size / big
    static constexpr std::uint32_t g = 1u << 15;          // granularity
    static constexpr std::uint32_t unusable = 1u << 16;   // loaded with a null selector

    std::uint64_t base = 0;
    std::uint32_t limit = 0xffff;   // in bytes, already scaled by G
    std::uint32_t attributes = 0x93;
    std::uint16_t selector = 0;
    bool operator==(const SegmentRegister&) const = default;
};

// GDTR and IDTR (SDM vol. 3A 2.4).
struct DescriptorTable {
    std::uint64_t base = 0;
    std::uint16_t limit = 0xffff;
    bool operator==(const DescriptorTable&) const = default;
};

// KVM_GET_SREGS / KVM_SET_SREGS. Setting this group is not a write of %rip.
struct SpecialRegisters {
    std::array<SegmentRegister, seg_count> seg{};  // indexed by Seg
    SegmentRegister ldtr, tr;
    DescriptorTable gdtr, idtr;
    std::uint64_t cr0 = 0, cr2 = 0, cr3 = 0, cr4 = 0, cr8 = 0;
    std::uint64_t efer = 0;
    std::uint64_t apic_base = 0;  // IA32_APIC_BASE
    bool operator==(const SpecialRegisters&) const = default;
};

// KVM_GET_DEBUGREGS (SDM vol. 3B 17.2).
struct DebugRegisters {
    std::array<std::uint64_t, 4> dr{};
    std::uint64_t dr6 = 0xffff0ff0, dr7 = 0x400;
    bool operator==(const DebugRegisters&) const = default;
};

// x87 and SSE state (SDM vol. 1, chapters 8 and 10). 80-bit registers are 16-byte slots, little-endian; `st` holds the
// physical registers R0-R7: ST(i) is st[(TOP + i) % 8].
struct FpuState {
    std::uint16_t fcw = 0x0040, fsw = 0, ftw = 0x5555;  // ftw in the full two-bit form
    std::uint16_t opcode = 0;
    std::uint64_t ip = 0, dp = 0;
    std::uint16_t cs = 0, ds = 0;
    std::array<std::array<std::uint8_t, 16>, 8> st{};
    std::array<std::array<std::uint8_t, 16>, 16> xmm{};
    std::uint32_t mxcsr = 0x1f80;
    std::uint64_t xcr0 = 1;  // which state components XSAVE manages (KVM_GET_XCRS); changed by XSETBV alone
    bool operator==(const FpuState&) const = default;
};

// Model-specific registers the model keeps (SDM vol. 4). IA32_APIC_BASE and EFER live in SpecialRegisters.
struct ModelSpecificRegisters {
    std::uint64_t pat = 0x0007040600070406;
    std::uint64_t sysenter_cs = 0, sysenter_esp = 0, sysenter_eip = 0;
    std::uint64_t star = 0, lstar = 0, cstar = 0, sfmask = 0, kernel_gs_base = 0;
    std::uint64_t tsc_aux = 0, misc_enable = 0, feature_control = 0, bios_sign_id = 0;
    std::uint64_t mtrr_def_type = 0;
    std::array<std::uint64_t, 11> mtrr_fixed{};               // 250h, 258h, 259h, 268h..26Fh
    std::array<std::uint64_t, 8> mtrr_phys_base{}, mtrr_phys_mask{};
    std::uint64_t mcg_status = 0, mcg_ctl = 0;
    std::array<std::array<std::uint64_t, 4>, 10> mc_bank{};   // CTL, STATUS, ADDR, MISC
    bool operator==(const ModelSpecificRegisters&) const = default;
};

// KVM_GET_MP_STATE and the SDM's activity states (vol. 3C 24.4.2).
enum class ActivityState : std::uint8_t {
    running,
    halted,
    wait_for_sipi,  // KVM: INIT_RECEIVED
    shutdown,
    uninitialized,  // nobody has started this processor yet: run() leaves even pending port I/O alone
    sipi_received,  // starts at EventState::sipi_vector, behind what is pending
};

// KVM_GET_VCPU_EVENTS: what is pending or blocked between instructions.
struct EventState {
    ActivityState activity = ActivityState::running;
    bool sti_shadow = false;     // blocking by STI (SDM vol. 3A 6.8.1)
    bool mov_ss_shadow = false;  // blocking by MOV SS / POP SS (SDM vol. 3A 6.8.3)
    bool nmi_blocked = false;    // between NMI delivery and IRET
    bool nmi_pending = false;
    bool smi_pending = false;
    bool init_pending = false;
    bool in_smm = false;
    bool smm_inside_nmi = false;   // NMIs were blocked when SMM was entered; RSM restores that (SDM vol. 3C 30.8)
    bool debug_trap_pending = false;  // a #DB trap (TF, data or I/O breakpoint) not yet delivered
    bool interrupt_queued = false;    // acknowledged, not yet delivered (KVM_INTERRUPT): RFLAGS.IF no longer counts
    std::uint8_t interrupt_vector = 0;
    std::uint8_t sipi_vector = 0;  // for ActivityState::sipi_received
    std::uint32_t smbase = 0x30000;
    bool operator==(const EventState&) const = default;
};

// KVM_SET_REGS-style convenience: everything at once, for save, restore and comparison.
struct ArchState {
    GeneralRegisters regs;
    SpecialRegisters sregs;
    DebugRegisters debug;
    FpuState fpu;
    ModelSpecificRegisters msrs;
    EventState events;
    std::uint64_t tsc = 0;
    bool operator==(const ArchState&) const = default;
};

}  // namespace southgate::cpu
