// ROL ROR RCL RCR SHL SHR SAR SHLD SHRD (SDM vol. 2B). Flags a manual leaves undefined for counts above 1 continue
// the one-bit rule: OF compares the two top bits of the result, or the top bit with CF.
#include "cpu_model/decode/select.h"
#include "cpu_model/decode/table.h"
#include "cpu_model/interpreter/flags.h"
#include "cpu_model/interpreter/operand.h"

namespace southgate::cpu {
namespace {

enum class Shift : std::uint8_t { rol, ror, rcl, rcr, shl, shr, sar };

template <class T>
bool top_bit(T v) { return (v >> (bits_of<T> - 1)) & 1; }
template <class T>
bool top_bits_differ(T v) { return top_bit(v) != (((v >> (bits_of<T> - 2)) & 1) != 0); }

// CF and OF of a rotate; the other flags stay.
void set_rotate_flags(Cpu* c, bool cf, bool of) { set_cf_of(c, cf, of); }

// count: 1 to 31, or 63 for 64-bit operands.
template <Shift op, class T>
[[gnu::always_inline]] inline T shift(Cpu* c, T v, unsigned count) {
    constexpr unsigned bits = bits_of<T>;
    if constexpr (op == Shift::rol || op == Shift::ror) {
        const T r = op == Shift::rol ? std::rotl(v, static_cast<int>(count % bits)) : std::rotr(v, static_cast<int>(count % bits));
        if constexpr (op == Shift::rol) set_rotate_flags(c, r & 1, top_bit(r) != ((r & 1) != 0));
        else set_rotate_flags(c, top_bit(r), top_bits_differ(r));
        return r;
    } else if constexpr (op == Shift::rcl || op == Shift::rcr) {
        count %= bits + 1;
        if (count == 0) return v;
        // CF above the operand: a rotation of bits + 1 bits.
        const unsigned left = op == Shift::rcl ? count : bits + 1 - count;
        T r;
        bool cf;
        if constexpr (bits == 64) {
            // left: 1 to 64.
            const T carry = static_cast<T>(T{get_cf(c)} << (left - 1));
            r = (left < 64 ? v << left : 0) | carry | (left > 1 ? v >> (65 - left) : 0);
            cf = (v >> (64 - left)) & 1;
        } else {
            const std::uint64_t wide = (std::uint64_t{get_cf(c)} << bits) | v;
            const std::uint64_t rotated = (wide << left) | (wide >> (bits + 1 - left));
            r = static_cast<T>(rotated);
            cf = (rotated >> bits) & 1;
        }
        set_rotate_flags(c, cf, op == Shift::rcl ? top_bit(r) != cf : top_bits_differ(r));
        return r;
    } else if constexpr (op == Shift::shl) {
        const std::uint64_t wide = std::uint64_t{v} << count;
        const T r = static_cast<T>(wide);
        const bool cf = bits == 64 ? (v >> (bits - count)) & 1 : (wide >> (bits % 64)) & 1;
        set_carries(c, cf, top_bit(r) != cf, false);
        set_result<T>(c, r);
        return r;
    } else {
        using Wide = std::conditional_t<op == Shift::sar, std::int64_t, std::uint64_t>;
        const Wide wide = op == Shift::sar ? static_cast<Wide>(static_cast<std::make_signed_t<T>>(v)) : static_cast<Wide>(v);
        const T r = static_cast<T>(wide >> count);
        set_carries(c, (wide >> (count - 1)) & 1, op == Shift::shr && top_bits_differ(r), false);
        set_result<T>(c, r);
        return r;
    }
}

template <class T>
constexpr unsigned count_mask = sizeof(T) == 8 ? 63 : 31;
template <class T, bool by_cl>
unsigned count_of(const Cpu* c, const Uop* u) {
    return (by_cl ? get_reg<std::uint8_t>(c, Gpr::rcx) : static_cast<unsigned>(u->imm)) & count_mask<T>;
}
template <Shift op, class T, bool by_cl>
const Uop* shift_r(Cpu* c, const Uop* u) {
    const unsigned count = count_of<T, by_cl>(c, u);
    if (count) set_reg<T>(c, u->rm, shift<op, T>(c, get_reg<T>(c, u->rm), count));
    else if constexpr (sizeof(T) == 4) set_reg<T>(c, u->rm, get_reg<T>(c, u->rm));
    return next(c, u);
}
template <Shift op, class T>
const Uop* shift_bare(Cpu* c, const Uop* u) {
    const T v = get_reg<T>(c, u->rm);
    T r;
    if constexpr (op == Shift::shl) r = v << u->imm;
    else if constexpr (op == Shift::shr) r = v >> u->imm;
    else r = static_cast<T>(static_cast<std::make_signed_t<T>>(v) >> u->imm);
    set_reg<T>(c, u->rm, r);
    return next(c, u);
}
template <Shift op, class T, bool by_cl, Mem M>
const Uop* shift_m(Cpu* c, const Uop* u) {
    const unsigned count = count_of<T, by_cl>(c, u);
    modify<T, M>(c, u, [&](T v) { return count ? shift<op, T>(c, v, count) : v; });
    return next(c, u);
}

template <Shift op>
void select_shift(const Instruction& i, Translation& t) {
    Uop& u = t.uop;
    const unsigned size = (i.opcode & 1) ? i.operand_size : 1;
    const bool by_cl = (i.opcode & 0xfe) == 0xd2;
    if ((i.opcode & 0xfe) == 0xd0) u.imm = 1;
    if (i.memory()) {
        u.handler = by_size(size, [&]<class T>() {
            return by_memory<T>(i, [&]<Mem M>() {
                return by_cl ? Handler{shift_m<op, T, true, M>} : Handler{shift_m<op, T, false, M>};
            });
        });
        return;
    }
    u.rm = reg_offset(i.rm, size, i.rex);
    u.handler = by_size(size, [&]<class T>() {
        return by_cl ? Handler{shift_r<op, T, true>} : Handler{shift_r<op, T, false>};
    });
    // A count of 0 keeps the flags, a rotate keeps most of them.
    if constexpr (op == Shift::shl || op == Shift::shr || op == Shift::sar) {
        const unsigned mask = size == 8 ? count_mask<std::uint64_t> : count_mask<std::uint32_t>;
        if (!by_cl && (u.imm & mask) != 0) {
            u.imm &= mask;
            t.observes_flags = false;
            t.overwrites_flags = true;
            if (size == 4) t.without_flags = shift_bare<op, std::uint32_t>;
            if (size == 8) t.without_flags = shift_bare<op, std::uint64_t>;
        }
    }
}

// --- SHLD, SHRD ---
// count: 1 to 31, or 63 for 64-bit operands. Counts above 16 for 16-bit operands are undefined; the pattern repeats, as on Intel parts.
template <class T, bool left>
T shift_double(Cpu* c, T v, T fill, unsigned count) {
    constexpr unsigned bits = bits_of<T>;
    T r;
    bool cf;
    if constexpr (sizeof(T) == 2) {
        const std::uint64_t pattern = (std::uint64_t{v} << 32) | (std::uint64_t{fill} << 16) | v;
        const unsigned down = left ? 32 - count : count;
        r = static_cast<T>(pattern >> down);
        cf = left ? (pattern >> (48 - count)) & 1 : (pattern >> (count - 1)) & 1;
    } else if constexpr (left) {
        r = static_cast<T>((v << count) | (fill >> (bits - count)));
        cf = (v >> (bits - count)) & 1;
    } else {
        r = static_cast<T>((v >> count) | (fill << (bits - count)));
        cf = (v >> (count - 1)) & 1;
    }
    set_carries(c, cf, top_bit(r) != top_bit(v), false);
    set_result<T>(c, r);
    return r;
}
template <class T, bool left, bool by_cl>
const Uop* double_r(Cpu* c, const Uop* u) {
    const unsigned count = count_of<T, by_cl>(c, u);
    if (count) set_reg<T>(c, u->rm, shift_double<T, left>(c, get_reg<T>(c, u->rm), get_reg<T>(c, u->reg), count));
    else if constexpr (sizeof(T) == 4) set_reg<T>(c, u->rm, get_reg<T>(c, u->rm));
    return next(c, u);
}
template <class T, bool left, bool by_cl, Mem M>
const Uop* double_m(Cpu* c, const Uop* u) {
    const unsigned count = count_of<T, by_cl>(c, u);
    modify<T, M>(c, u, [&](T v) { return count ? shift_double<T, left>(c, v, get_reg<T>(c, u->reg), count) : v; });
    return next(c, u);
}
template <bool left>
void select_double(const Instruction& i, Translation& t) {
    const bool by_cl = (i.opcode & 1) != 0;
    t.uop.handler = by_word_size(i.operand_size, [&]<class T>() -> Handler {
        if (!i.memory()) return by_cl ? double_r<T, left, true> : double_r<T, left, false>;
        return by_memory<T>(i, [&]<Mem M>() {
            return by_cl ? Handler{double_m<T, left, true, M>} : Handler{double_m<T, left, false, M>};
        });
    });
}

}  // namespace

void register_shifts(HandlerTable& t) {
    t.add(ZYDIS_MNEMONIC_ROL, select_shift<Shift::rol>);
    t.add(ZYDIS_MNEMONIC_ROR, select_shift<Shift::ror>);
    t.add(ZYDIS_MNEMONIC_RCL, select_shift<Shift::rcl>);
    t.add(ZYDIS_MNEMONIC_RCR, select_shift<Shift::rcr>);
    t.add(ZYDIS_MNEMONIC_SHL, select_shift<Shift::shl>);
    t.add(ZYDIS_MNEMONIC_SHR, select_shift<Shift::shr>);
    t.add(ZYDIS_MNEMONIC_SAR, select_shift<Shift::sar>);
    t.add(ZYDIS_MNEMONIC_SHLD, select_double<true>);
    t.add(ZYDIS_MNEMONIC_SHRD, select_double<false>);
}

}  // namespace southgate::cpu
