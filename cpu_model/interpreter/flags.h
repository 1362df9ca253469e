// Lazy status flags: an ALU instruction stores its result and its carries, readers compute what they need.
//
// Cpu::flag_result: the result sign-extended to 64 bits. ZF: it is 0. SF: bit 63. PF: parity of bits 0-7. Combinations
// of flags that no result has are made by inverting SF and PF.
// Cpu::flag_carry: bit 32 CF; the XOR of bits 31, 32 and 63 OF (the carries into and out of the top bit: a narrow
// operation leaves the former in bit 31, a 64-bit one in bit 63 where it arises); bit 4 AF; bit 62 inverts SF, bit 61
// PF; other bits are unspecified.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

#include "cpu_model/interpreter/cpu.h"

namespace southgate::cpu {

inline constexpr std::uint64_t flag_cf = std::uint64_t{1} << 32, flag_af = 1u << 4,
                               flag_inverts_sf = std::uint64_t{1} << 62, flag_inverts_pf = std::uint64_t{1} << 61,
                               flag_top_carry = std::uint64_t{1} << 63;

template <class T>
inline constexpr unsigned bits_of = sizeof(T) * 8;

[[gnu::always_inline]] inline bool get_cf(const Cpu* c) { return (c->flag_carry >> 32) & 1; }
[[gnu::always_inline]] inline bool get_of(const Cpu* c) {
    const std::uint64_t v = c->flag_carry;
    return ((v >> 32) ^ (v >> 31) ^ (v >> 63)) & 1;
}
[[gnu::always_inline]] inline bool get_zf(const Cpu* c) { return c->flag_result == 0; }
[[gnu::always_inline]] inline bool get_sf(const Cpu* c) {
    return static_cast<std::int64_t>(c->flag_result ^ (c->flag_carry << 1)) < 0;
}
[[gnu::always_inline]] inline bool get_af(const Cpu* c) { return (c->flag_carry & flag_af) != 0; }
[[gnu::always_inline]] inline bool get_pf(const Cpu* c) {
    return __builtin_parity(static_cast<std::uint8_t>(c->flag_result)) == ((c->flag_carry & flag_inverts_pf) != 0);
}

// --- writers; T is the unsigned type of the operand size ---
template <class T>
[[gnu::always_inline]] inline std::uint64_t sign_extended(T v) {
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(static_cast<std::make_signed_t<T>>(v)));
}
template <class T>
[[gnu::always_inline]] inline void set_result(Cpu* c, T r) {
    c->flag_result = sign_extended(r);
}
// Carries given one by one, for a result.
[[gnu::always_inline]] inline void set_carries(Cpu* c, bool cf, bool of, bool af) {
    c->flag_carry = (static_cast<std::uint64_t>(cf) << 32) | (static_cast<std::uint64_t>(cf != of) << 31) |
                    (static_cast<std::uint64_t>(af) << 4);
}
// CF alone; the others stay.
[[gnu::always_inline]] inline void set_cf(Cpu* c, bool cf) {
    const std::uint64_t changed = (c->flag_carry ^ (static_cast<std::uint64_t>(cf) << 32)) & flag_cf;
    c->flag_carry ^= changed | (changed >> 1);
}
// CF and OF; the others stay.
[[gnu::always_inline]] inline void set_cf_of(Cpu* c, bool cf, bool of) {
    const std::uint64_t kept = c->flag_carry & (flag_af | flag_inverts_sf | flag_inverts_pf);
    c->flag_carry = kept | (static_cast<std::uint64_t>(cf) << 32) | (static_cast<std::uint64_t>(cf != of) << 31);
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
        c->flag_carry = (cf << 32) | ((a ^ b ^ r) & (flag_top_carry | flag_af));
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
        c->flag_carry = (cf << 32) | ((a ^ b ^ r) & (flag_top_carry | flag_af));
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
    const bool zf = f & eflags::zf, sf = f & eflags::sf, pf = f & eflags::pf;
    // 3 has even parity, as 0 has.
    c->flag_result = zf ? 0 : 3 | (sf ? std::uint64_t{1} << 63 : 0);
    set_carries(c, f & eflags::cf, f & eflags::of, f & eflags::af);
    if (zf && sf) c->flag_carry |= flag_inverts_sf;
    if (!pf) c->flag_carry |= flag_inverts_pf;
}
// RFLAGS as PUSHF and exceptions see it.
inline std::uint64_t get_eflags(const Cpu* c) { return c->eflags | status_flags(c); }
// Writes every bit as given, no privilege rules; refreshes attention (IF, TF) and, if VM or AC changed, the mode.
void set_eflags(Cpu* c, std::uint64_t value);

}  // namespace southgate::cpu
