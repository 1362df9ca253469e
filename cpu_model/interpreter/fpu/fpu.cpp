#include "cpu_model/interpreter/fpu/fpu.h"

#include "cpu_model/decode/table.h"
#include "cpu_model/interpreter/block_handlers.h"
#include "cpu_model/interpreter/fpu/groups.h"
#include "cpu_model/interpreter/fpu/state.h"

namespace southgate::cpu {
namespace {

const Uop* fwait(Cpu* c, const Uop* u) {
    if ((c->cr0 & (cr0::mp | cr0::ts)) == (cr0::mp | cr0::ts)) {
        c->cur = u;
        raise(Vector::device_not_available);
    }
    if (c->fpu.fsw & x87::sw::summary) [[unlikely]] x87::report_pending(c, u);
    return next(c, u);
}
const Uop* escape(Cpu* c, const Uop* u) {
    x87::require_fpu(c, u);
    return op_unimplemented(c, u);
}

void select_x87(const Instruction& i, Translation& t) {
    const unsigned modrm = i.mod << 6 | (i.reg & 7u) << 3 | (i.rm & 7u);
    const unsigned stub =
        i.memory() ? x87::memory_stub(i.opcode, i.reg) : x87::register_stub(i.opcode, modrm);
    t.uop.imm = x87::encoding(stub, (i.opcode & 7u) << 8 | modrm);
    t.uop.aux = i.rm & 7;
    for (const auto group : {x87::compare_handler, x87::arithmetic_handler, x87::load_store_handler,
                             x87::register_handler, x87::control_handler, x87::environment_handler}) {
        t.uop.handler = group(i);
        if (t.uop.handler) return;
    }
}

// All but FISTTP, which belongs to SSE3.
constexpr ZydisMnemonic mnemonics[] = {
    ZYDIS_MNEMONIC_F2XM1,        ZYDIS_MNEMONIC_FABS,          ZYDIS_MNEMONIC_FADD,
    ZYDIS_MNEMONIC_FADDP,        ZYDIS_MNEMONIC_FBLD,          ZYDIS_MNEMONIC_FBSTP,
    ZYDIS_MNEMONIC_FCHS,         ZYDIS_MNEMONIC_FCMOVB,        ZYDIS_MNEMONIC_FCMOVBE,
    ZYDIS_MNEMONIC_FCMOVE,       ZYDIS_MNEMONIC_FCMOVNB,       ZYDIS_MNEMONIC_FCMOVNBE,
    ZYDIS_MNEMONIC_FCMOVNE,      ZYDIS_MNEMONIC_FCMOVNU,       ZYDIS_MNEMONIC_FCMOVU,
    ZYDIS_MNEMONIC_FCOM,         ZYDIS_MNEMONIC_FCOMI,         ZYDIS_MNEMONIC_FCOMIP,
    ZYDIS_MNEMONIC_FCOMP,        ZYDIS_MNEMONIC_FCOMPP,        ZYDIS_MNEMONIC_FCOS,
    ZYDIS_MNEMONIC_FDECSTP,      ZYDIS_MNEMONIC_FDISI8087_NOP, ZYDIS_MNEMONIC_FDIV,
    ZYDIS_MNEMONIC_FDIVP,        ZYDIS_MNEMONIC_FDIVR,         ZYDIS_MNEMONIC_FDIVRP,
    ZYDIS_MNEMONIC_FENI8087_NOP, ZYDIS_MNEMONIC_FFREE,         ZYDIS_MNEMONIC_FFREEP,
    ZYDIS_MNEMONIC_FIADD,        ZYDIS_MNEMONIC_FICOM,         ZYDIS_MNEMONIC_FICOMP,
    ZYDIS_MNEMONIC_FIDIV,        ZYDIS_MNEMONIC_FIDIVR,        ZYDIS_MNEMONIC_FILD,
    ZYDIS_MNEMONIC_FIMUL,        ZYDIS_MNEMONIC_FINCSTP,       ZYDIS_MNEMONIC_FIST,
    ZYDIS_MNEMONIC_FISTP,        ZYDIS_MNEMONIC_FISUB,         ZYDIS_MNEMONIC_FISUBR,
    ZYDIS_MNEMONIC_FLD,          ZYDIS_MNEMONIC_FLD1,          ZYDIS_MNEMONIC_FLDCW,
    ZYDIS_MNEMONIC_FLDENV,       ZYDIS_MNEMONIC_FLDL2E,        ZYDIS_MNEMONIC_FLDL2T,
    ZYDIS_MNEMONIC_FLDLG2,       ZYDIS_MNEMONIC_FLDLN2,        ZYDIS_MNEMONIC_FLDPI,
    ZYDIS_MNEMONIC_FLDZ,         ZYDIS_MNEMONIC_FMUL,          ZYDIS_MNEMONIC_FMULP,
    ZYDIS_MNEMONIC_FNCLEX,       ZYDIS_MNEMONIC_FNINIT,        ZYDIS_MNEMONIC_FNOP,
    ZYDIS_MNEMONIC_FNSAVE,       ZYDIS_MNEMONIC_FNSTCW,        ZYDIS_MNEMONIC_FNSTENV,
    ZYDIS_MNEMONIC_FNSTSW,       ZYDIS_MNEMONIC_FPATAN,        ZYDIS_MNEMONIC_FPREM,
    ZYDIS_MNEMONIC_FPREM1,       ZYDIS_MNEMONIC_FPTAN,         ZYDIS_MNEMONIC_FRNDINT,
    ZYDIS_MNEMONIC_FRSTOR,       ZYDIS_MNEMONIC_FSCALE,        ZYDIS_MNEMONIC_FSETPM287_NOP,
    ZYDIS_MNEMONIC_FSIN,         ZYDIS_MNEMONIC_FSINCOS,       ZYDIS_MNEMONIC_FSQRT,
    ZYDIS_MNEMONIC_FST,          ZYDIS_MNEMONIC_FSTP,          ZYDIS_MNEMONIC_FSTPNCE,
    ZYDIS_MNEMONIC_FSUB,         ZYDIS_MNEMONIC_FSUBP,         ZYDIS_MNEMONIC_FSUBR,
    ZYDIS_MNEMONIC_FSUBRP,       ZYDIS_MNEMONIC_FTST,          ZYDIS_MNEMONIC_FUCOM,
    ZYDIS_MNEMONIC_FUCOMI,       ZYDIS_MNEMONIC_FUCOMIP,       ZYDIS_MNEMONIC_FUCOMP,
    ZYDIS_MNEMONIC_FUCOMPP,      ZYDIS_MNEMONIC_FXAM,          ZYDIS_MNEMONIC_FXCH,
    ZYDIS_MNEMONIC_FXTRACT,      ZYDIS_MNEMONIC_FYL2X,         ZYDIS_MNEMONIC_FYL2XP1,
};

}  // namespace

void select_escape(const Instruction& i, Translation& t) {
    t.uop.handler = escape;
    t.uop.imm = i.mnemonic;
    t.ends_block = true;
}

void register_fpu(HandlerTable& t) {
    t.add(ZYDIS_MNEMONIC_FWAIT, [](const Instruction&, Translation& x) { x.uop.handler = fwait; });
    for (const ZydisMnemonic m : mnemonics) t.add(m, select_x87);
    t.add(ZYDIS_MNEMONIC_FISTTP, [](const Instruction& i, Translation& x) {
        if (i.features_ecx & feature_ecx::sse3) select_x87(i, x);
    });
}

}  // namespace southgate::cpu
