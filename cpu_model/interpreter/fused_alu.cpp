// INC, DEC, ADD, SUB and AND of 32-bit and 64-bit registers, fused with Jcc.
#include "cpu_model/interpreter/fused.h"

namespace southgate::cpu {
namespace {

template <class T, bool dec, unsigned cc>
const Uop* step_branch(Cpu* c, const Uop* u) {
    const T r = step<T, dec>(c, get_reg<T>(c, u->rm));
    set_reg<T>(c, u->rm, r);
    if constexpr (cc >> 1 == 2) return branch(c, u, (r == 0) != ((cc & 1) != 0));
    else return branch(c, u, condition<cc>(c));
}
template <class T, Alu op, bool immediate, unsigned cc>
const Uop* alu_branch(Cpu* c, const Uop* u) {
    const T a = get_reg<T>(c, u->rm);
    const T b = immediate ? static_cast<T>(u->imm) : get_reg<T>(c, u->reg);
    const T r = alu<op, T>(c, a, b);
    set_reg<T>(c, u->rm, r);
    return branch(c, u, condition_of<op, T, cc>(c, a, b, r));
}

template <class T, bool dec>
constexpr auto step_handlers = by_condition([]<unsigned cc>() -> Handler { return step_branch<T, dec, cc>; });
template <class T, Alu op, bool immediate>
constexpr auto alu_handlers = by_condition([]<unsigned cc>() -> Handler { return alu_branch<T, op, immediate, cc>; });

template <class T>
const Handler* step_table(bool dec) {
    return dec ? step_handlers<T, true>.data() : step_handlers<T, false>.data();
}
template <class T, bool immediate>
const Handler* alu_table(Alu op) {
    switch (op) {
        case Alu::add: return alu_handlers<T, Alu::add, immediate>.data();
        case Alu::sub: return alu_handlers<T, Alu::sub, immediate>.data();
        case Alu::and_: return alu_handlers<T, Alu::and_, immediate>.data();
        default: return nullptr;
    }
}

}  // namespace

const Handler* fused_step(bool dec, unsigned size) {
    return size == 4 ? step_table<std::uint32_t>(dec) : step_table<std::uint64_t>(dec);
}
const Handler* fused_alu_immediate(Alu op, unsigned size) {
    return size == 4 ? alu_table<std::uint32_t, true>(op) : alu_table<std::uint64_t, true>(op);
}
const Handler* fused_alu_registers(Alu op, unsigned size) {
    return size == 4 ? alu_table<std::uint32_t, false>(op) : alu_table<std::uint64_t, false>(op);
}

}  // namespace southgate::cpu
