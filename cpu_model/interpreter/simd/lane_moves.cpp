// Moves between XMM or MMX registers and general registers, single lanes, sign masks, masked stores.
#include <array>

#include "cpu_model/interpreter/simd/table.h"

namespace southgate::cpu::simd {
namespace {

// --- MOVD, MOVQ with a general register, or 32 or 64 bits of memory ---
template <class T, bool mmx>
const Uop* from_general(Cpu* c, const Uop* u) {
    if constexpr (mmx) {
        begin_mmx(c, u);
        enter_mmx(c);
        set_mmx(c, u->reg, get_reg<T>(c, u->rm));
    } else {
        begin_sse(c, u);
        set_xmm(c, u->reg, widen(get_reg<T>(c, u->rm)));
    }
    return next(c, u);
}
template <class T, bool mmx>
const Uop* to_general(Cpu* c, const Uop* u) {
    if constexpr (mmx) {
        begin_mmx(c, u);
        enter_mmx(c);
        set_reg<T>(c, u->rm, static_cast<T>(get_mmx(c, u->reg)));
    } else {
        begin_sse(c, u);
        set_reg<T>(c, u->rm, get_lane<T>(c, u->reg, 0));
    }
    return next(c, u);
}
template <class T, Mem M, bool mmx>
const Uop* from_memory(Cpu* c, const Uop* u) {
    mmx ? begin_mmx(c, u) : begin_sse(c, u);
    const T v = load<T, M>(c, u);
    if constexpr (mmx) {
        enter_mmx(c);
        set_mmx(c, u->reg, v);
    } else {
        set_xmm(c, u->reg, widen(v));
    }
    return next(c, u);
}
template <class T, Mem M, bool mmx>
const Uop* to_memory(Cpu* c, const Uop* u) {
    mmx ? begin_mmx(c, u) : begin_sse(c, u);
    store<T, M>(c, u, mmx ? static_cast<T>(get_mmx(c, u->reg)) : get_lane<T>(c, u->reg, 0));
    if constexpr (mmx) enter_mmx(c);
    return next(c, u);
}
template <class T, bool mmx>
Handler general_move(const Instruction& i) {
    const bool load = i.opcode == 0x6e;
    if (!i.memory()) return load ? from_general<T, mmx> : to_general<T, mmx>;
    return by_any_memory(
        i, [&]<Mem M>() -> Handler { return load ? from_memory<T, M, mmx> : to_memory<T, M, mmx>; });
}

// --- lanes ---
// From the low part of a register or memory to the lane the immediate names; there are `lanes`, a power of
// two.
template <class T, bool mmx>
const Uop* insert(Cpu* c, const Uop* u) {
    mmx ? begin_mmx(c, u) : begin_sse(c, u);
    const T v = u->aux ? load<T, Mem::segmented>(c, u) : static_cast<T>(get_reg<std::uint64_t>(c, u->rm));
    const unsigned lane = u->imm & ((mmx ? 8 : 16) / sizeof(T) - 1);
    if constexpr (mmx) {
        enter_mmx(c);
        set_mmx(c, u->reg, get_mmx(c, u->reg));
        std::memcpy(mmx_bytes(c, u->reg) + lane * sizeof v, &v, sizeof v);
    } else {
        set_lane<T>(c, u->reg, lane, v);
    }
    return next(c, u);
}
template <class T>
const Uop* extract(Cpu* c, const Uop* u) {
    begin_sse(c, u);
    const T v = get_lane<T>(c, u->reg, u->imm & (16 / sizeof(T) - 1));
    using Wide = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;
    if (u->aux)
        store<T, Mem::segmented>(c, u, v);
    else
        set_reg<Wide>(c, u->rm, v);
    return next(c, u);
}
// 0F C5: the destination is the reg operand.
const Uop* extract_word(Cpu* c, const Uop* u) {
    begin_sse(c, u);
    set_reg<std::uint32_t>(c, u->reg, get_lane<std::uint16_t>(c, u->rm, u->imm & 7));
    return next(c, u);
}
const Uop* extract_mmx_word(Cpu* c, const Uop* u) {
    begin_mmx(c, u);
    enter_mmx(c);
    set_reg<std::uint32_t>(c, u->reg, static_cast<std::uint16_t>(get_mmx(c, u->rm) >> 16 * (u->imm & 3)));
    return next(c, u);
}

// --- sign masks ---
template <unsigned (*f)(Xmm)>
const Uop* sign_mask(Cpu* c, const Uop* u) {
    begin_sse(c, u);
    set_reg<std::uint32_t>(c, u->reg, f(get_xmm(c, u->rm)));
    return next(c, u);
}
const Uop* sign_mask_mmx(Cpu* c, const Uop* u) {
    begin_mmx(c, u);
    enter_mmx(c);
    const int mask = _mm_movemask_epi8(widen(get_mmx(c, u->rm)));
    set_reg<std::uint32_t>(c, u->reg, static_cast<std::uint32_t>(mask));
    return next(c, u);
}
unsigned signs_of_bytes(Xmm v) { return static_cast<unsigned>(_mm_movemask_epi8(v)); }
unsigned signs_of_singles(Xmm v) { return static_cast<unsigned>(_mm_movemask_ps(_mm_castsi128_ps(v))); }
unsigned signs_of_doubles(Xmm v) { return static_cast<unsigned>(_mm_movemask_pd(_mm_castsi128_pd(v))); }

// --- MOVQ2DQ, MOVDQ2Q: both register files ---
const Uop* mmx_to_xmm(Cpu* c, const Uop* u) {
    begin_sse(c, u);
    begin_mmx(c, u);
    enter_mmx(c);
    set_xmm(c, u->reg, widen(get_mmx(c, u->rm)));
    return next(c, u);
}
const Uop* xmm_to_mmx(Cpu* c, const Uop* u) {
    begin_sse(c, u);
    begin_mmx(c, u);
    enter_mmx(c);
    set_mmx(c, u->reg, get_lane<std::uint64_t>(c, u->rm, 0));
    return next(c, u);
}

// --- MASKMOVQ, MASKMOVDQU: bytes whose mask byte is negative, to [rDI] ---
// Pages without a selected byte are not touched (SDM vol. 2B MASKMOVDQU leaves that to the implementation).
void store_masked(Cpu* c, const Uop* u, const std::uint8_t* data, unsigned mask, unsigned size) {
    c->cur = u;
    const std::uint64_t offset = effective_address<Mem::segmented>(c, u);
    const auto s = static_cast<Seg>(u->seg);
    const std::uint64_t linear = size == 16 ? to_linear<Xmm, Mem::segmented>(c, u, s, offset, true)
                                            : to_linear<std::uint64_t, Mem::segmented>(c, u, s, offset, true);
    const Privilege p = current_privilege(c);
    auto at = [&](unsigned n) { return code64(c) ? linear + n : static_cast<std::uint32_t>(linear + n); };
    for (unsigned n = 0; n < size; n++)
        if (mask >> n & 1) probe_write(c, at(n), 1, p);
    for (unsigned n = 0; n < size; n++)
        if (mask >> n & 1) write_linear<std::uint8_t>(c, at(n), data[n], p);
}
const Uop* masked_store(Cpu* c, const Uop* u) {
    begin_sse(c, u);
    std::array<std::uint8_t, 16> data;
    const Xmm v = get_xmm(c, u->reg);
    std::memcpy(data.data(), &v, sizeof v);
    store_masked(c, u, data.data(), signs_of_bytes(get_xmm(c, u->rm)), 16);
    return next(c, u);
}
const Uop* masked_store_mmx(Cpu* c, const Uop* u) {
    begin_mmx(c, u);
    std::array<std::uint8_t, 8> data;
    const std::uint64_t v = get_mmx(c, u->reg);
    std::memcpy(data.data(), &v, sizeof v);
    store_masked(c, u, data.data(), signs_of_bytes(widen(get_mmx(c, u->rm))), 8);
    enter_mmx(c);
    return next(c, u);
}
void select_masked_store(const Instruction& i, Translation& t) {
    const bool mmx = i.mnemonic == ZYDIS_MNEMONIC_MASKMOVQ;
    if (!(mmx ? sse_level : sse2_level).in(i)) return;
    if (mmx) set_mmx_operands(i, t.uop);
    t.uop.base = offset_of(Gpr::rdi);
    t.uop.handler = mmx ? masked_store_mmx : masked_store;
}

void select_insert(const Instruction& i, Translation& t) {
    t.uop.aux = i.memory();
    switch (i.mnemonic) {
        case ZYDIS_MNEMONIC_PINSRB:
            if (sse4_1_level.in(i)) t.uop.handler = insert<std::uint8_t, false>;
            break;
        case ZYDIS_MNEMONIC_PINSRD:
            if (sse4_1_level.in(i)) t.uop.handler = insert<std::uint32_t, false>;
            break;
        case ZYDIS_MNEMONIC_PINSRQ:
            if (sse4_1_level.in(i)) t.uop.handler = insert<std::uint64_t, false>;
            break;
        default:  // PINSRW
            if (i.operand_prefix && sse2_level.in(i)) t.uop.handler = insert<std::uint16_t, false>;
            if (i.operand_prefix || !sse_level.in(i)) break;
            t.uop.reg = static_cast<std::uint8_t>((i.reg & 7) * 8);
            t.uop.handler = insert<std::uint16_t, true>;
    }
}
void select_extract(const Instruction& i, Translation& t) {
    t.uop.aux = i.memory();
    if (i.map == 1) {  // PEXTRW from a register
        const bool mmx = !i.operand_prefix;
        if (!(mmx ? sse_level : sse2_level).in(i)) return;
        if (mmx) t.uop.rm = static_cast<std::uint8_t>((i.rm & 7) * 8);
        t.uop.handler = mmx ? extract_mmx_word : extract_word;
        return;
    }
    if (!sse4_1_level.in(i)) return;
    switch (i.mnemonic) {
        case ZYDIS_MNEMONIC_PEXTRB:
            t.uop.handler = extract<std::uint8_t>;
            break;
        case ZYDIS_MNEMONIC_PEXTRW:
            t.uop.handler = extract<std::uint16_t>;
            break;
        case ZYDIS_MNEMONIC_PEXTRQ:
            t.uop.handler = extract<std::uint64_t>;
            break;
        default:  // PEXTRD, EXTRACTPS
            t.uop.handler = extract<std::uint32_t>;
    }
}
void select_sign_mask(const Instruction& i, Translation& t) {
    if (i.mnemonic == ZYDIS_MNEMONIC_MOVMSKPS) {
        if (sse_level.in(i)) t.uop.handler = sign_mask<signs_of_singles>;
    } else if (i.mnemonic == ZYDIS_MNEMONIC_MOVMSKPD) {
        if (sse2_level.in(i)) t.uop.handler = sign_mask<signs_of_doubles>;
    } else if (i.operand_prefix) {
        if (sse2_level.in(i)) t.uop.handler = sign_mask<signs_of_bytes>;
    } else if (sse_level.in(i)) {
        t.uop.rm = static_cast<std::uint8_t>((i.rm & 7) * 8);
        t.uop.handler = sign_mask_mmx;
    }
}
void select_between(const Instruction& i, Translation& t) {
    if (!sse2_level.in(i)) return;
    const bool to_xmm = i.mnemonic == ZYDIS_MNEMONIC_MOVQ2DQ;
    std::uint8_t& mmx = to_xmm ? t.uop.rm : t.uop.reg;
    mmx = static_cast<std::uint8_t>(mmx & 0x38);
    t.uop.handler = to_xmm ? mmx_to_xmm : xmm_to_mmx;
}

}  // namespace

void select_general_move(const Instruction& i, Translation& t) {
    if (i.map != 1 || (i.opcode != 0x6e && i.opcode != 0x7e)) return;
    const bool mmx = !i.operand_prefix;
    if (!(mmx ? mmx_level : sse2_level).in(i)) return;
    if (mmx) t.uop.reg = static_cast<std::uint8_t>((i.reg & 7) * 8);
    if (i.rex_w)
        t.uop.handler = mmx ? general_move<std::uint64_t, true>(i) : general_move<std::uint64_t, false>(i);
    else
        t.uop.handler = mmx ? general_move<std::uint32_t, true>(i) : general_move<std::uint32_t, false>(i);
}

void register_lane_moves(HandlerTable& t) {
    for (auto m :
         {ZYDIS_MNEMONIC_PINSRB, ZYDIS_MNEMONIC_PINSRW, ZYDIS_MNEMONIC_PINSRD, ZYDIS_MNEMONIC_PINSRQ})
        t.add(m, select_insert);
    for (auto m : {ZYDIS_MNEMONIC_PEXTRB, ZYDIS_MNEMONIC_PEXTRW, ZYDIS_MNEMONIC_PEXTRD, ZYDIS_MNEMONIC_PEXTRQ,
                   ZYDIS_MNEMONIC_EXTRACTPS})
        t.add(m, select_extract);
    for (auto m : {ZYDIS_MNEMONIC_PMOVMSKB, ZYDIS_MNEMONIC_MOVMSKPS, ZYDIS_MNEMONIC_MOVMSKPD})
        t.add(m, select_sign_mask);
    for (auto m : {ZYDIS_MNEMONIC_MASKMOVQ, ZYDIS_MNEMONIC_MASKMOVDQU}) t.add(m, select_masked_store);
    for (auto m : {ZYDIS_MNEMONIC_MOVQ2DQ, ZYDIS_MNEMONIC_MOVDQ2Q}) t.add(m, select_between);
}

}  // namespace southgate::cpu::simd
