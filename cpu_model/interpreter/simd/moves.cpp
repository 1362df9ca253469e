// Moves between XMM or MMX registers and memory: MOVAPS, MOVDQU, MOVNT*, MOVQ, MOVSS, MOVHPS and kin.
#include "cpu_model/interpreter/simd/table.h"

namespace southgate::cpu::simd {
namespace {

namespace op {
SIMD_OP(movss);
SIMD_OP(movsd);
SIMD_OP(movlhps);
SIMD_OP(movhlps);
struct Move {
    static Xmm run(Xmm, Xmm b) { return b; }
};
struct MoveLow {  // bits 127:64 become 0
    static Xmm run(Xmm, Xmm b) { return _mm_move_epi64(b); }
};
}  // namespace op

// --- stores: what is stored, and what comes before and after ---
struct FromXmm {
    static void begin(Cpu* c, const Uop* u) { begin_sse(c, u); }
    static Xmm get(Cpu* c, const Uop* u) { return get_xmm(c, u->reg); }
    static void done(Cpu*) {}
};
struct FromXmmHigh : FromXmm {
    static Xmm get(Cpu* c, const Uop* u) { return _mm_srli_si128(get_xmm(c, u->reg), 8); }
};
struct FromMmx {
    static void begin(Cpu* c, const Uop* u) { begin_mmx(c, u); }
    static Xmm get(Cpu* c, const Uop* u) { return widen(get_mmx(c, u->reg)); }
    static void done(Cpu* c) { enter_mmx(c); }
};

template <class From, Width W>
[[gnu::noinline]] const Uop* store_memory_any(Cpu* c, const Uop* u) {
    From::begin(c, u);
    store_any(c, u, W, From::get(c, u));
    From::done(c);
    return next(c, u);
}
template <class From, Width W, Mem M>
const Uop* store_memory(Cpu* c, const Uop* u) {
    From::begin(c, u);
    if (!store_fast<W, M>(c, u, From::get(c, u))) [[unlikely]]
        return store_memory_any<From, W>(c, u);
    From::done(c);
    return next(c, u);
}
// Register to register with the operands of a store.
template <class Op>
const Uop* xmm_store_r(Cpu* c, const Uop* u) {
    begin_sse(c, u);
    set_xmm(c, u->rm, Op::run(get_xmm(c, u->rm), get_xmm(c, u->reg)));
    return next(c, u);
}
const Uop* mmx_store_r(Cpu* c, const Uop* u) {
    begin_mmx(c, u);
    enter_mmx(c);
    set_mmx(c, u->rm, get_mmx(c, u->reg));
    return next(c, u);
}

template <class From, Width W>
constexpr Forms stores(Features needs, Handler reg = nullptr) {
    return {reg, store_memory<From, W, Mem::flat>, store_memory<From, W, Mem::wide>,
            store_memory_any<From, W>, needs};
}
template <class Op, class MemoryOp, Width W>
constexpr Forms loads(Features needs) {
    return {xmm_r<Op>, xmm_m<MemoryOp, W, Mem::flat>, xmm_m<MemoryOp, W, Mem::wide>, xmm_any<MemoryOp, W>,
            needs};
}
template <class MemoryOp, Width W>
constexpr Forms memory_loads(Features needs) {
    return {nullptr, xmm_m<MemoryOp, W, Mem::flat>, xmm_m<MemoryOp, W, Mem::wide>, xmm_any<MemoryOp, W>,
            needs};
}

// One encoding of a mnemonic: opcode in its map.
struct Move {
    ZydisMnemonic mnemonic;
    std::uint8_t opcode;
    Forms forms;
    bool mmx = false;
};
constexpr Width aligned = Width::aligned, unaligned = Width::unaligned, qword = Width::qword,
                dword = Width::dword;

constexpr Forms load_aligned(Features f) { return loads<op::Move, op::Move, aligned>(f); }
constexpr Forms load_unaligned(Features f) { return loads<op::Move, op::Move, unaligned>(f); }
constexpr Forms store_aligned(Features f) { return stores<FromXmm, aligned>(f, xmm_store_r<op::Move>); }
constexpr Forms store_unaligned(Features f) { return stores<FromXmm, unaligned>(f, xmm_store_r<op::Move>); }

constexpr Move moves[] = {
    {ZYDIS_MNEMONIC_MOVAPS, 0x28, load_aligned(sse_level)},
    {ZYDIS_MNEMONIC_MOVAPS, 0x29, store_aligned(sse_level)},
    {ZYDIS_MNEMONIC_MOVAPD, 0x28, load_aligned(sse2_level)},
    {ZYDIS_MNEMONIC_MOVAPD, 0x29, store_aligned(sse2_level)},
    {ZYDIS_MNEMONIC_MOVDQA, 0x6f, load_aligned(sse2_level)},
    {ZYDIS_MNEMONIC_MOVDQA, 0x7f, store_aligned(sse2_level)},
    {ZYDIS_MNEMONIC_MOVUPS, 0x10, load_unaligned(sse_level)},
    {ZYDIS_MNEMONIC_MOVUPS, 0x11, store_unaligned(sse_level)},
    {ZYDIS_MNEMONIC_MOVUPD, 0x10, load_unaligned(sse2_level)},
    {ZYDIS_MNEMONIC_MOVUPD, 0x11, store_unaligned(sse2_level)},
    {ZYDIS_MNEMONIC_MOVDQU, 0x6f, load_unaligned(sse2_level)},
    {ZYDIS_MNEMONIC_MOVDQU, 0x7f, store_unaligned(sse2_level)},
    {ZYDIS_MNEMONIC_LDDQU, 0xf0, memory_loads<op::Move, unaligned>(sse3_level)},
    {ZYDIS_MNEMONIC_MOVNTPS, 0x2b, stores<FromXmm, aligned>(sse_level)},
    {ZYDIS_MNEMONIC_MOVNTPD, 0x2b, stores<FromXmm, aligned>(sse2_level)},
    {ZYDIS_MNEMONIC_MOVNTDQ, 0xe7, stores<FromXmm, aligned>(sse2_level)},
    {ZYDIS_MNEMONIC_MOVNTDQA, 0x2a, memory_loads<op::Move, aligned>(sse4_1_level)},
    {ZYDIS_MNEMONIC_MOVNTQ, 0xe7, stores<FromMmx, qword>(sse_level), true},
    {ZYDIS_MNEMONIC_MOVSS, 0x10, loads<op::movss, op::Move, dword>(sse_level)},
    {ZYDIS_MNEMONIC_MOVSS, 0x11, stores<FromXmm, dword>(sse_level, xmm_store_r<op::movss>)},
    {ZYDIS_MNEMONIC_MOVSD, 0x10, loads<op::movsd, op::Move, qword>(sse2_level)},
    {ZYDIS_MNEMONIC_MOVSD, 0x11, stores<FromXmm, qword>(sse2_level, xmm_store_r<op::movsd>)},
    {ZYDIS_MNEMONIC_MOVQ, 0x6f, mmx_forms<op::Move>(mmx_level), true},
    {ZYDIS_MNEMONIC_MOVQ, 0x7f, stores<FromMmx, qword>(mmx_level, mmx_store_r), true},
    {ZYDIS_MNEMONIC_MOVQ, 0xd6, stores<FromXmm, qword>(sse2_level, xmm_store_r<op::MoveLow>)},
    {ZYDIS_MNEMONIC_MOVLPS, 0x12, memory_loads<op::movsd, qword>(sse_level)},
    {ZYDIS_MNEMONIC_MOVLPS, 0x13, stores<FromXmm, qword>(sse_level)},
    {ZYDIS_MNEMONIC_MOVLPD, 0x12, memory_loads<op::movsd, qword>(sse2_level)},
    {ZYDIS_MNEMONIC_MOVLPD, 0x13, stores<FromXmm, qword>(sse2_level)},
    {ZYDIS_MNEMONIC_MOVHPS, 0x16, memory_loads<op::movlhps, qword>(sse_level)},
    {ZYDIS_MNEMONIC_MOVHPS, 0x17, stores<FromXmmHigh, qword>(sse_level)},
    {ZYDIS_MNEMONIC_MOVHPD, 0x16, memory_loads<op::movlhps, qword>(sse2_level)},
    {ZYDIS_MNEMONIC_MOVHPD, 0x17, stores<FromXmmHigh, qword>(sse2_level)},
    {ZYDIS_MNEMONIC_MOVHLPS, 0x12, {xmm_r<op::movhlps>, nullptr, nullptr, nullptr, sse_level}},
    {ZYDIS_MNEMONIC_MOVLHPS, 0x16, {xmm_r<op::movlhps>, nullptr, nullptr, nullptr, sse_level}},
};
// F3 0F 7E; 0F 7E itself is the move to a general register.
constexpr Forms movq_load = loads<op::MoveLow, op::Move, qword>(sse2_level);

void select_move(const Instruction& i, Translation& t) {
    if (i.mnemonic == ZYDIS_MNEMONIC_MOVQ && i.opcode == 0x7e && i.rep) {
        t.uop.handler = movq_load.of(i);
        return;
    }
    for (const Move& m : moves) {
        if (m.mnemonic != i.mnemonic || m.opcode != i.opcode) continue;
        if (m.mmx) set_mmx_operands(i, t.uop);
        t.uop.handler = m.forms.of(i);
        return;
    }
    select_general_move(i, t);
}

}  // namespace

void register_moves(HandlerTable& t) {
    static const Select string_move = t.find(ZYDIS_MNEMONIC_MOVSD);
    for (const Move& m : moves) t.add(m.mnemonic, select_move);
    t.add(ZYDIS_MNEMONIC_MOVD, select_move);
    // The mnemonic of two instructions.
    t.add(ZYDIS_MNEMONIC_MOVSD, [](const Instruction& i, Translation& x) {
        (i.map == 0 ? string_move : Select{select_move})(i, x);
    });
}

}  // namespace southgate::cpu::simd
