// SSE4.1, PCMPGTQ of SSE4.2, AES, PCLMULQDQ. PCMPxSTRx is in string_compare.cpp, lanes in lane_moves.cpp.
#include <array>

#include "cpu_model/interpreter/flags.h"
#include "cpu_model/interpreter/simd/float.h"
#include "cpu_model/interpreter/simd/stubs.h"

namespace southgate::cpu::simd {
namespace {

namespace op {
SIMD_OP(pmuldq);
SIMD_OP(pcmpeqq);
SIMD_OP(pcmpgtq);
SIMD_OP(packusdw);
SIMD_OP(pmulld);
SIMD_UNARY(phminposuw);
SIMD_OP(pminsb);
SIMD_OP(pminsd);
SIMD_OP(pminuw);
SIMD_OP(pminud);
SIMD_OP(pmaxsb);
SIMD_OP(pmaxsd);
SIMD_OP(pmaxuw);
SIMD_OP(pmaxud);
SIMD_UNARY(pmovsxbw);
SIMD_UNARY(pmovsxbd);
SIMD_UNARY(pmovsxbq);
SIMD_UNARY(pmovsxwd);
SIMD_UNARY(pmovsxwq);
SIMD_UNARY(pmovsxdq);
SIMD_UNARY(pmovzxbw);
SIMD_UNARY(pmovzxbd);
SIMD_UNARY(pmovzxbq);
SIMD_UNARY(pmovzxwd);
SIMD_UNARY(pmovzxwq);
SIMD_UNARY(pmovzxdq);
SIMD_UNARY(aesimc);
SIMD_OP(aesenc);
SIMD_OP(aesenclast);
SIMD_OP(aesdec);
SIMD_OP(aesdeclast);

// The mask is XMM0.
#define SIMD_BLEND(name)                                                 \
    struct name {                                                        \
        static Xmm run(Cpu* c, const Uop*, Xmm a, Xmm b) {               \
            const Xmm mask = get_xmm(c, 0);                              \
            asm(#name " %%xmm0, %1, %0" : "+x"(a) : "x"(b), "Yz"(mask)); \
            return a;                                                    \
        }                                                                \
    }
SIMD_BLEND(pblendvb);
SIMD_BLEND(blendvps);
SIMD_BLEND(blendvpd);
#undef SIMD_BLEND

struct round : Immediate {
    static constexpr Tiny tiny = Tiny::never;
};
SIMD_FLOAT(mulps, singles);
SIMD_FLOAT(mulpd, doubles);
SIMD_FLOAT(haddps, singles);
SIMD_FLOAT(haddpd, doubles);
SIMD_FLOAT(addps, singles);
SIMD_FLOAT(addpd, doubles);

// Products, then sums: an unmasked exception in one step keeps the next from being looked at. Lanes that the
// immediate does not select are 0 and silent.
template <class Multiply, class Add, Tiny t, unsigned lanes>
struct dot : Immediate {
    static constexpr Tiny tiny = t;
    static const std::uint8_t* stubs() { return lanes == 4 ? southgate_simd_dpps : southgate_simd_dppd; }
    static void before(Cpu* c, const Uop* u, Xmm a, Xmm b) {
        if ((c->fpu.mxcsr & mxcsr::masks) == mxcsr::masks) return;
        const auto immediate = static_cast<unsigned>((u->imm - stub_address(stubs(), 0)) / stub_size);
        std::array<std::uint8_t, 16> selected{};
        for (unsigned n = 0; n < 16; n++) selected[n] = immediate >> (4 + n * lanes / 16) & 1 ? 0xff : 0;
        Xmm mask;
        std::memcpy(&mask, selected.data(), sizeof mask);
        a = _mm_and_si128(a, mask);
        b = _mm_and_si128(b, mask);
        Xmm sums = execute_op<Multiply>(c, u, a, b);
        for (unsigned n = lanes; n > 1; n /= 2) sums = execute_op<Add>(c, u, sums, sums);
    }
};
using dot_singles = dot<mulps, Horizontal<haddps, addps>, Tiny::singles, 4>;
using dot_doubles = dot<mulpd, Horizontal<haddpd, addpd>, Tiny::doubles, 2>;
}  // namespace op

template <class Op, Width W = Width::aligned>
constexpr Entry sse4_1(ZydisMnemonic m, const std::uint8_t* stubs = nullptr) {
    return {m, xmm_forms<Op, W>(sse4_1_level), {}, stubs};
}
template <class Op, Width W>
constexpr Entry sse4_1_float(ZydisMnemonic m, const std::uint8_t* stubs) {
    return {m, float_forms<Op, W>(sse4_1_level), {}, stubs};
}
template <class Op>
constexpr Entry xmm(ZydisMnemonic m, Features needs, const std::uint8_t* stubs = nullptr) {
    return {m, xmm_forms<Op>(needs), {}, stubs};
}
constexpr Width packed = Width::aligned, qword = Width::qword, dword = Width::dword, word = Width::word;

const Entry entries[] = {
    sse4_1<op::pmuldq>(ZYDIS_MNEMONIC_PMULDQ),
    sse4_1<op::pcmpeqq>(ZYDIS_MNEMONIC_PCMPEQQ),
    sse4_1<op::packusdw>(ZYDIS_MNEMONIC_PACKUSDW),
    sse4_1<op::pmulld>(ZYDIS_MNEMONIC_PMULLD),
    sse4_1<op::phminposuw>(ZYDIS_MNEMONIC_PHMINPOSUW),
    sse4_1<op::pminsb>(ZYDIS_MNEMONIC_PMINSB),
    sse4_1<op::pminsd>(ZYDIS_MNEMONIC_PMINSD),
    sse4_1<op::pminuw>(ZYDIS_MNEMONIC_PMINUW),
    sse4_1<op::pminud>(ZYDIS_MNEMONIC_PMINUD),
    sse4_1<op::pmaxsb>(ZYDIS_MNEMONIC_PMAXSB),
    sse4_1<op::pmaxsd>(ZYDIS_MNEMONIC_PMAXSD),
    sse4_1<op::pmaxuw>(ZYDIS_MNEMONIC_PMAXUW),
    sse4_1<op::pmaxud>(ZYDIS_MNEMONIC_PMAXUD),
    sse4_1<op::pblendvb>(ZYDIS_MNEMONIC_PBLENDVB),
    sse4_1<op::blendvps>(ZYDIS_MNEMONIC_BLENDVPS),
    sse4_1<op::blendvpd>(ZYDIS_MNEMONIC_BLENDVPD),
    sse4_1<op::pmovsxbw, qword>(ZYDIS_MNEMONIC_PMOVSXBW),
    sse4_1<op::pmovsxbd, dword>(ZYDIS_MNEMONIC_PMOVSXBD),
    sse4_1<op::pmovsxbq, word>(ZYDIS_MNEMONIC_PMOVSXBQ),
    sse4_1<op::pmovsxwd, qword>(ZYDIS_MNEMONIC_PMOVSXWD),
    sse4_1<op::pmovsxwq, dword>(ZYDIS_MNEMONIC_PMOVSXWQ),
    sse4_1<op::pmovsxdq, qword>(ZYDIS_MNEMONIC_PMOVSXDQ),
    sse4_1<op::pmovzxbw, qword>(ZYDIS_MNEMONIC_PMOVZXBW),
    sse4_1<op::pmovzxbd, dword>(ZYDIS_MNEMONIC_PMOVZXBD),
    sse4_1<op::pmovzxbq, word>(ZYDIS_MNEMONIC_PMOVZXBQ),
    sse4_1<op::pmovzxwd, qword>(ZYDIS_MNEMONIC_PMOVZXWD),
    sse4_1<op::pmovzxwq, dword>(ZYDIS_MNEMONIC_PMOVZXWQ),
    sse4_1<op::pmovzxdq, qword>(ZYDIS_MNEMONIC_PMOVZXDQ),
    sse4_1<Immediate>(ZYDIS_MNEMONIC_BLENDPS, southgate_simd_blendps),
    sse4_1<Immediate>(ZYDIS_MNEMONIC_BLENDPD, southgate_simd_blendpd),
    sse4_1<Immediate>(ZYDIS_MNEMONIC_PBLENDW, southgate_simd_pblendw),
    sse4_1<Immediate>(ZYDIS_MNEMONIC_MPSADBW, southgate_simd_mpsadbw),
    sse4_1_float<op::round, packed>(ZYDIS_MNEMONIC_ROUNDPS, southgate_simd_roundps),
    sse4_1_float<op::round, packed>(ZYDIS_MNEMONIC_ROUNDPD, southgate_simd_roundpd),
    sse4_1_float<op::round, dword>(ZYDIS_MNEMONIC_ROUNDSS, southgate_simd_roundss),
    sse4_1_float<op::round, qword>(ZYDIS_MNEMONIC_ROUNDSD, southgate_simd_roundsd),
    sse4_1_float<op::dot_singles, packed>(ZYDIS_MNEMONIC_DPPS, southgate_simd_dpps),
    sse4_1_float<op::dot_doubles, packed>(ZYDIS_MNEMONIC_DPPD, southgate_simd_dppd),
    xmm<op::pcmpgtq>(ZYDIS_MNEMONIC_PCMPGTQ, sse4_2_level),
    xmm<op::aesimc>(ZYDIS_MNEMONIC_AESIMC, aes_level),
    xmm<op::aesenc>(ZYDIS_MNEMONIC_AESENC, aes_level),
    xmm<op::aesenclast>(ZYDIS_MNEMONIC_AESENCLAST, aes_level),
    xmm<op::aesdec>(ZYDIS_MNEMONIC_AESDEC, aes_level),
    xmm<op::aesdeclast>(ZYDIS_MNEMONIC_AESDECLAST, aes_level),
    xmm<Immediate>(ZYDIS_MNEMONIC_AESKEYGENASSIST, aes_level, southgate_simd_aeskeygenassist),
    xmm<Immediate>(ZYDIS_MNEMONIC_PCLMULQDQ, pclmulqdq_level, southgate_simd_pclmulqdq),
};

// The source lane is chosen in a register only: memory is one lane (SDM vol. 2A INSERTPS).
const Forms insertps_forms = xmm_forms<Immediate, Width::dword>(sse4_1_level);
void select_insertps(const Instruction& i, Translation& t) {
    t.uop.imm = stub_address(southgate_simd_insertps, i.memory() ? i.imm & 0x3f : i.imm);
    t.uop.handler = insertps_forms.of(i);
}

template <bool memory>
const Uop* ptest(Cpu* c, const Uop* u) {
    begin_sse(c, u);
    const Xmm a = get_xmm(c, u->reg), b = memory ? load_any(c, u, Width::aligned) : get_xmm(c, u->rm);
    bool z, carry;
    asm("ptest %3, %2" : "=@ccz"(z), "=@ccc"(carry) : "x"(a), "x"(b));
    set_status_flags(c, (z ? eflags::zf : 0) | (carry ? eflags::cf : 0));
    return next(c, u);
}

}  // namespace

void register_sse4(HandlerTable& t) {
    add(t, entries);
    t.add(ZYDIS_MNEMONIC_INSERTPS, select_insertps);
    t.add(ZYDIS_MNEMONIC_PTEST, [](const Instruction& i, Translation& x) {
        if (sse4_1_level.in(i)) x.uop.handler = i.memory() ? ptest<true> : ptest<false>;
    });
}

}  // namespace southgate::cpu::simd
