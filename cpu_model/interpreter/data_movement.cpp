// MOV (general), MOVZX, MOVSX, LEA, XLAT, BSWAP, XCHG, CBW/CWD families.
#include <type_traits>
#include <utility>

#include "cpu_model/decode/select.h"
#include "cpu_model/decode/table.h"
#include "cpu_model/interpreter/operand.h"

namespace southgate::cpu {
namespace {

template <class T>
const Uop* mov_rr(Cpu* c, const Uop* u) {  // rm := reg
    set_reg<T>(c, u->rm, get_reg<T>(c, u->reg));
    return next(c, u);
}
template <class T>
const Uop* mov_ri(Cpu* c, const Uop* u) {
    set_reg<T>(c, u->rm, static_cast<T>(u->imm));
    return next(c, u);
}
template <class T, Mem M, Path P = Path::fast>
[[gnu::noinline]] const Uop* mov_rm(Cpu* c, const Uop* u) {
    T v{};
    if (!get<T, M, P>(c, u, v)) [[unlikely]] return mov_rm<T, M, Path::slow>(c, u);
    set_reg<T>(c, u->reg, v);
    return next(c, u);
}
template <class T, Mem M, Path P = Path::fast>
[[gnu::noinline]] const Uop* mov_mr(Cpu* c, const Uop* u) {
    if (!put<T, M, P>(c, u, get_reg<T>(c, u->reg))) [[unlikely]] return mov_mr<T, M, Path::slow>(c, u);
    return next(c, u);
}
template <class T, Mem M, Path P = Path::fast>
[[gnu::noinline]] const Uop* mov_mi(Cpu* c, const Uop* u) {
    if (!put<T, M, P>(c, u, static_cast<T>(u->imm))) [[unlikely]] return mov_mi<T, M, Path::slow>(c, u);
    return next(c, u);
}

void select_load(const Instruction& i, Uop& u, unsigned size) {
    u.handler = by_size(size, [&]<class T>() {
        return by_hot_memory<T>(i, u, []<Mem M>() -> Handler { return mov_rm<T, M>; });
    });
}
void select_store(const Instruction& i, Uop& u, unsigned size) {
    u.handler = by_size(size, [&]<class T>() {
        return by_hot_memory<T>(i, u, []<Mem M>() -> Handler { return mov_mr<T, M>; });
    });
}

// A0-A3 with a 64-bit offset: it does not fit uop.disp.
template <class T>
const Uop* mov_from_offset(Cpu* c, const Uop* u) {
    set_reg<T>(c, Gpr::rax,
               load_at<T>(c, u, to_linear<T, Mem::segmented>(c, u, static_cast<Seg>(u->seg), u->imm, false)));
    return next(c, u);
}
template <class T>
const Uop* mov_to_offset(Cpu* c, const Uop* u) {
    store_at<T>(c, u, to_linear<T, Mem::segmented>(c, u, static_cast<Seg>(u->seg), u->imm, true),
                get_reg<T>(c, Gpr::rax));
    return next(c, u);
}
void select_long_offset(const Instruction& i, Uop& u, unsigned size) {
    u.imm = i.offset;
    u.handler = by_size(size, [&]<class T>() -> Handler {
        return (i.opcode & 2) ? mov_to_offset<T> : mov_from_offset<T>;
    });
}

void select_mov(const Instruction& i, Translation& t) {
    Uop& u = t.uop;
    const bool byte = (i.opcode & 1) == 0;
    unsigned size = byte ? 1 : i.operand_size;
    t.observes_flags = i.memory();
    switch (i.opcode) {
        case 0x88: case 0x89: case 0x8a: case 0x8b: {
            set_operand_size(i, u, size);
            const bool to_reg = (i.opcode & 2) != 0;
            if (i.memory()) {
                to_reg ? select_load(i, u, size) : select_store(i, u, size);
            } else {
                if (to_reg) std::swap(u.reg, u.rm);
                u.handler = by_size(size, []<class T>() -> Handler { return mov_rr<T>; });
            }
            return;
        }
        case 0xa0: case 0xa1: case 0xa2: case 0xa3:
            t.observes_flags = true;
            u.reg = 0;
            if (i.address_size == 8) return select_long_offset(i, u, size);
            (i.opcode & 2) ? select_store(i, u, size) : select_load(i, u, size);
            return;
        case 0xc6: case 0xc7:
            t.imm_patchable = true;
            set_operand_size(i, u, size);
            u.handler = by_size(size, [&]<class T>() {
                return i.memory() ? by_hot_memory<T>(i, u, []<Mem M>() -> Handler { return mov_mi<T, M>; })
                                  : Handler{mov_ri<T>};
            });
            return;
        default:
            if (i.opcode < 0xb0 || i.opcode > 0xbf) return;
            t.imm_patchable = true;
            size = i.opcode < 0xb8 ? 1 : i.operand_size;
            u.rm = reg_offset(i.rm, size, i.rex);
            u.handler = by_size(size, []<class T>() -> Handler { return mov_ri<T>; });
            return;
    }
}

// --- MOVZX, MOVSX: S source, T destination ---
template <class S, class T>
const Uop* extend_rr(Cpu* c, const Uop* u) {
    set_reg<std::make_unsigned_t<T>>(c, u->reg, static_cast<std::make_unsigned_t<T>>(T{get_reg<S>(c, u->rm)}));
    return next(c, u);
}
template <class S, class T, Mem M, Path P = Path::fast>
[[gnu::noinline]] const Uop* extend_rm(Cpu* c, const Uop* u) {
    S v{};
    if (!get<S, M, P>(c, u, v)) [[unlikely]] return extend_rm<S, T, M, Path::slow>(c, u);
    set_reg<std::make_unsigned_t<T>>(c, u->reg, static_cast<std::make_unsigned_t<T>>(T{v}));
    return next(c, u);
}
template <class S, class T>
Handler pick_extend(const Instruction& i, const Uop& u) {
    if (!i.memory()) return extend_rr<S, T>;
    return by_hot_memory<S>(i, u, []<Mem M>() -> Handler { return extend_rm<S, T, M>; });
}
void select_extend(const Instruction& i, Translation& t) {
    if (i.map != 1) return;
    Uop& u = t.uop;
    t.observes_flags = i.memory();
    const unsigned source = (i.opcode & 1) ? 2 : 1;
    if (!i.memory()) u.rm = reg_offset(i.rm, source, i.rex);
    const bool sign = i.opcode >= 0xbe;
    u.handler = by_word_size(i.operand_size, [&]<class T>() {
        using S = std::make_signed_t<T>;
        if (source == 1) return sign ? pick_extend<std::int8_t, S>(i, u) : pick_extend<std::uint8_t, T>(i, u);
        return sign ? pick_extend<std::int16_t, S>(i, u) : pick_extend<std::uint16_t, T>(i, u);
    });
}
// 63h in 64-bit mode: without REX.W it only moves (SDM vol. 2B MOVSXD).
void select_movsxd(const Instruction& i, Translation& t) {
    t.observes_flags = i.memory();
    if (i.operand_size == 8) t.uop.handler = pick_extend<std::int32_t, std::int64_t>(i, t.uop);
    else if (i.operand_size == 4) t.uop.handler = pick_extend<std::uint32_t, std::uint32_t>(i, t.uop);
    else t.uop.handler = pick_extend<std::uint16_t, std::uint16_t>(i, t.uop);
}

// --- LEA ---
template <class T, Mem M>
const Uop* lea(Cpu* c, const Uop* u) {
    set_reg<T>(c, u->reg, static_cast<T>(effective_address<M>(c, u)));
    return next(c, u);
}
void select_lea(const Instruction& i, Translation& t) {
    if (!i.memory()) return;
    t.observes_flags = false;
    Uop& u = t.uop;
    const bool base = u.index == zero_slot * 8;
    u.handler = by_word_size(i.operand_size, [&]<class T>() -> Handler {
        if (i.address_size == 4 && !i.code64()) return base ? lea<T, Mem::base> : lea<T, Mem::flat>;
        if (i.address_size == 8) return base ? lea<T, Mem::wide_base> : lea<T, Mem::wide>;
        return lea<T, Mem::segmented>;
    });
}

// --- XLAT: AL := [seg:(E)BX + AL] ---
const Uop* xlat(Cpu* c, const Uop* u) {
    const std::uint64_t offset =
        (get_reg<std::uint64_t>(c, Gpr::rbx) + get_reg<std::uint8_t>(c, Gpr::rax)) << u->addr_shift >> u->addr_shift;
    const std::uint64_t linear = to_linear<std::uint8_t, Mem::segmented>(c, u, static_cast<Seg>(u->seg), offset, false);
    set_reg<std::uint8_t>(c, Gpr::rax, load_at<std::uint8_t>(c, u, linear));
    return next(c, u);
}

// --- BSWAP: the 16-bit form is undefined; processors clear the register's low half (SDM vol. 2A BSWAP) ---
const Uop* bswap64(Cpu* c, const Uop* u) {
    set_reg<std::uint64_t>(c, u->rm, __builtin_bswap64(get_reg<std::uint64_t>(c, u->rm)));
    return next(c, u);
}
const Uop* bswap32(Cpu* c, const Uop* u) {
    set_reg<std::uint32_t>(c, u->rm, __builtin_bswap32(get_reg<std::uint32_t>(c, u->rm)));
    return next(c, u);
}
const Uop* bswap16(Cpu* c, const Uop* u) {
    set_reg<std::uint16_t>(c, u->rm, std::uint16_t{0});
    return next(c, u);
}
void select_bswap(const Instruction& i, Translation& t) {
    t.uop.rm = reg_offset(i.rm, 4, true);
    t.uop.handler = i.operand_size == 2 ? bswap16 : i.operand_size == 4 ? bswap32 : bswap64;
    t.observes_flags = false;
}

// --- MOVBE ---
template <class T>
T swapped(T v) {
    if constexpr (sizeof(T) == 2) return __builtin_bswap16(v);
    else if constexpr (sizeof(T) == 4) return __builtin_bswap32(v);
    else return __builtin_bswap64(v);
}
template <class T>
const Uop* movbe_load(Cpu* c, const Uop* u) {
    set_reg<T>(c, u->reg, swapped(load<T, Mem::segmented>(c, u)));
    return next(c, u);
}
template <class T>
const Uop* movbe_store(Cpu* c, const Uop* u) {
    store<T, Mem::segmented>(c, u, swapped(get_reg<T>(c, u->reg)));
    return next(c, u);
}
void select_movbe(const Instruction& i, Translation& t) {
    if (!i.memory() || !(i.features_ecx & feature_ecx::movbe)) return;
    t.uop.handler = by_word_size(i.operand_size, [&]<class T>() -> Handler {
        if constexpr (sizeof(T) == 1) return nullptr;
        else return (i.opcode & 1) ? movbe_store<T> : movbe_load<T>;
    });
}

// --- XCHG ---
template <class T>
const Uop* xchg_rr(Cpu* c, const Uop* u) {
    const T a = get_reg<T>(c, u->reg), b = get_reg<T>(c, u->rm);
    set_reg<T>(c, u->rm, a);
    set_reg<T>(c, u->reg, b);
    return next(c, u);
}
template <class T, Mem M>
const Uop* xchg_mr(Cpu* c, const Uop* u) {
    T old{};
    modify<T, M>(c, u, [&](T v) {
        old = v;
        return get_reg<T>(c, u->reg);
    });
    set_reg<T>(c, u->reg, old);
    return next(c, u);
}
const Uop* nop(Cpu* c, const Uop* u) { return next(c, u); }
const Uop* pause(Cpu* c, const Uop* u) {
    if (!c->pause_exits) return next(c, u);
    // At once: a spin lock may be free only between this PAUSE and the next attempt to take it.
    c->exit_pending = true;
    c->exit_reason = ExitReason::pause;
    return finish(c, u);
}

void select_xchg(const Instruction& i, Translation& t) {
    Uop& u = t.uop;
    t.observes_flags = i.memory();
    if (i.opcode >= 0x90) {
        u.reg = reg_offset(i.rm, i.operand_size, true);
        u.rm = 0;
        u.handler = by_word_size(i.operand_size, []<class T>() -> Handler { return xchg_rr<T>; });
        return;
    }
    const unsigned size = (i.opcode & 1) ? i.operand_size : 1;
    set_operand_size(i, u, size);
    u.handler = by_size(size, [&]<class T>() {
        return i.memory() ? by_memory<T>(i, []<Mem M>() -> Handler { return xchg_mr<T, M>; }) : Handler{xchg_rr<T>};
    });
}

// --- sign extension of the accumulator ---
const Uop* cbw(Cpu* c, const Uop* u) {
    set_reg<std::uint16_t>(c, Gpr::rax, static_cast<std::uint16_t>(get_reg<std::int8_t>(c, Gpr::rax)));
    return next(c, u);
}
const Uop* cwde(Cpu* c, const Uop* u) {
    set_reg<std::uint32_t>(c, Gpr::rax, static_cast<std::uint32_t>(get_reg<std::int16_t>(c, Gpr::rax)));
    return next(c, u);
}
const Uop* cwd(Cpu* c, const Uop* u) {
    set_reg<std::uint16_t>(c, Gpr::rdx, get_reg<std::int16_t>(c, Gpr::rax) < 0 ? std::uint16_t{0xffff} : std::uint16_t{0});
    return next(c, u);
}
const Uop* cdq(Cpu* c, const Uop* u) {
    set_reg<std::uint32_t>(c, Gpr::rdx, get_reg<std::int32_t>(c, Gpr::rax) < 0 ? 0xffffffffu : 0u);
    return next(c, u);
}

const Uop* cdqe(Cpu* c, const Uop* u) {
    set_reg<std::uint64_t>(c, Gpr::rax, static_cast<std::uint64_t>(std::int64_t{get_reg<std::int32_t>(c, Gpr::rax)}));
    return next(c, u);
}
const Uop* cqo(Cpu* c, const Uop* u) {
    set_reg<std::uint64_t>(c, Gpr::rdx, get_reg<std::int64_t>(c, Gpr::rax) < 0 ? ~std::uint64_t{0} : std::uint64_t{0});
    return next(c, u);
}

// Handlers without operands to choose by.
template <Handler h>
void plain(const Instruction&, Translation& t) {
    t.uop.handler = h;
    t.observes_flags = false;
}

}  // namespace

void register_data_movement(HandlerTable& t) {
    t.add(ZYDIS_MNEMONIC_MOV, [](const Instruction& i, Translation& x) {
        if (i.map == 0 && i.opcode != 0x8c && i.opcode != 0x8e) select_mov(i, x);
        else select_system_mov(i, x);
    });
    t.add(ZYDIS_MNEMONIC_MOVZX, select_extend);
    t.add(ZYDIS_MNEMONIC_MOVSX, select_extend);
    t.add(ZYDIS_MNEMONIC_MOVSXD, select_movsxd);
    t.add(ZYDIS_MNEMONIC_LEA, select_lea);
    t.add(ZYDIS_MNEMONIC_XLAT, [](const Instruction&, Translation& x) { x.uop.handler = xlat; });
    t.add(ZYDIS_MNEMONIC_BSWAP, select_bswap);
    t.add(ZYDIS_MNEMONIC_MOVBE, select_movbe);
    t.add(ZYDIS_MNEMONIC_XCHG, select_xchg);
    t.add(ZYDIS_MNEMONIC_CBW, plain<cbw>);
    t.add(ZYDIS_MNEMONIC_CWDE, plain<cwde>);
    t.add(ZYDIS_MNEMONIC_CWD, plain<cwd>);
    t.add(ZYDIS_MNEMONIC_CDQ, plain<cdq>);
    t.add(ZYDIS_MNEMONIC_CDQE, plain<cdqe>);
    t.add(ZYDIS_MNEMONIC_CQO, plain<cqo>);
    // Hints and multi-byte NOPs touch nothing, not even their memory operand.
    t.add(ZYDIS_MNEMONIC_PAUSE, plain<pause>);
    for (auto m : {ZYDIS_MNEMONIC_NOP, ZYDIS_MNEMONIC_PREFETCH, ZYDIS_MNEMONIC_PREFETCHNTA,
                   ZYDIS_MNEMONIC_PREFETCHT0, ZYDIS_MNEMONIC_PREFETCHT1, ZYDIS_MNEMONIC_PREFETCHT2,
                   ZYDIS_MNEMONIC_PREFETCHW})
        t.add(m, plain<nop>);
}

}  // namespace southgate::cpu
