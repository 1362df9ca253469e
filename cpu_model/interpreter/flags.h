// Lazy status flags: an ALU instruction stores its result and its carries, readers compute what they need.
//
// Cpu::flag_result: the result sign-extended to 64 bits. ZF: low 32 bits are 0. SF: bit 63. PF: parity of bits 0-7
// XOR bits 32-39 (the latter have even parity in any sign-extended result; combinations of flags that no result has
// set one of them). A 64-bit result is folded so that the same rules hold.
// Cpu::flag_carry: bit 32 CF, bit 31 CF xor OF (the carries out of the two top bits, moved there), bit 4 AF; other
// bits are unspecified.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

#include "cpu_model/interpreter/cpu.h"

namespace southgate::cpu {

inline constexpr unsigned flag_cf_bit = 32, flag_af_bit = 4;

template <class T>
inline constexpr unsigned bits_of = sizeof(T) * 8;

[[gnu::always_inline]] inline bool get_cf(const Cpu* c) { return (c->flag_carry >> 32) & 1; }
[[gnu::always_inline]] inline bool get_of(const Cpu* c) { return ((c->flag_carry >> 32) ^ (c->flag_carry >> 31)) & 1; }
[[gnu::always_inline]] inline bool get_zf(const Cpu* c) { return static_cast<std::uint32_t>(c->flag_result) == 0; }
[[gnu::always_inline]] inline bool get_sf(const Cpu* c) { return static_cast<std::int64_t>(c->flag_result) < 0; }
[[gnu::always_inline]] inline bool get_af(const Cpu* c) { return (c->flag_carry >> 4) & 1; }
[[gnu::always_inline]] inline bool get_pf(const Cpu* c) {
    return __builtin_parity(static_cast<std::uint8_t>(c->flag_result ^ (c->flag_result >> 32))) == 0;
}

// --- writers; T is the unsigned type of the operand size ---
template <class T>
[[gnu::always_inline]] inline void set_result(Cpu* c, T r) {
    if constexpr (sizeof(T) == 8) {
        const std::uint64_t low = (r & 0xffffffff) | (static_cast<std::uint64_t>((r >> 32) != 0) << 8);
        c->flag_result = low | (static_cast<std::int64_t>(r) < 0 ? 0xffffffff00000000 : 0);
    } else {
        c->flag_result = static_cast<std::uint64_t>(static_cast<std::int64_t>(static_cast<std::make_signed_t<T>>(r)));
    }
}
// Carries given one by one.
[[gnu::always_inline]] inline void set_carries(Cpu* c, bool cf, bool of, bool af) {
    c->flag_carry = (static_cast<std::uint64_t>(cf) << 32) | (static_cast<std::uint64_t>(cf != of) << 31) |
                    (static_cast<std::uint64_t>(af) << 4);
}
template <class T>
[[gnu::always_inline]] inline void set_flags_logic(Cpu* c, T r) {
    set_result<T>(c, r);
    c->flag_carry = 0;
}
// `carries`: a ^ b ^ result computed in more bits than T has (bit n: carry or borrow out of bit n - 1).
template <class T>
[[gnu::always_inline]] inline void set_carry_vector(Cpu* c, std::uint64_t carries) {
    if constexpr (sizeof(T) == 4) c->flag_carry = carries;
    else c->flag_carry = (carries << (32 - bits_of<T>)) | (carries & 0x10);
}
// a + b + carry_in; returns the result. Flags as ADD / ADC.
template <class T>
[[gnu::always_inline]] inline T add_flags(Cpu* c, T a, T b, unsigned carry_in = 0) {
    if constexpr (sizeof(T) == 8) {
        const T partial = a + b;
        const T r = partial + carry_in;
        const std::uint64_t cf = (partial < a) | (r < partial);
        c->flag_carry = (cf << 32) | (((a ^ b ^ r) >> 63) << 31) | ((a ^ b ^ r) & 0x10);
        set_result<T>(c, r);
        return r;
    } else {
        const std::uint64_t r = std::uint64_t{a} + b + carry_in;
        set_carry_vector<T>(c, a ^ b ^ r);
        set_result<T>(c, static_cast<T>(r));
        return static_cast<T>(r);
    }
}
// a - b - borrow_in; flags as SUB / SBB / CMP.
template <class T>
[[gnu::always_inline]] inline T sub_flags(Cpu* c, T a, T b, unsigned borrow_in = 0) {
    if constexpr (sizeof(T) == 8) {
        const T r = a - b - borrow_in;
        const std::uint64_t cf = (a < b) | ((a == b) & borrow_in);
        c->flag_carry = (cf << 32) | (((a ^ b ^ r) >> 63) << 31) | ((a ^ b ^ r) & 0x10);
        set_result<T>(c, r);
        return r;
    } else {
        const std::uint64_t r = std::uint64_t{a} - b - borrow_in;
        set_carry_vector<T>(c, (a ^ b ^ r) & ((std::uint64_t{2} << bits_of<T>) - 1));
        set_result<T>(c, static_cast<T>(r));
        return static_cast<T>(r);
    }
}

// Condition codes in encoding order (SDM vol. 1 appendix B): O NO B AE E NE BE A S NS P NP L GE LE G.
template <unsigned cc>
[[gnu::always_inline]] inline bool condition(const Cpu* c) {
    bool v = false;
    if constexpr (cc >> 1 == 0) v = get_of(c);
    else if constexpr (cc >> 1 == 1) v = get_cf(c);
    else if constexpr (cc >> 1 == 2) v = get_zf(c);
    else if constexpr (cc >> 1 == 3) v = get_cf(c) | get_zf(c);
    else if constexpr (cc >> 1 == 4) v = get_sf(c);
    else if constexpr (cc >> 1 == 5) v = get_pf(c);
    else if constexpr (cc >> 1 == 6) v = get_sf(c) != get_of(c);
    else v = get_zf(c) | (get_sf(c) != get_of(c));
    return v != ((cc & 1) != 0);
}

// --- the whole register ---
inline std::uint64_t status_flags(const Cpu* c) {
    return (get_cf(c) ? eflags::cf : 0) | (get_pf(c) ? eflags::pf : 0) | (get_af(c) ? eflags::af : 0) |
           (get_zf(c) ? eflags::zf : 0) | (get_sf(c) ? eflags::sf : 0) | (get_of(c) ? eflags::of : 0);
}
// Any combination of the six status bits of `f`.
inline void set_status_flags(Cpu* c, std::uint64_t f) {
    const bool zf = f & eflags::zf;
    std::uint64_t r = (f & eflags::sf) ? std::uint64_t{1} << 63 : 0;
    // Bits 0-7: parity even as they stand (0 for ZF, 3 otherwise); bit 32 turns it odd.
    r |= zf ? 0 : 3;
    if (!(f & eflags::pf)) r |= std::uint64_t{1} << 32;
    c->flag_result = r;
    set_carries(c, f & eflags::cf, f & eflags::of, f & eflags::af);
}
// RFLAGS as PUSHF and exceptions see it.
inline std::uint64_t get_eflags(const Cpu* c) { return c->eflags | status_flags(c); }
// Writes every bit as given, no privilege rules; refreshes attention (IF, TF) and, if VM or AC changed, the mode.
void set_eflags(Cpu* c, std::uint64_t value);

}  // namespace southgate::cpu
