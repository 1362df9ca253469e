// ALU instructions with a memory operand.
#include "cpu_model/interpreter/arithmetic_memory.h"

#include "cpu_model/decode/select.h"

namespace southgate::cpu {
namespace {

template <Alu op, class T, Mem M, Path P = Path::fast>
[[gnu::noinline]] const Uop* alu_rm(Cpu* c, const Uop* u) {
    T v{};
    if (!get<T, M, P>(c, u, v)) [[unlikely]] return alu_rm<op, T, M, Path::slow>(c, u);
    const T r = alu<op, T>(c, get_reg<T>(c, u->reg), v);
    if constexpr (writes_result(op)) set_reg<T>(c, u->reg, r);
    return next(c, u);
}

// The second operand is a register or the immediate.
template <class T, bool immediate>
[[gnu::always_inline]] inline T source(const Cpu* c, const Uop* u) {
    if constexpr (immediate) return static_cast<T>(u->imm);
    else return get_reg<T>(c, u->reg);
}
template <Alu op, class T, Mem M, bool immediate, Path P = Path::fast>
[[gnu::noinline]] const Uop* alu_m(Cpu* c, const Uop* u) {
    if constexpr (writes_result(op)) {
        if (!update<T, M, P>(c, u, [&](T v) { return alu<op, T>(c, v, source<T, immediate>(c, u)); })) [[unlikely]]
            return alu_m<op, T, M, immediate, Path::slow>(c, u);
    } else {
        T v{};
        if (!get<T, M, P>(c, u, v)) [[unlikely]] return alu_m<op, T, M, immediate, Path::slow>(c, u);
        alu<op, T>(c, v, source<T, immediate>(c, u));
    }
    return next(c, u);
}
template <class T, bool dec, Mem M, Path P = Path::fast>
[[gnu::noinline]] const Uop* step_m(Cpu* c, const Uop* u) {
    if (!update<T, M, P>(c, u, [&](T v) { return step<T, dec>(c, v); })) [[unlikely]]
        return step_m<T, dec, M, Path::slow>(c, u);
    return next(c, u);
}
template <class T, Mem M>
const Uop* neg_m(Cpu* c, const Uop* u) {
    modify<T, M>(c, u, [&](T v) { return sub_flags<T>(c, T{0}, v); });
    return next(c, u);
}
template <class T, Mem M>
const Uop* not_m(Cpu* c, const Uop* u) {
    modify<T, M>(c, u, [](T v) { return static_cast<T>(~v); });
    return next(c, u);
}

template <class F>
Handler by_alu(Alu op, F f) {
    switch (op) {
        case Alu::add: return f.template operator()<Alu::add>();
        case Alu::or_: return f.template operator()<Alu::or_>();
        case Alu::adc: return f.template operator()<Alu::adc>();
        case Alu::sbb: return f.template operator()<Alu::sbb>();
        case Alu::and_: return f.template operator()<Alu::and_>();
        case Alu::sub: return f.template operator()<Alu::sub>();
        case Alu::xor_: return f.template operator()<Alu::xor_>();
        case Alu::cmp: return f.template operator()<Alu::cmp>();
        default: return f.template operator()<Alu::test>();
    }
}

const Handler* fused_memory(const Instruction& i, const Uop& u, Alu op, unsigned size, bool immediate) {
    const bool wide = wide_memory(i);
    if (!(wide || flat_memory(i)) || u.index != zero_slot * 8 || writes_result(op)) return nullptr;
    switch (size) {
        case 1: return fused_compare_memory<std::uint8_t>(immediate, op, wide);
        case 4: return fused_compare_memory<std::uint32_t>(immediate, op, wide);
        case 8: return fused_compare_memory<std::uint64_t>(immediate, op, wide);
        default: return nullptr;
    }
}

template <bool immediate>
void select_memory(const Instruction& i, Translation& t, Alu op, unsigned size) {
    t.uop.handler = by_size(size, [&]<class T>() {
        return by_alu(op, [&]<Alu o>() {
            return by_hot_memory<T>(i, t.uop, []<Mem M>() -> Handler { return alu_m<o, T, M, immediate>; });
        });
    });
}

}  // namespace

void select_alu_register_memory(const Instruction& i, Translation& t, Alu op, unsigned size) {
    t.uop.handler = by_size(size, [&]<class T>() {
        return by_alu(op, [&]<Alu o>() {
            return by_hot_memory<T>(i, t.uop, []<Mem M>() -> Handler { return alu_rm<o, T, M>; });
        });
    });
    if (op == Alu::cmp) t.fused = fused_memory(i, t.uop, op, size, false);
}
void select_alu_memory_register(const Instruction& i, Translation& t, Alu op, unsigned size) {
    select_memory<false>(i, t, op, size);
}
void select_alu_memory_immediate(const Instruction& i, Translation& t, Alu op, unsigned size) {
    select_memory<true>(i, t, op, size);
    t.fused = fused_memory(i, t.uop, op, size, true);
}
void select_step_memory(const Instruction& i, Translation& t, bool dec, unsigned size) {
    t.uop.handler = by_size(size, [&]<class T>() {
        return by_memory<T>(i, [&]<Mem M>() { return dec ? Handler{step_m<T, true, M>} : Handler{step_m<T, false, M>}; });
    });
}
void select_unary_memory(const Instruction& i, Translation& t, bool neg, unsigned size) {
    t.uop.handler = by_size(size, [&]<class T>() {
        return by_memory<T>(i, [&]<Mem M>() { return neg ? Handler{neg_m<T, M>} : Handler{not_m<T, M>}; });
    });
}

}  // namespace southgate::cpu
