// The eight ALU operations in encoding order, and what their handlers share.
#pragma once

#include "cpu_model/interpreter/control.h"
#include "cpu_model/interpreter/flags.h"
#include "cpu_model/interpreter/operand.h"

namespace southgate::cpu {

enum class Alu : std::uint8_t { add, or_, adc, sbb, and_, sub, xor_, cmp, test };

// True when the second operand or first is written.
constexpr bool writes_result(Alu op) { return op != Alu::cmp && op != Alu::test; }

template <Alu op, class T>
[[gnu::always_inline]] inline T alu(Cpu* c, T a, T b) {
    T r{};
    if constexpr (op == Alu::add) r = add_flags<T>(c, a, b);
    else if constexpr (op == Alu::adc) r = add_flags<T>(c, a, b, get_cf(c));
    else if constexpr (op == Alu::sub || op == Alu::cmp) r = sub_flags<T>(c, a, b);
    else if constexpr (op == Alu::sbb) r = sub_flags<T>(c, a, b, get_cf(c));
    else {
        if constexpr (op == Alu::or_) r = static_cast<T>(a | b);
        else if constexpr (op == Alu::xor_) r = static_cast<T>(a ^ b);
        else r = static_cast<T>(a & b);
        set_flags_logic<T>(c, r);
    }
    return r;
}
template <Alu op, class T>
[[gnu::always_inline]] inline T alu_without_flags(T a, T b) {
    if constexpr (op == Alu::add) return static_cast<T>(a + b);
    else if constexpr (op == Alu::sub) return static_cast<T>(a - b);
    else if constexpr (op == Alu::or_) return static_cast<T>(a | b);
    else if constexpr (op == Alu::xor_) return static_cast<T>(a ^ b);
    else return static_cast<T>(a & b);
}

// INC and DEC leave CF alone (SDM vol. 2A INC).
template <class T, bool dec>
[[gnu::always_inline]] inline T step(Cpu* c, T a) {
    const T r = dec ? static_cast<T>(a - 1) : static_cast<T>(a + 1);
    const std::uint64_t cf = c->flag_carry & flag_cf;
    const std::uint64_t of = sign_extended(static_cast<T>(dec ? a & ~r : ~a & r)) & flag_top_carry;
    c->flag_carry = cf | (cf >> 1) | of | ((a ^ r) & flag_af);
    set_result<T>(c, r);
    return r;
}

// Handlers of an ALU instruction fused with the Jcc behind it, by condition (decode/translator.cpp pairs them up).
template <class T>
const Handler* fused_compare_registers(Alu op);   // cmp, test rm, reg
template <class T>
const Handler* fused_compare_immediate(Alu op);   // cmp, test rm, imm
template <class T>
const Handler* fused_compare_memory(bool immediate, Alu op, bool wide);  // cmp reg, mem / cmp, test mem, imm; `wide`:
                                                                         // Mem::wide_base, not Mem::base
// size: 4 or 8 bytes.
const Handler* fused_step(bool dec, unsigned size);         // inc, dec r
const Handler* fused_alu_immediate(Alu op, unsigned size);  // add, sub, and r, imm
const Handler* fused_alu_registers(Alu op, unsigned size);  // add, sub, and r, r

}  // namespace southgate::cpu
