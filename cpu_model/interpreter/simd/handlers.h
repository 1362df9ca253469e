// Handlers of instructions that combine a register with a register or memory operand: templates over a
// function object `Op`, `static Xmm run(Xmm destination, Xmm source)` or, when it needs more, run(c, u, ...).
//
// A memory form exists twice: `..._m` holds only the TLB hit, `..._any` does everything else.
#pragma once

#include "cpu_model/interpreter/simd/memory.h"

// A function object that executes one host instruction, so that what it does to NaNs, order and unused lanes
// is exactly what the guest's would do. SIMD_UNARY: the destination is only written.
#define SIMD_OP(name)                                \
    struct name {                                    \
        static Xmm run(Xmm a, Xmm b) {               \
            asm(#name " %1, %0" : "+x"(a) : "x"(b)); \
            return a;                                \
        }                                            \
    }
#define SIMD_UNARY(name)                             \
    struct name {                                    \
        static Xmm run(Xmm, Xmm b) {                 \
            Xmm r;                                   \
            asm(#name " %1, %0" : "=x"(r) : "x"(b)); \
            return r;                                \
        }                                            \
    }

namespace southgate::cpu::simd {

template <class Op>
[[gnu::always_inline]] inline Xmm apply(Cpu* c, const Uop* u, Xmm a, Xmm b) {
    if constexpr (requires { Op::run(c, u, a, b); })
        return Op::run(c, u, a, b);
    else
        return Op::run(a, b);
}

// --- XMM ---
template <class Op>
const Uop* xmm_r(Cpu* c, const Uop* u) {
    begin_sse(c, u);
    set_xmm(c, u->reg, apply<Op>(c, u, get_xmm(c, u->reg), get_xmm(c, u->rm)));
    return next(c, u);
}
template <class Op, Width W>
[[gnu::noinline]] const Uop* xmm_any(Cpu* c, const Uop* u) {
    begin_sse(c, u);
    const Xmm b = load_any(c, u, W);
    set_xmm(c, u->reg, apply<Op>(c, u, get_xmm(c, u->reg), b));
    return next(c, u);
}
template <class Op, Width W, Mem M>
const Uop* xmm_m(Cpu* c, const Uop* u) {
    begin_sse(c, u);
    Xmm b;
    if (!load_fast<W, M>(c, u, b)) [[unlikely]]
        return xmm_any<Op, W>(c, u);
    set_xmm(c, u->reg, apply<Op>(c, u, get_xmm(c, u->reg), b));
    return next(c, u);
}

// --- MMX: the low 64 bits of an XMM operation, whose upper halves are 0 ---
template <class Op>
const Uop* mmx_r(Cpu* c, const Uop* u) {
    begin_mmx(c, u);
    const Xmm r = apply<Op>(c, u, widen(get_mmx(c, u->reg)), widen(get_mmx(c, u->rm)));
    enter_mmx(c);
    set_mmx(c, u->reg, low(r));
    return next(c, u);
}
template <class Op, Width W>
[[gnu::noinline]] const Uop* mmx_any(Cpu* c, const Uop* u) {
    begin_mmx(c, u);
    const Xmm b = load_any(c, u, W);
    const Xmm r = apply<Op>(c, u, widen(get_mmx(c, u->reg)), b);
    enter_mmx(c);
    set_mmx(c, u->reg, low(r));
    return next(c, u);
}
template <class Op, Width W, Mem M>
const Uop* mmx_m(Cpu* c, const Uop* u) {
    begin_mmx(c, u);
    Xmm b;
    if (!load_fast<W, M>(c, u, b)) [[unlikely]]
        return mmx_any<Op, W>(c, u);
    const Xmm r = apply<Op>(c, u, widen(get_mmx(c, u->reg)), b);
    enter_mmx(c);
    set_mmx(c, u->reg, low(r));
    return next(c, u);
}

// --- XMM operations on the two halves of one MMX result: packs, horizontal sums, shuffles ---
// Lanes come from the destination, then from the source: both side by side.
template <class Op>
struct Joined {
    static Xmm run(Xmm a, Xmm b) {
        const Xmm both = _mm_unpacklo_epi64(a, b);
        return Op::run(both, both);
    }
};
// The upper half of what Op makes of the low halves.
template <class Op>
struct UpperHalf {
    static Xmm run(Xmm a, Xmm b) { return _mm_srli_si128(Op::run(a, b), 8); }
};

}  // namespace southgate::cpu::simd
