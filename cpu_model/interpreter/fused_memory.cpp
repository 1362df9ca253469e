// CMP and TEST with a memory operand, fused with Jcc.
#include "cpu_model/interpreter/fused.h"

namespace southgate::cpu {
namespace {

template <class T, Mem M, unsigned cc, Path P = Path::fast>
[[gnu::noinline]] const Uop* compare_register_memory(Cpu* c, const Uop* u) {
    T b{};
    if (!get<T, M, P>(c, u, b)) [[unlikely]] return compare_register_memory<T, M, cc, Path::slow>(c, u);
    const T a = get_reg<T>(c, u->reg);
    const T r = alu<Alu::cmp, T>(c, a, b);
    return branch(c, u, condition_of<Alu::cmp, T, cc>(c, a, b, r));
}
template <Alu op, class T, Mem M, unsigned cc, Path P = Path::fast>
[[gnu::noinline]] const Uop* compare_memory_immediate(Cpu* c, const Uop* u) {
    T a{};
    if (!get<T, M, P>(c, u, a)) [[unlikely]] return compare_memory_immediate<op, T, M, cc, Path::slow>(c, u);
    const T b = static_cast<T>(u->imm);
    const T r = alu<op, T>(c, a, b);
    return branch(c, u, condition_of<op, T, cc>(c, a, b, r));
}

template <class T, Mem M>
const Handler* register_memory_table() {
    static constexpr auto handlers =
        by_condition([]<unsigned cc>() -> Handler { return compare_register_memory<T, M, cc>; });
    return handlers.data();
}
template <Alu op, class T, Mem M>
const Handler* memory_immediate_table() {
    static constexpr auto handlers =
        by_condition([]<unsigned cc>() -> Handler { return compare_memory_immediate<op, T, M, cc>; });
    return handlers.data();
}

template <class T, Mem M>
const Handler* compare_table(bool immediate, Alu op) {
    if (!immediate) return register_memory_table<T, M>();
    return op == Alu::cmp ? memory_immediate_table<Alu::cmp, T, M>() : memory_immediate_table<Alu::test, T, M>();
}

}  // namespace

template <class T>
const Handler* fused_compare_memory(bool immediate, Alu op, bool wide) {
    if constexpr (sizeof(T) < 8) {
        if (!wide) return compare_table<T, Mem::base>(immediate, op);
    }
    return compare_table<T, Mem::wide_base>(immediate, op);
}
template const Handler* fused_compare_memory<std::uint8_t>(bool, Alu, bool);
template const Handler* fused_compare_memory<std::uint32_t>(bool, Alu, bool);
template const Handler* fused_compare_memory<std::uint64_t>(bool, Alu, bool);

}  // namespace southgate::cpu
