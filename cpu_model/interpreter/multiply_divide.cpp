// MUL IMUL DIV IDIV (SDM vol. 2).
#include <limits>
#include <type_traits>

#include "cpu_model/decode/select.h"
#include "cpu_model/decode/table.h"
#include "cpu_model/interpreter/fault.h"
#include "cpu_model/interpreter/flags.h"
#include "cpu_model/interpreter/operand.h"

namespace southgate::cpu {
namespace {

__extension__ using Int128 = __int128;
__extension__ using Uint128 = unsigned __int128;
// Integers twice as wide as T, or wider.
template <class T>
using Wide = std::conditional_t<sizeof(T) == 8, Uint128, std::uint64_t>;
template <class T>
using SignedWide = std::conditional_t<sizeof(T) == 8, Int128, std::int64_t>;

// The accumulator pair of a one-operand form: AX, DX:AX, EDX:EAX, RDX:RAX.
template <class T>
Wide<T> get_pair(const Cpu* c) {
    if constexpr (sizeof(T) == 1) return get_reg<std::uint16_t>(c, Gpr::rax);
    else return (Wide<T>{get_reg<T>(c, Gpr::rdx)} << bits_of<T>) | get_reg<T>(c, Gpr::rax);
}
template <class T>
void set_pair(Cpu* c, Wide<T> v) {
    if constexpr (sizeof(T) == 1) {
        set_reg<std::uint16_t>(c, Gpr::rax, static_cast<std::uint16_t>(v));
    } else {
        set_reg<T>(c, Gpr::rax, static_cast<T>(v));
        set_reg<T>(c, Gpr::rdx, static_cast<T>(v >> bits_of<T>));
    }
}
// Quotient and remainder: AL, AH or rAX, rDX.
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
        const Wide<T> r = Wide<T>{get_reg<T>(c, Gpr::rax)} * v;
        set_pair<T>(c, r);
        multiply_flags<T>(c, static_cast<T>(r), (r >> bits_of<T>) != 0);
    } else if constexpr (op == Op::imul) {
        const SignedWide<T> r = SignedWide<T>{get_reg<S>(c, Gpr::rax)} * static_cast<S>(v);
        set_pair<T>(c, static_cast<Wide<T>>(r));
        multiply_flags<T>(c, static_cast<T>(r), r != static_cast<S>(r));
    } else if constexpr (op == Op::div) {
        const Wide<T> n = get_pair<T>(c);
        if (v == 0 || n / v > std::numeric_limits<T>::max()) {
            c->cur = u;
            raise(Vector::divide_error);
        }
        set_quotient<T>(c, static_cast<T>(n / v), static_cast<T>(n % v));
    } else {
        // Sign-extended from twice the operand size.
        using Number = SignedWide<T>;
        constexpr unsigned unused = 8 * sizeof(Number) - 2 * bits_of<T>;
        const auto n = static_cast<Number>(get_pair<T>(c) << unused) >> unused;
        const auto d = Number{static_cast<S>(v)};
        constexpr auto lowest = static_cast<Number>(Wide<T>{1} << (8 * sizeof(Number) - 1));
        const bool overflow = d == 0 || (n == lowest && d == -1);
        const Number q = overflow ? 0 : n / d;
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
        return i.memory() ? by_memory<T>(i, []<Mem M>() -> Handler { return one_m<op, T, M>; }) : Handler{one_r<op, T>};
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
    const SignedWide<T> r = SignedWide<T>{static_cast<S>(v)} * other;
    set_reg<T>(c, u->reg, static_cast<T>(r));
    multiply_flags<T>(c, static_cast<T>(r), r != static_cast<S>(r));
}
template <class T, bool immediate>
const Uop* imul_rr(Cpu* c, const Uop* u) {
    multiply<T, immediate>(c, u, get_reg<T>(c, u->rm));
    return next(c, u);
}
template <class T>
const Uop* imul_rr_bare(Cpu* c, const Uop* u) {
    set_reg<T>(c, u->reg, get_reg<T>(c, u->reg) * get_reg<T>(c, u->rm));
    return next(c, u);
}
template <class T>
const Uop* imul_rri_bare(Cpu* c, const Uop* u) {
    set_reg<T>(c, u->reg, static_cast<T>(u->imm) * get_reg<T>(c, u->rm));
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
        return by_memory<T>(i, [&]<Mem M>() {
            return immediate ? Handler{imul_rm<T, true, M>} : Handler{imul_rm<T, false, M>};
        });
    });
    t.observes_flags = i.memory();
    t.overwrites_flags = !i.memory();
    if (i.memory() || i.operand_size == 2) return;
    using Dword = std::uint32_t;
    using Qword = std::uint64_t;
    if (i.operand_size == 4) t.without_flags = immediate ? imul_rri_bare<Dword> : imul_rr_bare<Dword>;
    else t.without_flags = immediate ? imul_rri_bare<Qword> : imul_rr_bare<Qword>;
}

}  // namespace

void register_multiply_divide(HandlerTable& t) {
    t.add(ZYDIS_MNEMONIC_MUL, select_one<Op::mul>);
    t.add(ZYDIS_MNEMONIC_IMUL, select_imul);
    t.add(ZYDIS_MNEMONIC_DIV, select_one<Op::div>);
    t.add(ZYDIS_MNEMONIC_IDIV, select_one<Op::idiv>);
}

}  // namespace southgate::cpu
