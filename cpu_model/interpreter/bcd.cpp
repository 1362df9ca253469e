// AAA AAS AAM AAD DAA DAS (SDM vol. 2A). Flags the SDM leaves undefined follow the result, OF is cleared.
#include "cpu_model/decode/table.h"
#include "cpu_model/interpreter/fault.h"
#include "cpu_model/interpreter/flags.h"
#include "cpu_model/interpreter/operand.h"

namespace southgate::cpu {
namespace {

std::uint8_t al(const Cpu* c) { return get_reg<std::uint8_t>(c, Gpr::rax); }
void set_al(Cpu* c, unsigned value) { set_reg<std::uint8_t>(c, Gpr::rax, static_cast<std::uint8_t>(value)); }

// +1: AAA, -1: AAS.
template <int sign>
const Uop* ascii_adjust(Cpu* c, const Uop* u) {
    const bool adjust = (al(c) & 0xf) > 9 || get_af(c);
    auto ax = get_reg<std::uint16_t>(c, Gpr::rax);
    if (adjust) ax = static_cast<std::uint16_t>(ax + sign * 0x106);
    ax &= 0xff0f;
    set_reg<std::uint16_t>(c, Gpr::rax, ax);
    set_result<std::uint8_t>(c, static_cast<std::uint8_t>(ax));
    set_carries(c, adjust, false, adjust);
    return next(c, u);
}

// +1: DAA, -1: DAS.
template <int sign>
const Uop* decimal_adjust(Cpu* c, const Uop* u) {
    const unsigned old_al = al(c);
    const bool old_cf = get_cf(c);
    const bool af = (old_al & 0xf) > 9 || get_af(c);
    const bool high = old_al > 0x99 || old_cf;
    unsigned value = old_al;
    bool cf = high;
    if (af) {
        value = static_cast<unsigned>(static_cast<int>(value) + sign * 6);
        // DAS keeps the borrow of this step even when the high digit needs no adjustment.
        if (sign < 0) cf = cf || value > 0xff;
    }
    if (high) value = static_cast<unsigned>(static_cast<int>(value) + sign * 0x60);
    set_al(c, value);
    set_result<std::uint8_t>(c, static_cast<std::uint8_t>(value));
    set_carries(c, cf, false, af);
    return next(c, u);
}

const Uop* aam(Cpu* c, const Uop* u) {
    const auto base = static_cast<std::uint8_t>(u->imm);
    if (base == 0) {
        c->cur = u;
        raise(Vector::divide_error);
    }
    const unsigned value = al(c);
    set_reg<std::uint16_t>(c, Gpr::rax, static_cast<std::uint16_t>(value / base << 8 | value % base));
    set_flags_logic<std::uint8_t>(c, al(c));
    return next(c, u);
}

const Uop* aad(Cpu* c, const Uop* u) {
    const auto ax = get_reg<std::uint16_t>(c, Gpr::rax);
    const unsigned value = ((ax & 0xff) + (ax >> 8) * static_cast<std::uint8_t>(u->imm)) & 0xff;
    set_reg<std::uint16_t>(c, Gpr::rax, static_cast<std::uint16_t>(value));
    set_flags_logic<std::uint8_t>(c, al(c));
    return next(c, u);
}

template <Handler handler>
void select(const Instruction&, Translation& t) {
    t.uop.handler = handler;
}

}  // namespace

void register_bcd(HandlerTable& t) {
    t.add(ZYDIS_MNEMONIC_AAA, select<ascii_adjust<1>>);
    t.add(ZYDIS_MNEMONIC_AAS, select<ascii_adjust<-1>>);
    t.add(ZYDIS_MNEMONIC_DAA, select<decimal_adjust<1>>);
    t.add(ZYDIS_MNEMONIC_DAS, select<decimal_adjust<-1>>);
    t.add(ZYDIS_MNEMONIC_AAM, select<aam>);
    t.add(ZYDIS_MNEMONIC_AAD, select<aad>);
}

}  // namespace southgate::cpu
