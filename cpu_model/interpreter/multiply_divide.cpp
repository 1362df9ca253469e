// MUL IMUL DIV IDIV (SDM vol. 2).
#include <limits>

#include "cpu_model/decode/select.h"
#include "cpu_model/decode/table.h"
#include "cpu_model/interpreter/fault.h"
#include "cpu_model/interpreter/flags.h"
#include "cpu_model/interpreter/operand.h"

namespace southgate::cpu {
namespace {

// The accumulator pair of a one-operand form: AX, DX:AX, EDX:EAX.
template <class T>
std::uint64_t get_pair(const Cpu* c) {
    if constexpr (sizeof(T) == 1) return get_reg<std::uint16_t>(c, Gpr::rax);
    else return (std::uint64_t{get_reg<T>(c, Gpr::rdx)} << bits_of<T>) | get_reg<T>(c, Gpr::rax);
}
template <class T>
void set_pair(Cpu* c, std::uint64_t v) {
    if constexpr (sizeof(T) == 1) {
        set_reg<std::uint16_t>(c, Gpr::rax, static_cast<std::uint16_t>(v));
    } else {
        set_reg<T>(c, Gpr::rax, static_cast<T>(v));
        set_reg<T>(c, Gpr::rdx, static_cast<T>(v >> bits_of<T>));
    }
}
// Quotient and remainder: AL, AH or (E)AX, (E)DX.
template <class T>
void set_quotient(Cpu* c, T quotient, T remainder) {
    if constexpr (sizeof(T) == 1) {
        set_reg<std::uint16_t>(c, Gpr::rax, static_cast<std::uint16_t>((remainder << 8) | quotient));
    } else {
        set_reg<T>(c, Gpr::rax, quotient);
        set_reg<T>(c, Gpr::rdx, remainder);
    }
}

enum class Op : std::uint8_t { mul, imul, div, idiv };

template <class T>
void multiply_flags(Cpu* c, T low, bool overflow) {
    set_carries(c, overflow, overflow, false);
    set_result<T>(c, low);
}

template <Op op, class T>
void accumulate(Cpu* c, const Uop* u, T v) {
    using S = std::make_signed_t<T>;
    if constexpr (op == Op::mul) {
        const std::uint64_t r = std::uint64_t{get_reg<T>(c, Gpr::rax)} * v;
        set_pair<T>(c, r);
        multiply_flags<T>(c, static_cast<T>(r), (r >> bits_of<T>) != 0);
    } else if constexpr (op == Op::imul) {
        const std::int64_t r = std::int64_t{get_reg<S>(c, Gpr::rax)} * static_cast<S>(v);
        set_pair<T>(c, static_cast<std::uint64_t>(r));
        multiply_flags<T>(c, static_cast<T>(r), r != static_cast<S>(r));
    } else if constexpr (op == Op::div) {
        const std::uint64_t n = get_pair<T>(c);
        if (v == 0 || n / v > std::numeric_limits<T>::max()) {
            c->cur = u;
            raise(Vector::divide_error);
        }
        set_quotient<T>(c, static_cast<T>(n / v), static_cast<T>(n % v));
    } else {
        // Sign-extended from twice the operand size.
        const auto n = static_cast<std::int64_t>(get_pair<T>(c) << (64 - 2 * bits_of<T>)) >> (64 - 2 * bits_of<T>);
        const auto d = std::int64_t{static_cast<S>(v)};
        const bool overflow = d == 0 || (n == std::numeric_limits<std::int64_t>::min() && d == -1);
        const std::int64_t q = overflow ? 0 : n / d;
        if (overflow || q != static_cast<S>(q)) {
            c->cur = u;
            raise(Vector::divide_error);
        }
        set_quotient<T>(c, static_cast<T>(q), static_cast<T>(n % d));
    }
}
template <Op op, class T>
const Uop* one_r(Cpu* c, const Uop* u) {
    accumulate<op, T>(c, u, get_reg<T>(c, u->rm));
    return next(c, u);
}
template <Op op, class T, Mem M>
const Uop* one_m(Cpu* c, const Uop* u) {
    accumulate<op, T>(c, u, load<T, M>(c, u));
    return next(c, u);
}
template <Op op>
void select_one(const Instruction& i, Translation& t) {
    const unsigned size = (i.opcode & 1) ? i.operand_size : 1;
    set_operand_size(i, t.uop, size);
    t.uop.handler = by_size(size, [&]<class T>() {
        return i.memory() ? by_memory(i, []<Mem M>() -> Handler { return one_m<op, T, M>; }) : Handler{one_r<op, T>};
    });
    if (op == Op::mul || op == Op::imul) {
        t.observes_flags = i.memory();
        t.overwrites_flags = !i.memory();
    }
}

// IMUL reg, rm and IMUL reg, rm, imm.
template <class T, bool immediate>
[[gnu::always_inline]] inline void multiply(Cpu* c, const Uop* u, T v) {
    using S = std::make_signed_t<T>;
    const S other = immediate ? static_cast<S>(u->imm) : get_reg<S>(c, u->reg);
    const std::int64_t r = std::int64_t{static_cast<S>(v)} * other;
    set_reg<T>(c, u->reg, static_cast<T>(r));
    multiply_flags<T>(c, static_cast<T>(r), r != static_cast<S>(r));
}
template <class T, bool immediate>
const Uop* imul_rr(Cpu* c, const Uop* u) {
    multiply<T, immediate>(c, u, get_reg<T>(c, u->rm));
    return next(c, u);
}
const Uop* imul_rr_bare(Cpu* c, const Uop* u) {
    set_reg<std::uint32_t>(c, u->reg, get_reg<std::uint32_t>(c, u->reg) * get_reg<std::uint32_t>(c, u->rm));
    return next(c, u);
}
const Uop* imul_rri_bare(Cpu* c, const Uop* u) {
    set_reg<std::uint32_t>(c, u->reg, static_cast<std::uint32_t>(u->imm) * get_reg<std::uint32_t>(c, u->rm));
    return next(c, u);
}
template <class T, bool immediate, Mem M>
const Uop* imul_rm(Cpu* c, const Uop* u) {
    multiply<T, immediate>(c, u, load<T, M>(c, u));
    return next(c, u);
}
void select_imul(const Instruction& i, Translation& t) {
    if (i.map == 0 && i.opcode >= 0xf6) return select_one<Op::imul>(i, t);
    const bool immediate = i.map == 0;
    t.uop.handler = by_word_size(i.operand_size, [&]<class T>() -> Handler {
        if (!i.memory()) return immediate ? imul_rr<T, true> : imul_rr<T, false>;
        return by_memory(i, [&]<Mem M>() {
            return immediate ? Handler{imul_rm<T, true, M>} : Handler{imul_rm<T, false, M>};
        });
    });
    t.observes_flags = i.memory();
    t.overwrites_flags = !i.memory();
    if (!i.memory() && i.operand_size == 4) t.without_flags = immediate ? imul_rri_bare : imul_rr_bare;
}

}  // namespace

void register_multiply_divide(HandlerTable& t) {
    t.add(ZYDIS_MNEMONIC_MUL, select_one<Op::mul>);
    t.add(ZYDIS_MNEMONIC_IMUL, select_imul);
    t.add(ZYDIS_MNEMONIC_DIV, select_one<Op::div>);
    t.add(ZYDIS_MNEMONIC_IDIV, select_one<Op::idiv>);
}

}  // namespace southgate::cpu
