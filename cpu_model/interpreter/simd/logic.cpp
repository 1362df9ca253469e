// Bitwise logic, comparisons, minimum and maximum, averages (MMX, SSE, SSE2).
#include "cpu_model/interpreter/simd/table.h"

namespace southgate::cpu::simd {
namespace {

namespace op {
SIMD_OP(pand);
SIMD_OP(pandn);
SIMD_OP(por);
SIMD_OP(pxor);
SIMD_OP(pcmpeqb);
SIMD_OP(pcmpeqw);
SIMD_OP(pcmpeqd);
SIMD_OP(pcmpgtb);
SIMD_OP(pcmpgtw);
SIMD_OP(pcmpgtd);
SIMD_OP(pminub);
SIMD_OP(pminsw);
SIMD_OP(pmaxub);
SIMD_OP(pmaxsw);
SIMD_OP(pavgb);
SIMD_OP(pavgw);
}  // namespace op

template <class Op>
constexpr Entry both(ZydisMnemonic m, Features mmx = mmx_level) {
    return {m, xmm_forms<Op>(sse2_level), mmx_forms<Op>(mmx)};
}
template <class Op>
constexpr Entry xmm(ZydisMnemonic m, Features needs) {
    return {m, xmm_forms<Op>(needs), {}};
}

constexpr Entry entries[] = {
    both<op::pand>(ZYDIS_MNEMONIC_PAND),
    both<op::pandn>(ZYDIS_MNEMONIC_PANDN),
    both<op::por>(ZYDIS_MNEMONIC_POR),
    both<op::pxor>(ZYDIS_MNEMONIC_PXOR),
    // The same bits, whatever type they have.
    xmm<op::pand>(ZYDIS_MNEMONIC_ANDPS, sse_level),
    xmm<op::pandn>(ZYDIS_MNEMONIC_ANDNPS, sse_level),
    xmm<op::por>(ZYDIS_MNEMONIC_ORPS, sse_level),
    xmm<op::pxor>(ZYDIS_MNEMONIC_XORPS, sse_level),
    xmm<op::pand>(ZYDIS_MNEMONIC_ANDPD, sse2_level),
    xmm<op::pandn>(ZYDIS_MNEMONIC_ANDNPD, sse2_level),
    xmm<op::por>(ZYDIS_MNEMONIC_ORPD, sse2_level),
    xmm<op::pxor>(ZYDIS_MNEMONIC_XORPD, sse2_level),
    both<op::pcmpeqb>(ZYDIS_MNEMONIC_PCMPEQB),
    both<op::pcmpeqw>(ZYDIS_MNEMONIC_PCMPEQW),
    both<op::pcmpeqd>(ZYDIS_MNEMONIC_PCMPEQD),
    both<op::pcmpgtb>(ZYDIS_MNEMONIC_PCMPGTB),
    both<op::pcmpgtw>(ZYDIS_MNEMONIC_PCMPGTW),
    both<op::pcmpgtd>(ZYDIS_MNEMONIC_PCMPGTD),
    both<op::pminub>(ZYDIS_MNEMONIC_PMINUB, sse_level),
    both<op::pminsw>(ZYDIS_MNEMONIC_PMINSW, sse_level),
    both<op::pmaxub>(ZYDIS_MNEMONIC_PMAXUB, sse_level),
    both<op::pmaxsw>(ZYDIS_MNEMONIC_PMAXSW, sse_level),
    both<op::pavgb>(ZYDIS_MNEMONIC_PAVGB, sse_level),
    both<op::pavgw>(ZYDIS_MNEMONIC_PAVGW, sse_level),
};

}  // namespace

void register_logic(HandlerTable& t) { add(t, entries); }

}  // namespace southgate::cpu::simd
