// Instructions on the register stack alone: FXCH FCHS FABS FCMOVcc FFREE FINCSTP FDECSTP FNOP, and through
// the host the transcendental ones, FPREM, FSCALE, FXTRACT.
#include "cpu_model/interpreter/flags.h"
#include "cpu_model/interpreter/fpu/groups.h"
#include "cpu_model/interpreter/fpu/state.h"

namespace southgate::cpu::x87 {

const Uop* exact(Cpu* c, const Uop* u) {
    begin(c, u);
    note_instruction(c, u);
    execute_exact(c, u);
    return next_reporting(c, u);
}

namespace {

const Uop* fxch(Cpu* c, const Uop* u) {
    FpuState& f = c->fpu;
    if (empty(f, 0) || empty(f, u->aux)) return exact(c, u);
    begin(c, u);
    note_instruction(c, u);
    const Register a = st(f, 0), b = st(f, u->aux);
    set_st(f, 0, b);
    set_st(f, u->aux, a);
    clear_c1(f);
    return next(c, u);
}
// The sign is the top bit of the tenth byte; it changes whatever the value is, NaNs included.
template <bool absolute>
const Uop* change_sign(Cpu* c, const Uop* u) {
    FpuState& f = c->fpu;
    if (empty(f, 0)) return exact(c, u);
    begin(c, u);
    note_instruction(c, u);
    std::uint8_t& sign = st(f, 0)[9];
    sign = absolute ? sign & 0x7f : sign ^ 0x80;
    clear_c1(f);
    return next(c, u);
}
template <unsigned cc>
const Uop* fcmov(Cpu* c, const Uop* u) {
    FpuState& f = c->fpu;
    if (empty(f, 0) || empty(f, u->aux)) return exact(c, u);
    begin(c, u);
    note_instruction(c, u);
    if (condition<cc>(c)) {
        const Register value = st(f, u->aux);
        set_st(f, 0, value);
    }
    return next(c, u);
}
const Uop* ffree(Cpu* c, const Uop* u) {
    begin(c, u);
    note_instruction(c, u);
    set_tag(c->fpu, u->aux, tag_empty);
    return next(c, u);
}
template <unsigned by>
const Uop* rotate(Cpu* c, const Uop* u) {
    begin(c, u);
    note_instruction(c, u);
    set_top(c->fpu, top(c->fpu) + by);
    clear_c1(c->fpu);
    return next(c, u);
}
const Uop* fnop(Cpu* c, const Uop* u) {
    begin(c, u);
    note_instruction(c, u);
    return next(c, u);
}

}  // namespace

Handler register_handler(const Instruction& i) {
    if (i.memory()) return nullptr;
    switch (i.mnemonic) {
        case ZYDIS_MNEMONIC_FXCH:
            return fxch;
        case ZYDIS_MNEMONIC_FCHS:
            return change_sign<false>;
        case ZYDIS_MNEMONIC_FABS:
            return change_sign<true>;
        case ZYDIS_MNEMONIC_FCMOVB:
            return fcmov<2>;
        case ZYDIS_MNEMONIC_FCMOVNB:
            return fcmov<3>;
        case ZYDIS_MNEMONIC_FCMOVE:
            return fcmov<4>;
        case ZYDIS_MNEMONIC_FCMOVNE:
            return fcmov<5>;
        case ZYDIS_MNEMONIC_FCMOVBE:
            return fcmov<6>;
        case ZYDIS_MNEMONIC_FCMOVNBE:
            return fcmov<7>;
        case ZYDIS_MNEMONIC_FCMOVU:
            return fcmov<10>;
        case ZYDIS_MNEMONIC_FCMOVNU:
            return fcmov<11>;
        case ZYDIS_MNEMONIC_FFREE:
            return ffree;
        case ZYDIS_MNEMONIC_FINCSTP:
            return rotate<1>;
        case ZYDIS_MNEMONIC_FDECSTP:
            return rotate<7>;
        case ZYDIS_MNEMONIC_FNOP:
            return fnop;
        case ZYDIS_MNEMONIC_F2XM1:
        case ZYDIS_MNEMONIC_FYL2X:
        case ZYDIS_MNEMONIC_FYL2XP1:
        case ZYDIS_MNEMONIC_FPTAN:
        case ZYDIS_MNEMONIC_FPATAN:
        case ZYDIS_MNEMONIC_FSIN:
        case ZYDIS_MNEMONIC_FCOS:
        case ZYDIS_MNEMONIC_FSINCOS:
        case ZYDIS_MNEMONIC_FPREM:
        case ZYDIS_MNEMONIC_FPREM1:
        case ZYDIS_MNEMONIC_FSCALE:
        case ZYDIS_MNEMONIC_FXTRACT:
        case ZYDIS_MNEMONIC_FSTPNCE:
        case ZYDIS_MNEMONIC_FSTP:  // the aliases of FSTP ST(i) in D9 and DF
        case ZYDIS_MNEMONIC_FFREEP:
            return exact;
        default:
            return nullptr;
    }
}

}  // namespace southgate::cpu::x87
