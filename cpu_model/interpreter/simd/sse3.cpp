// SSE3 and SSSE3.
#include "cpu_model/interpreter/simd/float.h"
#include "cpu_model/interpreter/simd/stubs.h"

namespace southgate::cpu::simd {
namespace {

namespace op {
SIMD_FLOAT(haddps, singles);
SIMD_FLOAT(haddpd, doubles);
SIMD_FLOAT(hsubps, singles);
SIMD_FLOAT(hsubpd, doubles);
SIMD_FLOAT(addsubps, singles);
SIMD_FLOAT(addsubpd, doubles);
SIMD_FLOAT(addps, singles);
SIMD_FLOAT(addpd, doubles);
SIMD_FLOAT(subps, singles);
SIMD_FLOAT(subpd, doubles);
SIMD_UNARY(movsldup);
SIMD_UNARY(movshdup);
SIMD_UNARY(movddup);
SIMD_OP(pshufb);
SIMD_OP(phaddw);
SIMD_OP(phaddd);
SIMD_OP(phaddsw);
SIMD_OP(pmaddubsw);
SIMD_OP(phsubw);
SIMD_OP(phsubd);
SIMD_OP(phsubsw);
SIMD_OP(psignb);
SIMD_OP(psignw);
SIMD_OP(psignd);
SIMD_OP(pmulhrsw);
SIMD_UNARY(pabsb);
SIMD_UNARY(pabsw);
SIMD_UNARY(pabsd);
// Indices into 8 bytes have three bits.
struct pshufb_mmx {
    static Xmm run(Xmm a, Xmm b) {
        return pshufb::run(a, _mm_and_si128(b, _mm_set1_epi8(static_cast<char>(0x87))));
    }
};
// The immediate counts bytes of destination:source.
struct palignr_mmx {
    static Xmm run(Cpu* c, const Uop* u, Xmm a, Xmm b) {
        return Immediate::run(c, u, _mm_setzero_si128(), _mm_unpacklo_epi64(b, a));
    }
};
}  // namespace op

template <class Op>
constexpr Entry sse3_float(ZydisMnemonic m) {
    return {m, float_forms<Op, Width::aligned>(sse3_level), {}};
}
template <class Op, class MmxOp = Op>
constexpr Entry ssse3(ZydisMnemonic m, const std::uint8_t* stubs = nullptr) {
    return {m, xmm_forms<Op>(ssse3_level), mmx_forms<MmxOp>(ssse3_level), stubs};
}

const Entry entries[] = {
    sse3_float<Horizontal<op::haddps, op::addps>>(ZYDIS_MNEMONIC_HADDPS),
    sse3_float<Horizontal<op::haddpd, op::addpd>>(ZYDIS_MNEMONIC_HADDPD),
    sse3_float<Horizontal<op::hsubps, op::subps>>(ZYDIS_MNEMONIC_HSUBPS),
    sse3_float<Horizontal<op::hsubpd, op::subpd>>(ZYDIS_MNEMONIC_HSUBPD),
    sse3_float<op::addsubps>(ZYDIS_MNEMONIC_ADDSUBPS),
    sse3_float<op::addsubpd>(ZYDIS_MNEMONIC_ADDSUBPD),
    {ZYDIS_MNEMONIC_MOVSLDUP, xmm_forms<op::movsldup>(sse3_level), {}},
    {ZYDIS_MNEMONIC_MOVSHDUP, xmm_forms<op::movshdup>(sse3_level), {}},
    {ZYDIS_MNEMONIC_MOVDDUP, xmm_forms<op::movddup, Width::qword>(sse3_level), {}},
    ssse3<op::pshufb, op::pshufb_mmx>(ZYDIS_MNEMONIC_PSHUFB),
    ssse3<op::phaddw, Joined<op::phaddw>>(ZYDIS_MNEMONIC_PHADDW),
    ssse3<op::phaddd, Joined<op::phaddd>>(ZYDIS_MNEMONIC_PHADDD),
    ssse3<op::phaddsw, Joined<op::phaddsw>>(ZYDIS_MNEMONIC_PHADDSW),
    ssse3<op::phsubw, Joined<op::phsubw>>(ZYDIS_MNEMONIC_PHSUBW),
    ssse3<op::phsubd, Joined<op::phsubd>>(ZYDIS_MNEMONIC_PHSUBD),
    ssse3<op::phsubsw, Joined<op::phsubsw>>(ZYDIS_MNEMONIC_PHSUBSW),
    ssse3<op::pmaddubsw>(ZYDIS_MNEMONIC_PMADDUBSW),
    ssse3<op::psignb>(ZYDIS_MNEMONIC_PSIGNB),
    ssse3<op::psignw>(ZYDIS_MNEMONIC_PSIGNW),
    ssse3<op::psignd>(ZYDIS_MNEMONIC_PSIGND),
    ssse3<op::pmulhrsw>(ZYDIS_MNEMONIC_PMULHRSW),
    ssse3<op::pabsb>(ZYDIS_MNEMONIC_PABSB),
    ssse3<op::pabsw>(ZYDIS_MNEMONIC_PABSW),
    ssse3<op::pabsd>(ZYDIS_MNEMONIC_PABSD),
    ssse3<Immediate, op::palignr_mmx>(ZYDIS_MNEMONIC_PALIGNR, southgate_simd_palignr),
};

}  // namespace

void register_sse3(HandlerTable& t) { add(t, entries); }

}  // namespace southgate::cpu::simd
