// Packed integer addition, subtraction, multiplication (MMX, SSE, SSE2).
#include "cpu_model/interpreter/simd/table.h"

namespace southgate::cpu::simd {
namespace {

namespace op {
SIMD_OP(paddb);
SIMD_OP(paddw);
SIMD_OP(paddd);
SIMD_OP(paddq);
SIMD_OP(paddsb);
SIMD_OP(paddsw);
SIMD_OP(paddusb);
SIMD_OP(paddusw);
SIMD_OP(psubb);
SIMD_OP(psubw);
SIMD_OP(psubd);
SIMD_OP(psubq);
SIMD_OP(psubsb);
SIMD_OP(psubsw);
SIMD_OP(psubusb);
SIMD_OP(psubusw);
SIMD_OP(pmullw);
SIMD_OP(pmulhw);
SIMD_OP(pmulhuw);
SIMD_OP(pmuludq);
SIMD_OP(pmaddwd);
SIMD_OP(psadbw);
}  // namespace op

template <class Op>
constexpr Entry both(ZydisMnemonic m, Features mmx = mmx_level) {
    return {m, xmm_forms<Op>(sse2_level), mmx_forms<Op>(mmx)};
}

constexpr Entry entries[] = {
    both<op::paddb>(ZYDIS_MNEMONIC_PADDB),
    both<op::paddw>(ZYDIS_MNEMONIC_PADDW),
    both<op::paddd>(ZYDIS_MNEMONIC_PADDD),
    both<op::paddq>(ZYDIS_MNEMONIC_PADDQ, sse2_level),
    both<op::paddsb>(ZYDIS_MNEMONIC_PADDSB),
    both<op::paddsw>(ZYDIS_MNEMONIC_PADDSW),
    both<op::paddusb>(ZYDIS_MNEMONIC_PADDUSB),
    both<op::paddusw>(ZYDIS_MNEMONIC_PADDUSW),
    both<op::psubb>(ZYDIS_MNEMONIC_PSUBB),
    both<op::psubw>(ZYDIS_MNEMONIC_PSUBW),
    both<op::psubd>(ZYDIS_MNEMONIC_PSUBD),
    both<op::psubq>(ZYDIS_MNEMONIC_PSUBQ, sse2_level),
    both<op::psubsb>(ZYDIS_MNEMONIC_PSUBSB),
    both<op::psubsw>(ZYDIS_MNEMONIC_PSUBSW),
    both<op::psubusb>(ZYDIS_MNEMONIC_PSUBUSB),
    both<op::psubusw>(ZYDIS_MNEMONIC_PSUBUSW),
    both<op::pmullw>(ZYDIS_MNEMONIC_PMULLW),
    both<op::pmulhw>(ZYDIS_MNEMONIC_PMULHW),
    both<op::pmulhuw>(ZYDIS_MNEMONIC_PMULHUW, sse_level),
    both<op::pmuludq>(ZYDIS_MNEMONIC_PMULUDQ, sse2_level),
    both<op::pmaddwd>(ZYDIS_MNEMONIC_PMADDWD),
    both<op::psadbw>(ZYDIS_MNEMONIC_PSADBW, sse_level),
};

}  // namespace

void register_integer(HandlerTable& t) { add(t, entries); }

}  // namespace southgate::cpu::simd
