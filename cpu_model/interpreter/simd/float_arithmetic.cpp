// Floating-point arithmetic of SSE and SSE2: ADD SUB MUL DIV MIN MAX SQRT RCP RSQRT CMP.
#include "cpu_model/interpreter/simd/float.h"
#include "cpu_model/interpreter/simd/stubs.h"

namespace southgate::cpu::simd {
namespace {

namespace op {
SIMD_FLOAT(addps, singles);
SIMD_FLOAT(addpd, doubles);
SIMD_FLOAT(addss, single);
SIMD_FLOAT(addsd, double_);
SIMD_FLOAT(subps, singles);
SIMD_FLOAT(subpd, doubles);
SIMD_FLOAT(subss, single);
SIMD_FLOAT(subsd, double_);
SIMD_FLOAT(mulps, singles);
SIMD_FLOAT(mulpd, doubles);
SIMD_FLOAT(mulss, single);
SIMD_FLOAT(mulsd, double_);
SIMD_FLOAT(divps, singles);
SIMD_FLOAT(divpd, doubles);
SIMD_FLOAT(divss, single);
SIMD_FLOAT(divsd, double_);
SIMD_FLOAT(minps, never);
SIMD_FLOAT(minpd, never);
SIMD_FLOAT(minss, never);
SIMD_FLOAT(minsd, never);
SIMD_FLOAT(maxps, never);
SIMD_FLOAT(maxpd, never);
SIMD_FLOAT(maxss, never);
SIMD_FLOAT(maxsd, never);
SIMD_FLOAT_UNARY(sqrtps, never);
SIMD_FLOAT_UNARY(sqrtpd, never);
SIMD_FLOAT(sqrtss, never);
SIMD_FLOAT(sqrtsd, never);
// Approximations: the host's, without flags.
SIMD_UNARY(rcpps);
SIMD_UNARY(rsqrtps);
SIMD_OP(rcpss);
SIMD_OP(rsqrtss);
struct compare : Immediate {
    static constexpr Tiny tiny = Tiny::never;
};
}  // namespace op

template <class Op, Width W>
constexpr Entry entry(ZydisMnemonic m, Features needs, const std::uint8_t* stubs = nullptr) {
    return {m, float_forms<Op, W>(needs), {}, stubs};
}
constexpr Width packed = Width::aligned, single = Width::dword, double_ = Width::qword;

const Entry entries[] = {
    entry<op::addps, packed>(ZYDIS_MNEMONIC_ADDPS, sse_level),
    entry<op::addpd, packed>(ZYDIS_MNEMONIC_ADDPD, sse2_level),
    entry<op::addss, single>(ZYDIS_MNEMONIC_ADDSS, sse_level),
    entry<op::addsd, double_>(ZYDIS_MNEMONIC_ADDSD, sse2_level),
    entry<op::subps, packed>(ZYDIS_MNEMONIC_SUBPS, sse_level),
    entry<op::subpd, packed>(ZYDIS_MNEMONIC_SUBPD, sse2_level),
    entry<op::subss, single>(ZYDIS_MNEMONIC_SUBSS, sse_level),
    entry<op::subsd, double_>(ZYDIS_MNEMONIC_SUBSD, sse2_level),
    entry<op::mulps, packed>(ZYDIS_MNEMONIC_MULPS, sse_level),
    entry<op::mulpd, packed>(ZYDIS_MNEMONIC_MULPD, sse2_level),
    entry<op::mulss, single>(ZYDIS_MNEMONIC_MULSS, sse_level),
    entry<op::mulsd, double_>(ZYDIS_MNEMONIC_MULSD, sse2_level),
    entry<op::divps, packed>(ZYDIS_MNEMONIC_DIVPS, sse_level),
    entry<op::divpd, packed>(ZYDIS_MNEMONIC_DIVPD, sse2_level),
    entry<op::divss, single>(ZYDIS_MNEMONIC_DIVSS, sse_level),
    entry<op::divsd, double_>(ZYDIS_MNEMONIC_DIVSD, sse2_level),
    entry<op::minps, packed>(ZYDIS_MNEMONIC_MINPS, sse_level),
    entry<op::minpd, packed>(ZYDIS_MNEMONIC_MINPD, sse2_level),
    entry<op::minss, single>(ZYDIS_MNEMONIC_MINSS, sse_level),
    entry<op::minsd, double_>(ZYDIS_MNEMONIC_MINSD, sse2_level),
    entry<op::maxps, packed>(ZYDIS_MNEMONIC_MAXPS, sse_level),
    entry<op::maxpd, packed>(ZYDIS_MNEMONIC_MAXPD, sse2_level),
    entry<op::maxss, single>(ZYDIS_MNEMONIC_MAXSS, sse_level),
    entry<op::maxsd, double_>(ZYDIS_MNEMONIC_MAXSD, sse2_level),
    entry<op::sqrtps, packed>(ZYDIS_MNEMONIC_SQRTPS, sse_level),
    entry<op::sqrtpd, packed>(ZYDIS_MNEMONIC_SQRTPD, sse2_level),
    entry<op::sqrtss, single>(ZYDIS_MNEMONIC_SQRTSS, sse_level),
    entry<op::sqrtsd, double_>(ZYDIS_MNEMONIC_SQRTSD, sse2_level),
    entry<op::compare, packed>(ZYDIS_MNEMONIC_CMPPS, sse_level, southgate_simd_cmpps),
    entry<op::compare, packed>(ZYDIS_MNEMONIC_CMPPD, sse2_level, southgate_simd_cmppd),
    entry<op::compare, single>(ZYDIS_MNEMONIC_CMPSS, sse_level, southgate_simd_cmpss),
    entry<op::compare, double_>(ZYDIS_MNEMONIC_CMPSD, sse2_level, southgate_simd_cmpsd),
    {ZYDIS_MNEMONIC_RCPPS, xmm_forms<op::rcpps>(sse_level), {}},
    {ZYDIS_MNEMONIC_RSQRTPS, xmm_forms<op::rsqrtps>(sse_level), {}},
    {ZYDIS_MNEMONIC_RCPSS, xmm_forms<op::rcpss, single>(sse_level), {}},
    {ZYDIS_MNEMONIC_RSQRTSS, xmm_forms<op::rsqrtss, single>(sse_level), {}},
};

Select string_compare, float_compare;

}  // namespace

void register_float_arithmetic(HandlerTable& t) {
    string_compare = t.find(ZYDIS_MNEMONIC_CMPSD);
    add(t, entries);
    float_compare = t.find(ZYDIS_MNEMONIC_CMPSD);
    // The mnemonic of two instructions.
    t.add(ZYDIS_MNEMONIC_CMPSD,
          [](const Instruction& i, Translation& x) { (i.map == 0 ? string_compare : float_compare)(i, x); });
}

}  // namespace southgate::cpu::simd
