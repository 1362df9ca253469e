// Packs, unpacks, shuffles (MMX, SSE, SSE2).
#include "cpu_model/interpreter/simd/stubs.h"
#include "cpu_model/interpreter/simd/table.h"

namespace southgate::cpu::simd {
namespace {

namespace op {
SIMD_OP(packsswb);
SIMD_OP(packssdw);
SIMD_OP(packuswb);
SIMD_OP(punpcklbw);
SIMD_OP(punpcklwd);
SIMD_OP(punpckldq);
SIMD_OP(punpcklqdq);
SIMD_OP(punpckhbw);
SIMD_OP(punpckhwd);
SIMD_OP(punpckhdq);
SIMD_OP(punpckhqdq);
SIMD_OP(unpcklps);
SIMD_OP(unpckhps);
SIMD_OP(unpcklpd);
SIMD_OP(unpckhpd);
}  // namespace op

template <class Op, class MmxOp, Width W = Width::qword>
constexpr Entry both(ZydisMnemonic m) {
    return {m, xmm_forms<Op>(sse2_level), mmx_forms<MmxOp, W>(mmx_level)};
}
template <class Op>
constexpr Entry xmm(ZydisMnemonic m, Features needs) {
    return {m, xmm_forms<Op>(needs), {}};
}
constexpr Entry immediate(ZydisMnemonic m, const std::uint8_t* stubs, Features needs) {
    return {m, xmm_forms<Immediate>(needs), {}, stubs};
}

const Entry entries[] = {
    both<op::packsswb, Joined<op::packsswb>>(ZYDIS_MNEMONIC_PACKSSWB),
    both<op::packssdw, Joined<op::packssdw>>(ZYDIS_MNEMONIC_PACKSSDW),
    both<op::packuswb, Joined<op::packuswb>>(ZYDIS_MNEMONIC_PACKUSWB),
    // The MMX forms read 32 bits of memory (SDM vol. 2B PUNPCKLBW).
    both<op::punpcklbw, op::punpcklbw, Width::dword>(ZYDIS_MNEMONIC_PUNPCKLBW),
    both<op::punpcklwd, op::punpcklwd, Width::dword>(ZYDIS_MNEMONIC_PUNPCKLWD),
    both<op::punpckldq, op::punpckldq, Width::dword>(ZYDIS_MNEMONIC_PUNPCKLDQ),
    both<op::punpckhbw, UpperHalf<op::punpcklbw>>(ZYDIS_MNEMONIC_PUNPCKHBW),
    both<op::punpckhwd, UpperHalf<op::punpcklwd>>(ZYDIS_MNEMONIC_PUNPCKHWD),
    both<op::punpckhdq, UpperHalf<op::punpckldq>>(ZYDIS_MNEMONIC_PUNPCKHDQ),
    xmm<op::punpcklqdq>(ZYDIS_MNEMONIC_PUNPCKLQDQ, sse2_level),
    xmm<op::punpckhqdq>(ZYDIS_MNEMONIC_PUNPCKHQDQ, sse2_level),
    xmm<op::unpcklps>(ZYDIS_MNEMONIC_UNPCKLPS, sse_level),
    xmm<op::unpckhps>(ZYDIS_MNEMONIC_UNPCKHPS, sse_level),
    xmm<op::unpcklpd>(ZYDIS_MNEMONIC_UNPCKLPD, sse2_level),
    xmm<op::unpckhpd>(ZYDIS_MNEMONIC_UNPCKHPD, sse2_level),
    immediate(ZYDIS_MNEMONIC_PSHUFD, southgate_simd_pshufd, sse2_level),
    immediate(ZYDIS_MNEMONIC_PSHUFHW, southgate_simd_pshufhw, sse2_level),
    immediate(ZYDIS_MNEMONIC_PSHUFLW, southgate_simd_pshuflw, sse2_level),
    immediate(ZYDIS_MNEMONIC_SHUFPS, southgate_simd_shufps, sse_level),
    immediate(ZYDIS_MNEMONIC_SHUFPD, southgate_simd_shufpd, sse2_level),
    {ZYDIS_MNEMONIC_PSHUFW, {}, mmx_forms<Immediate>(sse_level), southgate_simd_pshuflw},
};

}  // namespace

void register_shuffles(HandlerTable& t) { add(t, entries); }

}  // namespace southgate::cpu::simd
