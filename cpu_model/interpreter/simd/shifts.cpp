// Packed shifts. The count is the low 64 bits of the source, or an immediate.
#include "cpu_model/interpreter/simd/stubs.h"
#include "cpu_model/interpreter/simd/table.h"

namespace southgate::cpu::simd {
namespace {

namespace op {
SIMD_OP(psllw);
SIMD_OP(pslld);
SIMD_OP(psllq);
SIMD_OP(psrlw);
SIMD_OP(psrld);
SIMD_OP(psrlq);
SIMD_OP(psraw);
SIMD_OP(psrad);
}  // namespace op

// The destination is the rm operand.
template <class Op>
const Uop* xmm_immediate(Cpu* c, const Uop* u) {
    begin_sse(c, u);
    set_xmm(c, u->rm, Op::run(get_xmm(c, u->rm), widen(u->imm)));
    return next(c, u);
}
template <class Op>
const Uop* mmx_immediate(Cpu* c, const Uop* u) {
    begin_mmx(c, u);
    const Xmm r = Op::run(widen(get_mmx(c, u->rm)), widen(u->imm));
    enter_mmx(c);
    set_mmx(c, u->rm, low(r));
    return next(c, u);
}

struct Shift {
    ZydisMnemonic mnemonic;
    Forms xmm, mmx;
    Handler xmm_immediate, mmx_immediate;
};
template <class Op>
constexpr Shift shift(ZydisMnemonic m) {
    return {m, xmm_forms<Op>(sse2_level), mmx_forms<Op>(mmx_level), xmm_immediate<Op>, mmx_immediate<Op>};
}
constexpr Shift shifts[] = {
    shift<op::psllw>(ZYDIS_MNEMONIC_PSLLW), shift<op::pslld>(ZYDIS_MNEMONIC_PSLLD),
    shift<op::psllq>(ZYDIS_MNEMONIC_PSLLQ), shift<op::psrlw>(ZYDIS_MNEMONIC_PSRLW),
    shift<op::psrld>(ZYDIS_MNEMONIC_PSRLD), shift<op::psrlq>(ZYDIS_MNEMONIC_PSRLQ),
    shift<op::psraw>(ZYDIS_MNEMONIC_PSRAW), shift<op::psrad>(ZYDIS_MNEMONIC_PSRAD),
};

void select_shift(const Instruction& i, Translation& t) {
    for (const Shift& s : shifts) {
        if (s.mnemonic != i.mnemonic) continue;
        const bool mmx = !i.operand_prefix;
        const Forms& forms = mmx ? s.mmx : s.xmm;
        const bool immediate = i.opcode >= 0x71 && i.opcode <= 0x73;
        if (!immediate)
            t.uop.handler = forms.of(i);
        else if (forms.needs.in(i))
            t.uop.handler = mmx ? s.mmx_immediate : s.xmm_immediate;
        if (immediate) t.uop.imm = i.imm & 0xff;
        if (mmx) set_mmx_operands(i, t.uop);
    }
}

const Uop* shift_bytes(Cpu* c, const Uop* u) {
    begin_sse(c, u);
    const Xmm a = get_xmm(c, u->rm);
    set_xmm(c, u->rm, Immediate::run(c, u, a, a));
    return next(c, u);
}
void select_shift_bytes(const Instruction& i, Translation& t) {
    const bool left = i.mnemonic == ZYDIS_MNEMONIC_PSLLDQ;
    t.uop.imm = stub_address(left ? southgate_simd_pslldq : southgate_simd_psrldq, i.imm);
    if (sse2_level.in(i)) t.uop.handler = shift_bytes;
}

}  // namespace

void register_shifts(HandlerTable& t) {
    for (const Shift& s : shifts) t.add(s.mnemonic, select_shift);
    t.add(ZYDIS_MNEMONIC_PSLLDQ, select_shift_bytes);
    t.add(ZYDIS_MNEMONIC_PSRLDQ, select_shift_bytes);
}

}  // namespace southgate::cpu::simd
