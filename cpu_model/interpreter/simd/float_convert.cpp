// Conversions between floating-point formats and integers, and the comparisons that set EFLAGS (SSE, SSE2).
#include "cpu_model/interpreter/flags.h"
#include "cpu_model/interpreter/simd/float.h"

namespace southgate::cpu::simd {
namespace {

namespace op {
SIMD_FLOAT_UNARY(cvtps2pd, never);
SIMD_FLOAT_UNARY(cvtpd2ps, singles);
SIMD_FLOAT(cvtss2sd, never);
SIMD_FLOAT(cvtsd2ss, single);
SIMD_FLOAT_UNARY(cvtdq2ps, never);
SIMD_UNARY(cvtdq2pd);
SIMD_FLOAT_UNARY(cvtps2dq, never);
SIMD_FLOAT_UNARY(cvttps2dq, never);
SIMD_FLOAT_UNARY(cvtpd2dq, never);
SIMD_FLOAT_UNARY(cvttpd2dq, never);
}  // namespace op

template <class Op, Width W>
constexpr Entry entry(ZydisMnemonic m, Features needs = sse2_level) {
    return {m, float_forms<Op, W>(needs), {}};
}
constexpr Width packed = Width::aligned, single = Width::dword, double_ = Width::qword;
constexpr Entry entries[] = {
    entry<op::cvtps2pd, double_>(ZYDIS_MNEMONIC_CVTPS2PD),
    entry<op::cvtpd2ps, packed>(ZYDIS_MNEMONIC_CVTPD2PS),
    entry<op::cvtss2sd, single>(ZYDIS_MNEMONIC_CVTSS2SD),
    entry<op::cvtsd2ss, double_>(ZYDIS_MNEMONIC_CVTSD2SS),
    entry<op::cvtdq2ps, packed>(ZYDIS_MNEMONIC_CVTDQ2PS),
    entry<op::cvtps2dq, packed>(ZYDIS_MNEMONIC_CVTPS2DQ),
    entry<op::cvttps2dq, packed>(ZYDIS_MNEMONIC_CVTTPS2DQ),
    entry<op::cvtpd2dq, packed>(ZYDIS_MNEMONIC_CVTPD2DQ),
    entry<op::cvttpd2dq, packed>(ZYDIS_MNEMONIC_CVTTPD2DQ),
    // Exact in every case.
    {ZYDIS_MNEMONIC_CVTDQ2PD, xmm_forms<op::cvtdq2pd, double_>(sse2_level), {}},
};

// --- CVT(T)SS2SI, CVT(T)SD2SI: T is the destination ---
#define SIMD_TO_INTEGER(name)                                 \
    struct name {                                             \
        template <class T>                                    \
        static T run(Xmm b) {                                 \
            T r;                                              \
            asm volatile(#name " %1, %0" : "=r"(r) : "x"(b)); \
            return r;                                         \
        }                                                     \
    }
SIMD_TO_INTEGER(cvtss2si);
SIMD_TO_INTEGER(cvttss2si);
SIMD_TO_INTEGER(cvtsd2si);
SIMD_TO_INTEGER(cvttsd2si);
#undef SIMD_TO_INTEGER

template <class Op, class T, Width W, bool memory>
const Uop* to_integer(Cpu* c, const Uop* u) {
    begin_sse(c, u);
    const Xmm b = memory ? load_any(c, u, W) : get_xmm(c, u->rm);
    T r = Op::template run<T>(b);
    if (!uneventful(c)) [[unlikely]]
        r = execute(c, u, Tiny::never, [&] { return Op::template run<T>(b); });
    set_reg<T>(c, u->reg, r);
    return next(c, u);
}
template <class Op, Width W>
void select_to_integer(const Instruction& i, Translation& t) {
    if (!(W == Width::dword ? sse_level : sse2_level).in(i)) return;
    if (i.rex_w)
        t.uop.handler =
            i.memory() ? to_integer<Op, std::uint64_t, W, true> : to_integer<Op, std::uint64_t, W, false>;
    else
        t.uop.handler =
            i.memory() ? to_integer<Op, std::uint32_t, W, true> : to_integer<Op, std::uint32_t, W, false>;
}

// --- CVTSI2SS, CVTSI2SD: T is the source ---
#define SIMD_FROM_INTEGER(name, level)                         \
    struct name {                                              \
        static constexpr Features needs = level;               \
        static Xmm run(Xmm a, std::uint32_t b) {               \
            asm volatile(#name "l %1, %0" : "+x"(a) : "r"(b)); \
            return a;                                          \
        }                                                      \
        static Xmm run(Xmm a, std::uint64_t b) {               \
            asm volatile(#name "q %1, %0" : "+x"(a) : "r"(b)); \
            return a;                                          \
        }                                                      \
    }
SIMD_FROM_INTEGER(cvtsi2ss, sse_level);
SIMD_FROM_INTEGER(cvtsi2sd, sse2_level);
#undef SIMD_FROM_INTEGER

template <class Op, class T, bool memory>
const Uop* from_integer(Cpu* c, const Uop* u) {
    begin_sse(c, u);
    const T b = memory ? load<T, Mem::segmented>(c, u) : get_reg<T>(c, u->rm);
    const Xmm a = get_xmm(c, u->reg);
    Xmm r = Op::run(a, b);
    if (!uneventful(c)) [[unlikely]]
        r = execute(c, u, Tiny::never, [&] { return Op::run(a, b); });
    set_xmm(c, u->reg, r);
    return next(c, u);
}
template <class Op>
void select_from_integer(const Instruction& i, Translation& t) {
    if (!Op::needs.in(i)) return;
    if (i.rex_w)
        t.uop.handler =
            i.memory() ? from_integer<Op, std::uint64_t, true> : from_integer<Op, std::uint64_t, false>;
    else
        t.uop.handler =
            i.memory() ? from_integer<Op, std::uint32_t, true> : from_integer<Op, std::uint32_t, false>;
}

// --- COMISS and kin: ZF, PF, CF; the others 0 (SDM vol. 2A COMISS) ---
#define SIMD_COMPARE(name)                                                                           \
    struct name {                                                                                    \
        static std::uint64_t run(Xmm a, Xmm b) {                                                     \
            bool z, p, carry;                                                                        \
            asm volatile(#name " %4, %3" : "=@ccz"(z), "=@ccp"(p), "=@ccc"(carry) : "x"(a), "x"(b)); \
            return (z ? eflags::zf : 0) | (p ? eflags::pf : 0) | (carry ? eflags::cf : 0);           \
        }                                                                                            \
    }
SIMD_COMPARE(comiss);
SIMD_COMPARE(ucomiss);
SIMD_COMPARE(comisd);
SIMD_COMPARE(ucomisd);
#undef SIMD_COMPARE

template <class Op, Width W, bool memory>
const Uop* compare(Cpu* c, const Uop* u) {
    begin_sse(c, u);
    const Xmm a = get_xmm(c, u->reg), b = memory ? load_any(c, u, W) : get_xmm(c, u->rm);
    std::uint64_t flags = Op::run(a, b);
    if (!uneventful(c)) [[unlikely]]
        flags = execute(c, u, Tiny::never, [&] { return Op::run(a, b); });
    set_status_flags(c, flags);
    return next(c, u);
}
template <class Op, Width W>
void select_compare(const Instruction& i, Translation& t) {
    if ((W == Width::dword ? sse_level : sse2_level).in(i))
        t.uop.handler = i.memory() ? compare<Op, W, true> : compare<Op, W, false>;
}

// --- between XMM and MMX registers: the low halves of the operations on XMM registers alone ---
// #XM comes with the x87 state already that of MMX, as on processors; the instruction can still restart.
// An MMX source in memory does not make this an MMX instruction for doubles (SDM vol. 2A CVTPI2PD).
template <class Op, bool memory, bool doubles>
const Uop* from_mmx(Cpu* c, const Uop* u) {
    begin_sse(c, u);
    constexpr bool uses_mmx = !(memory && doubles);
    if constexpr (uses_mmx) begin_mmx(c, u);
    const Xmm a = get_xmm(c, u->reg);
    const Xmm b = memory ? load_any(c, u, Width::qword) : widen(get_mmx(c, u->rm));
    if constexpr (uses_mmx) enter_mmx(c);
    const Xmm r = execute(c, u, Tiny::never, [&] { return Op::run(a, b); });
    if constexpr (doubles)
        set_xmm(c, u->reg, r);
    else
        set_lane<std::uint64_t>(c, u->reg, 0, low(r));
    return next(c, u);
}
template <class Op, Width W, bool memory>
const Uop* to_mmx(Cpu* c, const Uop* u) {
    begin_sse(c, u);
    begin_mmx(c, u);
    Xmm b = memory ? load_any(c, u, W) : get_xmm(c, u->rm);
    if constexpr (W == Width::qword) b = _mm_move_epi64(b);
    enter_mmx(c);
    const Xmm r = execute(c, u, Tiny::never, [&] { return Op::run(b, b); });
    set_mmx(c, u->reg, low(r));
    return next(c, u);
}
template <class Op, bool doubles>
void select_from_mmx(const Instruction& i, Translation& t) {
    if (!(doubles ? sse2_level : sse_level).in(i)) return;
    if (!i.memory()) t.uop.rm = static_cast<std::uint8_t>((i.rm & 7) * 8);
    t.uop.handler = i.memory() ? from_mmx<Op, true, doubles> : from_mmx<Op, false, doubles>;
}
template <class Op, Width W>
void select_to_mmx(const Instruction& i, Translation& t) {
    if (!(W == Width::aligned ? sse2_level : sse_level).in(i)) return;
    t.uop.reg = static_cast<std::uint8_t>((i.reg & 7) * 8);
    t.uop.handler = i.memory() ? to_mmx<Op, W, true> : to_mmx<Op, W, false>;
}

}  // namespace

void register_float_convert(HandlerTable& t) {
    add(t, entries);
    t.add(ZYDIS_MNEMONIC_CVTSS2SI, select_to_integer<cvtss2si, single>);
    t.add(ZYDIS_MNEMONIC_CVTTSS2SI, select_to_integer<cvttss2si, single>);
    t.add(ZYDIS_MNEMONIC_CVTSD2SI, select_to_integer<cvtsd2si, double_>);
    t.add(ZYDIS_MNEMONIC_CVTTSD2SI, select_to_integer<cvttsd2si, double_>);
    t.add(ZYDIS_MNEMONIC_CVTSI2SS, select_from_integer<cvtsi2ss>);
    t.add(ZYDIS_MNEMONIC_CVTSI2SD, select_from_integer<cvtsi2sd>);
    t.add(ZYDIS_MNEMONIC_COMISS, select_compare<comiss, single>);
    t.add(ZYDIS_MNEMONIC_UCOMISS, select_compare<ucomiss, single>);
    t.add(ZYDIS_MNEMONIC_COMISD, select_compare<comisd, double_>);
    t.add(ZYDIS_MNEMONIC_UCOMISD, select_compare<ucomisd, double_>);
    t.add(ZYDIS_MNEMONIC_CVTPI2PS, select_from_mmx<op::cvtdq2ps, false>);
    t.add(ZYDIS_MNEMONIC_CVTPI2PD, select_from_mmx<op::cvtdq2pd, true>);
    t.add(ZYDIS_MNEMONIC_CVTPS2PI, select_to_mmx<op::cvtps2dq, double_>);
    t.add(ZYDIS_MNEMONIC_CVTTPS2PI, select_to_mmx<op::cvttps2dq, double_>);
    t.add(ZYDIS_MNEMONIC_CVTPD2PI, select_to_mmx<op::cvtpd2dq, packed>);
    t.add(ZYDIS_MNEMONIC_CVTTPD2PI, select_to_mmx<op::cvttpd2dq, packed>);
}

}  // namespace southgate::cpu::simd
