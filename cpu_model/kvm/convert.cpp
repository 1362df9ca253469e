#include "cpu_model/kvm/convert.h"

#include <cstring>

namespace southgate::cpu::kvm {
namespace {

using SR = SegmentRegister;

// struct kvm_regs in the encoding order of the general registers.
constexpr __u64 kvm_regs::*register_fields[gpr_count] = {
    &kvm_regs::rax, &kvm_regs::rcx, &kvm_regs::rdx, &kvm_regs::rbx, &kvm_regs::rsp, &kvm_regs::rbp,
    &kvm_regs::rsi, &kvm_regs::rdi, &kvm_regs::r8,  &kvm_regs::r9,  &kvm_regs::r10, &kvm_regs::r11,
    &kvm_regs::r12, &kvm_regs::r13, &kvm_regs::r14, &kvm_regs::r15};

// ... and of the segment registers.
constexpr kvm_segment kvm_sregs::*segment_fields[seg_count] = {&kvm_sregs::es, &kvm_sregs::cs, &kvm_sregs::ss,
                                                               &kvm_sregs::ds, &kvm_sregs::fs, &kvm_sregs::gs};

// Full tag of one x87 register (SDM vol. 1 8.1.7): what FXSAVE leaves out is derived from the contents.
unsigned tag_of(const std::array<std::uint8_t, 16>& st) {
    std::uint64_t mantissa;
    std::uint16_t head;
    std::memcpy(&mantissa, st.data(), 8);
    std::memcpy(&head, st.data() + 8, 2);
    const unsigned exponent = head & 0x7fff;
    if (exponent == 0 && mantissa == 0) return 1;
    const bool normal = exponent != 0 && exponent != 0x7fff && (mantissa >> 63) != 0;
    return normal ? 0 : 2;
}

template <class T>
void put(abi::Xsave& area, std::size_t at, T value) {
    std::memcpy(reinterpret_cast<std::uint8_t*>(area.region) + at, &value, sizeof value);
}
template <class T>
T get(const abi::Xsave& area, std::size_t at) {
    T value;
    std::memcpy(&value, reinterpret_cast<const std::uint8_t*>(area.region) + at, sizeof value);
    return value;
}

// Byte offsets of the FXSAVE image (SDM vol. 1, table 10-2) and of XSTATE_BV behind it (13.4.2).
enum : std::size_t {
    at_fcw = 0, at_fsw = 2, at_ftw = 4, at_opcode = 6, at_ip = 8, at_dp = 16, at_mxcsr = 24, at_st = 32, at_xmm = 160,
    at_xstate_bv = 512
};

}  // namespace

kvm_regs to_kvm(const GeneralRegisters& r) {
    kvm_regs k{};
    for (unsigned i = 0; i < gpr_count; ++i) k.*register_fields[i] = r.gpr[i];
    k.rip = r.rip;
    k.rflags = r.rflags;
    return k;
}

GeneralRegisters from_kvm(const kvm_regs& k) {
    GeneralRegisters r;
    for (unsigned i = 0; i < gpr_count; ++i) r.gpr[i] = k.*register_fields[i];
    r.rip = k.rip;
    r.rflags = k.rflags;
    return r;
}

kvm_segment to_kvm(const SegmentRegister& s) {
    kvm_segment k{};
    const auto bit = [&](unsigned n) { return static_cast<__u8>(s.attributes >> n & 1); };
    k.base = s.base;
    k.limit = s.limit;
    k.selector = s.selector;
    k.type = s.attributes & SR::type_mask;
    k.s = bit(4);
    k.dpl = s.attributes >> SR::dpl_shift & 3;
    k.present = bit(7);
    k.avl = bit(12);
    k.l = bit(13);
    k.db = bit(14);
    k.g = bit(15);
    k.unusable = bit(16);
    return k;
}

SegmentRegister from_kvm(const kvm_segment& k) {
    SegmentRegister s;
    s.base = k.base;
    s.limit = k.limit;
    s.selector = k.selector;
    const auto bit = [](unsigned value, unsigned n) { return std::uint32_t{value & 1} << n; };
    s.attributes = (k.type & SR::type_mask) | bit(k.s, 4) | std::uint32_t{k.dpl & 3u} << SR::dpl_shift |
                   bit(k.present, 7) | bit(k.avl, 12) | bit(k.l, 13) | bit(k.db, 14) | bit(k.g, 15) |
                   bit(k.unusable, 16);
    return s;
}

kvm_sregs to_kvm(const SpecialRegisters& s) {
    kvm_sregs k{};
    for (unsigned i = 0; i < seg_count; ++i) k.*segment_fields[i] = to_kvm(s.seg[i]);
    k.ldt = to_kvm(s.ldtr);
    k.tr = to_kvm(s.tr);
    k.gdt.base = s.gdtr.base;
    k.gdt.limit = s.gdtr.limit;
    k.idt.base = s.idtr.base;
    k.idt.limit = s.idtr.limit;
    k.cr0 = s.cr0;
    k.cr2 = s.cr2;
    k.cr3 = s.cr3;
    k.cr4 = s.cr4;
    k.cr8 = s.cr8;
    k.efer = s.efer;
    k.apic_base = s.apic_base;
    return k;
}

SpecialRegisters from_kvm(const kvm_sregs& k) {
    SpecialRegisters s;
    for (unsigned i = 0; i < seg_count; ++i) s.seg[i] = from_kvm(k.*segment_fields[i]);
    s.ldtr = from_kvm(k.ldt);
    s.tr = from_kvm(k.tr);
    s.gdtr = {k.gdt.base, k.gdt.limit};
    s.idtr = {k.idt.base, k.idt.limit};
    s.cr0 = k.cr0;
    s.cr2 = k.cr2;
    s.cr3 = k.cr3;
    s.cr4 = k.cr4;
    s.cr8 = k.cr8;
    s.efer = k.efer;
    s.apic_base = k.apic_base;
    return s;
}

kvm_debugregs to_kvm(const DebugRegisters& d) {
    kvm_debugregs k{};
    for (unsigned i = 0; i < 4; ++i) k.db[i] = d.dr[i];
    k.dr6 = d.dr6;
    k.dr7 = d.dr7;
    return k;
}

DebugRegisters from_kvm(const kvm_debugregs& k) {
    DebugRegisters d;
    for (unsigned i = 0; i < 4; ++i) d.dr[i] = k.db[i];
    d.dr6 = k.dr6;
    d.dr7 = k.dr7;
    return d;
}

void to_xsave(const FpuState& f, abi::Xsave& area) {
    std::uint8_t valid = 0;  // FXSAVE's tag: one bit a physical register, set unless empty
    for (unsigned i = 0; i < 8; ++i)
        if ((f.ftw >> (2 * i) & 3) != 3) valid |= static_cast<std::uint8_t>(1u << i);
    const unsigned top = f.fsw >> 11 & 7;
    put(area, at_fcw, f.fcw);
    put(area, at_fsw, f.fsw);
    put<std::uint16_t>(area, at_ftw, valid);
    put(area, at_opcode, f.opcode);
    put(area, at_ip, f.ip);
    put(area, at_dp, f.dp);
    put(area, at_mxcsr, f.mxcsr);
    // The image is in stack order, the contract in that of the physical registers.
    for (unsigned i = 0; i < 8; ++i) put(area, at_st + 16 * i, f.st[(top + i) % 8]);
    for (unsigned i = 0; i < 16; ++i) put(area, at_xmm + 16 * i, f.xmm[i]);
    // Without these bits the kernel takes the initial state instead.
    put(area, at_xstate_bv, get<std::uint64_t>(area, at_xstate_bv) | 3);
}

FpuState from_xsave(const abi::Xsave& area) {
    FpuState f;
    f.fcw = get<std::uint16_t>(area, at_fcw);
    f.fsw = get<std::uint16_t>(area, at_fsw);
    f.opcode = get<std::uint16_t>(area, at_opcode);
    f.ip = get<std::uint64_t>(area, at_ip);
    f.dp = get<std::uint64_t>(area, at_dp);
    f.mxcsr = get<std::uint32_t>(area, at_mxcsr);
    const auto valid = get<std::uint16_t>(area, at_ftw);
    const unsigned top = f.fsw >> 11 & 7;
    f.ftw = 0;
    for (unsigned i = 0; i < 8; ++i) {
        auto& st = f.st[(top + i) % 8];
        st = get<std::array<std::uint8_t, 16>>(area, at_st + 16 * i);
        std::memset(st.data() + 10, 0, 6);
    }
    for (unsigned i = 0; i < 8; ++i)
        f.ftw = static_cast<std::uint16_t>(f.ftw | (valid >> i & 1 ? tag_of(f.st[i]) : 3u) << (2 * i));
    for (unsigned i = 0; i < 16; ++i) f.xmm[i] = get<std::array<std::uint8_t, 16>>(area, at_xmm + 16 * i);
    return f;
}

void to_kvm(const EventState& e, kvm_vcpu_events& k) {
    k.flags = KVM_VCPUEVENT_VALID_NMI_PENDING | KVM_VCPUEVENT_VALID_SHADOW;
    k.interrupt.shadow = static_cast<__u8>((e.sti_shadow ? KVM_X86_SHADOW_INT_STI : 0) |
                                           (e.mov_ss_shadow ? KVM_X86_SHADOW_INT_MOV_SS : 0));
    k.nmi.pending = e.nmi_pending;
    k.nmi.masked = e.nmi_blocked;
    k.interrupt.injected = e.interrupt_queued;
    k.interrupt.nr = e.interrupt_queued ? e.interrupt_vector : 0;
    k.interrupt.soft = 0;
    k.exception.injected = e.debug_trap_pending;
    k.exception.nr = e.debug_trap_pending ? 1 : 0;
    k.exception.has_error_code = 0;
    k.exception.error_code = 0;
}

EventState from_kvm(const kvm_vcpu_events& k) {
    EventState e;
    e.sti_shadow = (k.interrupt.shadow & KVM_X86_SHADOW_INT_STI) != 0;
    e.mov_ss_shadow = (k.interrupt.shadow & KVM_X86_SHADOW_INT_MOV_SS) != 0;
    // AMD keeps one shadow bit, which the kernel reports as both; only STI shadows matter to interrupts alone.
    if (e.sti_shadow) e.mov_ss_shadow = false;
    e.nmi_pending = k.nmi.pending != 0;
    e.nmi_blocked = k.nmi.masked != 0;
    e.interrupt_queued = k.interrupt.injected != 0 && k.interrupt.soft == 0;
    e.interrupt_vector = e.interrupt_queued ? k.interrupt.nr : 0;
    e.debug_trap_pending = k.exception.injected != 0 && k.exception.nr == 1;
    return e;
}

}  // namespace southgate::cpu::kvm
