// INC, DEC, ADD, SUB and AND of 32-bit registers, fused with Jcc.
#include "cpu_model/interpreter/fused.h"

namespace southgate::cpu {
namespace {

template <bool dec, unsigned cc>
const Uop* step_branch(Cpu* c, const Uop* u) {
    using T = std::uint32_t;
    const T r = step<T, dec>(c, get_reg<T>(c, u->rm));
    set_reg<T>(c, u->rm, r);
    if constexpr (cc >> 1 == 2) return branch(c, u, (r == 0) != ((cc & 1) != 0));
    else return branch(c, u, condition<cc>(c));
}
template <Alu op, bool immediate, unsigned cc>
const Uop* alu_branch(Cpu* c, const Uop* u) {
    using T = std::uint32_t;
    const T a = get_reg<T>(c, u->rm);
    const T b = immediate ? static_cast<T>(u->imm) : get_reg<T>(c, u->reg);
    const T r = alu<op, T>(c, a, b);
    set_reg<T>(c, u->rm, r);
    return branch(c, u, condition_of<op, T, cc>(c, a, b, r));
}

template <bool dec>
constexpr auto step_handlers = by_condition([]<unsigned cc>() -> Handler { return step_branch<dec, cc>; });
template <Alu op, bool immediate>
constexpr auto alu_handlers = by_condition([]<unsigned cc>() -> Handler { return alu_branch<op, immediate, cc>; });

template <bool immediate>
const Handler* alu_table(Alu op) {
    switch (op) {
        case Alu::add: return alu_handlers<Alu::add, immediate>.data();
        case Alu::sub: return alu_handlers<Alu::sub, immediate>.data();
        case Alu::and_: return alu_handlers<Alu::and_, immediate>.data();
        default: return nullptr;
    }
}

}  // namespace

const Handler* fused_step(bool dec) { return dec ? step_handlers<true>.data() : step_handlers<false>.data(); }
const Handler* fused_alu_immediate(Alu op) { return alu_table<true>(op); }
const Handler* fused_alu_registers(Alu op) { return alu_table<false>(op); }

}  // namespace southgate::cpu
