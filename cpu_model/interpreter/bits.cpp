// BT BTS BTR BTC BSF BSR (SDM vol. 2A).
#include <bit>

#include "cpu_model/decode/select.h"
#include "cpu_model/decode/table.h"
#include "cpu_model/interpreter/flags.h"
#include "cpu_model/interpreter/operand.h"

namespace southgate::cpu {
namespace {

enum class Bit : std::uint8_t { test, set, reset, complement };

template <Bit op, class T>
T change(T v, unsigned bit) {
    const T mask = static_cast<T>(T{1} << bit);
    if constexpr (op == Bit::set) return static_cast<T>(v | mask);
    else if constexpr (op == Bit::reset) return static_cast<T>(v & ~mask);
    else if constexpr (op == Bit::complement) return static_cast<T>(v ^ mask);
    else return v;
}

template <Bit op, class T, bool immediate>
const Uop* bit_r(Cpu* c, const Uop* u) {
    const unsigned bit = (immediate ? static_cast<unsigned>(u->imm) : get_reg<T>(c, u->reg)) % bits_of<T>;
    const T v = get_reg<T>(c, u->rm);
    if constexpr (op != Bit::test) set_reg<T>(c, u->rm, change<op, T>(v, bit));
    set_cf(c, (v >> bit) & 1);
    return next(c, u);
}
// A register bit offset is signed and addresses the word it lies in.
template <Bit op, class T, bool immediate>
const Uop* bit_m(Cpu* c, const Uop* u) {
    std::uint64_t offset = effective_address<Mem::segmented>(c, u);
    unsigned bit = static_cast<unsigned>(u->imm) % bits_of<T>;
    if constexpr (!immediate) {
        const std::int64_t index = get_reg<std::make_signed_t<T>>(c, u->reg);
        offset += static_cast<std::uint64_t>((index >> std::countr_zero(bits_of<T>)) * static_cast<std::int64_t>(sizeof(T)));
        offset = offset << u->addr_shift >> u->addr_shift;
        bit = static_cast<unsigned>(static_cast<std::uint64_t>(index)) % bits_of<T>;
    }
    const std::uint64_t linear =
        to_linear<T, Mem::segmented>(c, u, static_cast<Seg>(u->seg), offset, op != Bit::test);
    T old{};
    if constexpr (op == Bit::test) {
        old = load_at<T>(c, u, linear);
    } else {
        modify_at<T>(c, u, linear, [&](T v) {
            old = v;
            return change<op, T>(v, bit);
        });
    }
    set_cf(c, (old >> bit) & 1);
    return next(c, u);
}
template <Bit op>
void select_bit(const Instruction& i, Translation& t) {
    const bool immediate = i.opcode == 0xba;
    t.uop.handler = by_word_size(i.operand_size, [&]<class T>() -> Handler {
        if (i.memory()) return immediate ? bit_m<op, T, true> : bit_m<op, T, false>;
        return immediate ? bit_r<op, T, true> : bit_r<op, T, false>;
    });
}

// A source of 0 sets ZF and leaves the destination alone.
template <class T, bool reverse>
void scan(Cpu* c, const Uop* u, T v) {
    if (v) set_reg<T>(c, u->reg, static_cast<T>(reverse ? std::bit_width(v) - 1 : std::countr_zero(v)));
    set_flags_logic<T>(c, v ? T{1} : T{0});
}
template <class T, bool reverse>
const Uop* scan_r(Cpu* c, const Uop* u) {
    scan<T, reverse>(c, u, get_reg<T>(c, u->rm));
    return next(c, u);
}
template <class T, bool reverse, Mem M>
const Uop* scan_m(Cpu* c, const Uop* u) {
    scan<T, reverse>(c, u, load<T, M>(c, u));
    return next(c, u);
}
template <bool reverse>
void select_scan(const Instruction& i, Translation& t) {
    t.uop.handler = by_word_size(i.operand_size, [&]<class T>() -> Handler {
        if (!i.memory()) return scan_r<T, reverse>;
        return by_memory<T>(i, []<Mem M>() -> Handler { return scan_m<T, reverse, M>; });
    });
}

}  // namespace

void register_bits(HandlerTable& t) {
    t.add(ZYDIS_MNEMONIC_BT, select_bit<Bit::test>);
    t.add(ZYDIS_MNEMONIC_BTS, select_bit<Bit::set>);
    t.add(ZYDIS_MNEMONIC_BTR, select_bit<Bit::reset>);
    t.add(ZYDIS_MNEMONIC_BTC, select_bit<Bit::complement>);
    t.add(ZYDIS_MNEMONIC_BSF, select_scan<false>);
    t.add(ZYDIS_MNEMONIC_BSR, select_scan<true>);
}

}  // namespace southgate::cpu
