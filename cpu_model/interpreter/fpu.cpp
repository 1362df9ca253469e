// The part of x87 that probing needs: FNINIT FNCLEX FNSTCW FLDCW FNSTSW FWAIT. Every other ESC instruction raises #NM
// as CR0 says, else #UD as unimplemented.
#include "cpu_model/decode/select.h"
#include "cpu_model/decode/table.h"
#include "cpu_model/interpreter/block_handlers.h"
#include "cpu_model/interpreter/fault.h"
#include "cpu_model/interpreter/fpu.h"
#include "cpu_model/interpreter/operand.h"

namespace southgate::cpu {
namespace {

// SDM vol. 3A table 9-2: ESC instructions need EM and TS clear.
void require_fpu(Cpu* c, const Uop* u) {
    if (!(c->cr0 & (cr0::em | cr0::ts))) return;
    c->cur = u;
    raise(Vector::device_not_available);
}

const Uop* fwait(Cpu* c, const Uop* u) {
    if ((c->cr0 & (cr0::mp | cr0::ts)) == (cr0::mp | cr0::ts)) {
        c->cur = u;
        raise(Vector::device_not_available);
    }
    return next(c, u);
}
const Uop* fninit(Cpu* c, const Uop* u) {
    require_fpu(c, u);
    c->fpu.fcw = 0x37f;
    c->fpu.fsw = 0;
    c->fpu.ftw = 0xffff;
    c->fpu.ip = c->fpu.dp = 0;
    c->fpu.cs = c->fpu.ds = c->fpu.opcode = 0;
    return next(c, u);
}
const Uop* fnclex(Cpu* c, const Uop* u) {
    require_fpu(c, u);
    c->fpu.fsw &= 0x7f00;
    return next(c, u);
}
const Uop* fnstcw(Cpu* c, const Uop* u) {
    require_fpu(c, u);
    store<std::uint16_t, Mem::segmented>(c, u, c->fpu.fcw);
    return next(c, u);
}
const Uop* fldcw(Cpu* c, const Uop* u) {
    require_fpu(c, u);
    c->fpu.fcw = static_cast<std::uint16_t>((load<std::uint16_t, Mem::segmented>(c, u) & 0x1f3f) | 0x40);
    return next(c, u);
}
const Uop* fnstsw_m(Cpu* c, const Uop* u) {
    require_fpu(c, u);
    store<std::uint16_t, Mem::segmented>(c, u, c->fpu.fsw);
    return next(c, u);
}
const Uop* fnstsw_ax(Cpu* c, const Uop* u) {
    require_fpu(c, u);
    set_reg<std::uint16_t>(c, Gpr::rax, c->fpu.fsw);
    return next(c, u);
}
const Uop* escape(Cpu* c, const Uop* u) {
    require_fpu(c, u);
    return op_unimplemented(c, u);
}

template <Handler h>
void plain(const Instruction&, Translation& t) { t.uop.handler = h; }

}  // namespace

void select_escape(const Instruction& i, Translation& t) {
    t.uop.handler = escape;
    t.uop.imm = i.mnemonic;
    t.ends_block = true;
}

void register_fpu(HandlerTable& t) {
    t.add(ZYDIS_MNEMONIC_FWAIT, plain<fwait>);
    t.add(ZYDIS_MNEMONIC_FNINIT, plain<fninit>);
    t.add(ZYDIS_MNEMONIC_FNCLEX, plain<fnclex>);
    t.add(ZYDIS_MNEMONIC_FNSTCW, plain<fnstcw>);
    t.add(ZYDIS_MNEMONIC_FLDCW, plain<fldcw>);
    t.add(ZYDIS_MNEMONIC_FNSTSW, [](const Instruction& i, Translation& x) {
        x.uop.handler = i.memory() ? fnstsw_m : fnstsw_ax;
    });
}

}  // namespace southgate::cpu
