// Handlers of floating-point instructions: like those of handlers.h, with MXCSR around the operation.
//
// The `_exact` and `_any` twins begin again when MXCSR has something to say or the TLB misses.
#pragma once

#include "cpu_model/interpreter/simd/mxcsr.h"
#include "cpu_model/interpreter/simd/table.h"

// As SIMD_OP and SIMD_UNARY, but kept in order with the instructions that read and write MXCSR. `tiny_`:
// Tiny.
#define SIMD_FLOAT(name, tiny_)                                        \
    struct name {                                                      \
        static constexpr Tiny tiny = Tiny::tiny_;                      \
        static constexpr Arithmetic arithmetic = arithmetic_of(#name); \
        static Xmm run(Xmm a, Xmm b) {                                 \
            asm volatile(#name " %1, %0" : "+x"(a) : "x"(b));          \
            return a;                                                  \
        }                                                              \
    }
#define SIMD_FLOAT_UNARY(name, tiny_)                                  \
    struct name {                                                      \
        static constexpr Tiny tiny = Tiny::tiny_;                      \
        static constexpr Arithmetic arithmetic = arithmetic_of(#name); \
        static Xmm run(Xmm, Xmm b) {                                   \
            Xmm r;                                                     \
            asm volatile(#name " %1, %0" : "=x"(r) : "x"(b));          \
            return r;                                                  \
        }                                                              \
    }

namespace southgate::cpu::simd {

// HADD and HSUB: operations of their own that are as good as Plain on other lanes.
template <class Op, class Plain_>
struct Horizontal : Op {
    using Plain = Plain_;
    static Xmm first(Xmm a, Xmm b) {
        if constexpr (Op::tiny == Tiny::doubles)
            return _mm_unpacklo_epi64(a, b);
        else
            return _mm_castps_si128(_mm_shuffle_ps(_mm_castsi128_ps(a), _mm_castsi128_ps(b), 0x88));
    }
    static Xmm second(Xmm a, Xmm b) {
        if constexpr (Op::tiny == Tiny::doubles)
            return _mm_unpackhi_epi64(a, b);
        else
            return _mm_castps_si128(_mm_shuffle_ps(_mm_castsi128_ps(a), _mm_castsi128_ps(b), 0xdd));
    }
};

// The operation with all that MXCSR asks for. An Op of several steps raises what the first ones raise in
// before().
template <class Op>
[[gnu::always_inline]] inline Xmm execute_op(Cpu* c, const Uop* u, Xmm a, Xmm b) {
    if constexpr (requires { Op::before(c, u, a, b); }) Op::before(c, u, a, b);
    constexpr std::uint32_t range = (mxcsr::overflow | mxcsr::underflow) << mxcsr::mask_shift;
    if ((c->fpu.mxcsr & range) != range) [[unlikely]] {
        if constexpr (requires { typename Op::Plain; }) {
            using Plain = typename Op::Plain;
            return execute_unbounded(c, u, Plain::arithmetic, Op::tiny, Plain::run, Op::first(a, b),
                                     Op::second(a, b));
        } else if constexpr (requires { Op::arithmetic; }) {
            if constexpr (Op::arithmetic != Arithmetic::other)
                return execute_unbounded(c, u, Op::arithmetic, Op::tiny, Op::run, a, b);
        }
    }
    return execute(c, u, Op::tiny, [&] { return apply<Op>(c, u, a, b); });
}

template <class Op>
[[gnu::noinline]] const Uop* float_exact(Cpu* c, const Uop* u) {
    const Xmm a = get_xmm(c, u->reg), b = get_xmm(c, u->rm);
    set_xmm(c, u->reg, execute_op<Op>(c, u, a, b));
    return next(c, u);
}
template <class Op>
const Uop* float_r(Cpu* c, const Uop* u) {
    begin_sse(c, u);
    const Xmm r = apply<Op>(c, u, get_xmm(c, u->reg), get_xmm(c, u->rm));
    if (!uneventful(c)) [[unlikely]]
        return float_exact<Op>(c, u);
    set_xmm(c, u->reg, r);
    return next(c, u);
}
template <class Op, Width W>
[[gnu::noinline]] const Uop* float_any(Cpu* c, const Uop* u) {
    begin_sse(c, u);
    const Xmm a = get_xmm(c, u->reg), b = load_any(c, u, W);
    set_xmm(c, u->reg, execute_op<Op>(c, u, a, b));
    return next(c, u);
}
template <class Op, Width W, Mem M>
const Uop* float_m(Cpu* c, const Uop* u) {
    begin_sse(c, u);
    Xmm b;
    if (!load_fast<W, M>(c, u, b)) [[unlikely]]
        return float_any<Op, W>(c, u);
    const Xmm r = apply<Op>(c, u, get_xmm(c, u->reg), b);
    if (!uneventful(c)) [[unlikely]]
        return float_any<Op, W>(c, u);
    set_xmm(c, u->reg, r);
    return next(c, u);
}

template <class Op, Width W>
constexpr Forms float_forms(Features needs) {
    return {float_r<Op>, float_m<Op, W, Mem::flat>, float_m<Op, W, Mem::wide>, float_any<Op, W>, needs};
}

}  // namespace southgate::cpu::simd
