// The guest's x87 registers: stack, tags, status word, pointers, and the steps every handler takes.
#pragma once

#include <cstdint>
#include <cstring>

#include "cpu_model/interpreter/fault.h"
#include "cpu_model/interpreter/fpu/error.h"
#include "cpu_model/interpreter/fpu/host.h"
#include "cpu_model/interpreter/operand.h"

namespace southgate::cpu::x87 {

// Tags (SDM vol. 1 8.1.7).
inline constexpr unsigned tag_valid = 0, tag_zero = 1, tag_special = 2, tag_empty = 3;

inline unsigned top(const FpuState& f) { return (f.fsw >> sw::top_shift) & 7; }
inline void set_top(FpuState& f, unsigned t) {
    f.fsw = static_cast<std::uint16_t>((f.fsw & ~sw::top) | (t & 7) << sw::top_shift);
}
// Physical register of ST(i).
inline unsigned physical(const FpuState& f, unsigned i) { return (top(f) + i) & 7; }
inline Register& st(FpuState& f, unsigned i) { return f.st[physical(f, i)]; }
inline unsigned tag(const FpuState& f, unsigned i) { return (f.ftw >> 2 * physical(f, i)) & 3; }
inline bool empty(const FpuState& f, unsigned i) { return tag(f, i) == tag_empty; }
inline void set_tag(FpuState& f, unsigned i, unsigned t) {
    const unsigned shift = 2 * physical(f, i);
    f.ftw = static_cast<std::uint16_t>((f.ftw & ~(3u << shift)) | t << shift);
}
// What FNSTENV says of a register that is not empty. Denormals, pseudo-denormals, unnormals, infinities and
// NaNs are special.
inline unsigned tag_of(const Register& r) {
    std::uint64_t significand;
    std::uint16_t sign_exponent;
    std::memcpy(&significand, r.data(), 8);
    std::memcpy(&sign_exponent, r.data() + 8, 2);
    const unsigned exponent = sign_exponent & 0x7fff;
    if (exponent == 0) return significand == 0 ? tag_zero : tag_special;
    return exponent != 0x7fff && significand >> 63 ? tag_valid : tag_special;
}
inline void set_st(FpuState& f, unsigned i, const Register& value) {
    st(f, i) = value;
    set_tag(f, i, tag_of(value));
}
inline void push(FpuState& f, const Register& value) {
    set_top(f, top(f) + 7);
    set_st(f, 0, value);
}
inline void pop(FpuState& f) {
    set_tag(f, 0, tag_empty);
    set_top(f, top(f) + 1);
}

// ES and B follow the flags and the masks (SDM vol. 1 8.1.3.3).
inline void update_summary(FpuState& f) {
    constexpr unsigned both = sw::summary | sw::busy;
    const bool pending = f.fsw & ~f.fcw & sw::exceptions;
    f.fsw = static_cast<std::uint16_t>((f.fsw & ~both) | (pending ? both : 0));
}
// Result of an instruction that ended without unmasked exceptions: `conditions` are the C bits it writes.
inline void merge_status(FpuState& f, std::uint16_t host, unsigned conditions = sw::c1) {
    f.fsw = static_cast<std::uint16_t>((f.fsw & ~conditions) | (host & (conditions | sw::exceptions)));
}
inline void clear_c1(FpuState& f) { f.fsw = static_cast<std::uint16_t>(f.fsw & ~sw::c1); }

inline Quick quick(const FpuState& f, unsigned stub) {
    return {stub, f.fcw, static_cast<std::uint16_t>(f.fsw & f.fcw & sw::exceptions)};
}
// No unmasked exception: the quick result counts. Flags in Quick::ignored are masked ones. An exact denormal
// result raises underflow only where that is unmasked (SDM vol. 1 8.5.5), so that the quick run does not show
// it.
inline bool usable(const FpuState& f, std::uint16_t host) {
    return !(host & ~f.fcw & sw::exceptions) && (f.fcw & sw::underflow);
}

// --- what handlers begin and end with ---
[[gnu::cold]] void refuse(Cpu* c, const Uop* u);
// #NM (SDM vol. 3A table 9-2), then what an earlier instruction left pending. Non-waiting control instructions:
// require_fpu(). Whatever may have changed ES ends with next_reporting().
[[gnu::always_inline]] inline void begin(Cpu* c, const Uop* u) {
    if ((c->cr0 & (cr0::em | cr0::ts)) || (c->fpu.fsw & sw::summary)) [[unlikely]]
        refuse(c, u);
}
inline void require_fpu(Cpu* c, const Uop* u) {
    if (!(c->cr0 & (cr0::em | cr0::ts))) [[likely]]
        return;
    c->cur = u;
    raise(Vector::device_not_available);
}

// Layout of Uop::imm.
constexpr std::uint64_t encoding(unsigned stub, unsigned opcode) {
    return stub | std::uint64_t{opcode} << 16;
}
inline unsigned stub_of(const Uop* u) { return u->imm & 0xffff; }
inline std::uint16_t opcode_of(const Uop* u) { return static_cast<std::uint16_t>(u->imm >> 16); }

// Pointers of the last non-control instruction (SDM vol. 1 8.1.8).
[[gnu::always_inline]] inline void note_instruction(Cpu* c, const Uop* u) {
    c->fpu.ip = c->ip + u->ip;
    c->fpu.cs = segment(c, Seg::cs).selector;
    c->fpu.opcode = opcode_of(u);
}
template <Mem M>
[[gnu::always_inline]] inline void note_operand(Cpu* c, const Uop* u) {
    note_instruction(c, u);
    c->fpu.dp = effective_address<M>(c, u);
    c->fpu.ds = c->seg[u->seg].selector;
}

// --- exact execution (fpu/state.cpp) ---
Image to_image(const FpuState& f);
// Takes over registers, tags and status; exception flags accumulate.
void from_image(FpuState& f, const Image& image);
// The instruction of this uop as the host does it, stack faults and unmasked exceptions included. For
// instructions that write no memory.
void execute_exact(Cpu* c, const Uop* u, void* memory = nullptr);

}  // namespace southgate::cpu::x87
