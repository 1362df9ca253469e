// CMP and TEST of registers, fused with Jcc.
#include "cpu_model/interpreter/fused.h"

namespace southgate::cpu {
namespace {

template <Alu op, class T, bool immediate, unsigned cc>
const Uop* compare_branch(Cpu* c, const Uop* u) {
    const T a = get_reg<T>(c, u->rm);
    const T b = immediate ? static_cast<T>(u->imm) : get_reg<T>(c, u->reg);
    const T r = alu<op, T>(c, a, b);
    return branch(c, u, condition_of<op, T, cc>(c, a, b, r));
}
template <Alu op, class T, bool immediate>
const Handler* table() {
    static constexpr auto handlers =
        by_condition([]<unsigned cc>() -> Handler { return compare_branch<op, T, immediate, cc>; });
    return handlers.data();
}

}  // namespace

template <class T>
const Handler* fused_compare_registers(Alu op) {
    return op == Alu::cmp ? table<Alu::cmp, T, false>() : table<Alu::test, T, false>();
}
template <class T>
const Handler* fused_compare_immediate(Alu op) {
    return op == Alu::cmp ? table<Alu::cmp, T, true>() : table<Alu::test, T, true>();
}
template const Handler* fused_compare_registers<std::uint8_t>(Alu);
template const Handler* fused_compare_registers<std::uint16_t>(Alu);
template const Handler* fused_compare_registers<std::uint32_t>(Alu);
template const Handler* fused_compare_registers<std::uint64_t>(Alu);
template const Handler* fused_compare_immediate<std::uint8_t>(Alu);
template const Handler* fused_compare_immediate<std::uint16_t>(Alu);
template const Handler* fused_compare_immediate<std::uint32_t>(Alu);
template const Handler* fused_compare_immediate<std::uint64_t>(Alu);

}  // namespace southgate::cpu
