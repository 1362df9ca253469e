// FNINIT FNCLEX FLDCW FNSTCW FNSTSW. The FN... forms do not wait: no #MF (SDM vol. 1 8.3.11).
#include "cpu_model/interpreter/fpu/environment.h"
#include "cpu_model/interpreter/fpu/groups.h"
#include "cpu_model/interpreter/fpu/state.h"

namespace southgate::cpu::x87 {
namespace {

const Uop* fninit(Cpu* c, const Uop* u) {
    require_fpu(c, u);
    initialise(c->fpu);
    return next_reporting(c, u);
}
const Uop* fnclex(Cpu* c, const Uop* u) {
    require_fpu(c, u);
    c->fpu.fsw &= sw::top | sw::condition;
    return next_reporting(c, u);
}
const Uop* fnstcw(Cpu* c, const Uop* u) {
    require_fpu(c, u);
    store<std::uint16_t, Mem::segmented>(c, u, c->fpu.fcw);
    return next(c, u);
}
const Uop* fldcw(Cpu* c, const Uop* u) {
    begin(c, u);
    set_control(c->fpu, load<std::uint16_t, Mem::segmented>(c, u));
    update_summary(c->fpu);
    return next_reporting(c, u);
}
const Uop* fnstsw_memory(Cpu* c, const Uop* u) {
    require_fpu(c, u);
    store<std::uint16_t, Mem::segmented>(c, u, c->fpu.fsw);
    return next(c, u);
}
const Uop* fnstsw_ax(Cpu* c, const Uop* u) {
    require_fpu(c, u);
    set_reg<std::uint16_t>(c, Gpr::rax, c->fpu.fsw);
    return next(c, u);
}
// FENI, FDISI and FSETPM of the 8087 and 80287 do nothing since the 80387.
const Uop* obsolete(Cpu* c, const Uop* u) {
    require_fpu(c, u);
    return next(c, u);
}

}  // namespace

Handler control_handler(const Instruction& i) {
    switch (i.mnemonic) {
        case ZYDIS_MNEMONIC_FNINIT:
            return fninit;
        case ZYDIS_MNEMONIC_FNCLEX:
            return fnclex;
        case ZYDIS_MNEMONIC_FNSTCW:
            return fnstcw;
        case ZYDIS_MNEMONIC_FLDCW:
            return fldcw;
        case ZYDIS_MNEMONIC_FNSTSW:
            return i.memory() ? fnstsw_memory : fnstsw_ax;
        case ZYDIS_MNEMONIC_FENI8087_NOP:
        case ZYDIS_MNEMONIC_FDISI8087_NOP:
        case ZYDIS_MNEMONIC_FSETPM287_NOP:
            return obsolete;
        default:
            return nullptr;
    }
}

}  // namespace southgate::cpu::x87
