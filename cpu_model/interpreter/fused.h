// Building blocks of fused compare-and-branch handlers.
#pragma once

#include <array>
#include <utility>

#include "cpu_model/interpreter/arithmetic.h"
#include "cpu_model/interpreter/control.h"

namespace southgate::cpu {

// The condition after `op` with operands a, b and result r, without going through the stored flags where the
// operands say it directly.
template <Alu op, class T, unsigned cc>
[[gnu::always_inline]] inline bool condition_of(const Cpu* c, T a, T b, T r) {
    using S = std::make_signed_t<T>;
    constexpr bool negate = (cc & 1) != 0;
    constexpr bool compare = op == Alu::cmp || op == Alu::sub;
    constexpr bool logic = op == Alu::test || op == Alu::and_;
    bool v = false;
    if constexpr (cc >> 1 == 2) v = r == 0;
    else if constexpr (cc >> 1 == 4) v = static_cast<S>(r) < 0;
    else if constexpr (compare && cc >> 1 == 1) v = a < b;
    else if constexpr (compare && cc >> 1 == 3) v = a <= b;
    else if constexpr (compare && cc >> 1 == 6) v = static_cast<S>(a) < static_cast<S>(b);
    else if constexpr (compare && cc >> 1 == 7) v = static_cast<S>(a) <= static_cast<S>(b);
    else if constexpr (logic && (cc >> 1 == 0 || cc >> 1 == 1)) v = false;
    else if constexpr (logic && cc >> 1 == 3) v = r == 0;
    else if constexpr (logic && cc >> 1 == 6) v = static_cast<S>(r) < 0;
    else if constexpr (logic && cc >> 1 == 7) v = static_cast<S>(r) <= 0;
    else return condition<cc>(c);
    return v != negate;
}

// Behind the pair: u[1] is the Jcc, u[2] the terminator.
[[gnu::always_inline]] inline const Uop* branch(Cpu* c, const Uop* u, bool taken) {
    if (taken) return jump<Code::flat>(c, u + 1);
    return fall_through<Code::flat>(c, u + 2);
}

// Sixteen instances of a handler template over the condition.
template <class F, unsigned... cc>
constexpr std::array<Handler, 16> by_condition(F f, std::integer_sequence<unsigned, cc...>) {
    return {f.template operator()<cc>()...};
}
template <class F>
constexpr std::array<Handler, 16> by_condition(F f) {
    return by_condition(f, std::make_integer_sequence<unsigned, 16>{});
}

}  // namespace southgate::cpu
