// Jcc SETcc CMOVcc LOOP JCXZ SALC.
#include "cpu_model/decode/select.h"
#include "cpu_model/decode/table.h"
#include "cpu_model/interpreter/fused.h"

namespace southgate::cpu {
namespace {

template <Code K, unsigned cc>
const Uop* jcc(Cpu* c, const Uop* u) {
    if (condition<cc>(c)) return jump<K>(c, u);
    return fall_through<K>(c, u + 1);
}
template <Code K>
constexpr auto jcc_handlers = by_condition([]<unsigned cc>() -> Handler { return jcc<K, cc>; });

void select_jcc(const Instruction& i, Translation& t) {
    const unsigned cc = i.opcode & 15;
    const bool flat = i.flat_jump();
    t.uop.handler = flat ? jcc_handlers<Code::flat>[cc] : jcc_handlers<Code::checked>[cc];
    if (flat) t.condition = static_cast<std::int8_t>(cc);
    set_relative(i, t);
}

template <unsigned cc>
const Uop* setcc_r(Cpu* c, const Uop* u) {
    set_reg<std::uint8_t>(c, u->rm, condition<cc>(c));
    return next(c, u);
}
template <unsigned cc, Mem M>
const Uop* setcc_m(Cpu* c, const Uop* u) {
    store<std::uint8_t, M>(c, u, condition<cc>(c));
    return next(c, u);
}
constexpr auto setcc_r_handlers = by_condition([]<unsigned cc>() -> Handler { return setcc_r<cc>; });
template <Mem M>
constexpr auto setcc_m_handlers = by_condition([]<unsigned cc>() -> Handler { return setcc_m<cc, M>; });

void select_setcc(const Instruction& i, Translation& t) {
    const unsigned cc = i.opcode & 15;
    set_operand_size(i, t.uop, 1);
    if (i.memory()) t.uop.handler = by_any_memory(i, [&]<Mem M>() -> Handler { return setcc_m_handlers<M>[cc]; });
    else t.uop.handler = setcc_r_handlers[cc];
}

// The memory operand is read whatever the condition; a 32-bit destination is written (zero-extended) in any case.
template <class T, unsigned cc>
const Uop* cmov_r(Cpu* c, const Uop* u) {
    const T a = get_reg<T>(c, u->reg), b = get_reg<T>(c, u->rm);
    set_reg<T>(c, u->reg, condition<cc>(c) ? b : a);
    return next(c, u);
}
template <class T, unsigned cc, Mem M>
const Uop* cmov_m(Cpu* c, const Uop* u) {
    const T b = load<T, M>(c, u);
    set_reg<T>(c, u->reg, condition<cc>(c) ? b : get_reg<T>(c, u->reg));
    return next(c, u);
}
template <class T>
constexpr auto cmov_r_handlers = by_condition([]<unsigned cc>() -> Handler { return cmov_r<T, cc>; });
template <class T, Mem M>
constexpr auto cmov_m_handlers = by_condition([]<unsigned cc>() -> Handler { return cmov_m<T, cc, M>; });

void select_cmov(const Instruction& i, Translation& t) {
    const unsigned cc = i.opcode & 15;
    t.uop.handler = by_word_size(i.operand_size, [&]<class T>() -> Handler {
        if (!i.memory()) return cmov_r_handlers<T>[cc];
        return by_memory<T>(i, [&]<Mem M>() -> Handler { return cmov_m_handlers<T, M>[cc]; });
    });
}

// --- LOOP, JCXZ: A is the counter's type, of the address size ---
enum class Loop : std::uint8_t { plain, while_equal, while_not_equal, if_zero };

template <class A, Code K, Loop L>
const Uop* loop(Cpu* c, const Uop* u) {
    A count = get_reg<A>(c, Gpr::rcx);
    bool taken;
    if constexpr (L == Loop::if_zero) {
        taken = count == 0;
    } else {
        count = static_cast<A>(count - 1);
        taken = count != 0;
        if constexpr (L == Loop::while_equal) taken = taken && get_zf(c);
        if constexpr (L == Loop::while_not_equal) taken = taken && !get_zf(c);
        // A target beyond the CS limit, or not canonical, faults before the counter changes.
        if (taken) K == Code::checked ? check_target(c, u) : check_unlinked(c, u);
        set_reg<A>(c, Gpr::rcx, count);
    }
    if (taken) return jump<K>(c, u);
    return fall_through<K>(c, u + 1);
}
template <Loop L>
void select_loop(const Instruction& i, Translation& t) {
    const bool flat = i.flat_jump();
    t.uop.handler = by_word_size(i.address_size, [&]<class A>() -> Handler {
        return flat ? loop<A, Code::flat, L> : loop<A, Code::checked, L>;
    });
    set_relative(i, t);
}

const Uop* salc(Cpu* c, const Uop* u) {
    set_reg<std::uint8_t>(c, Gpr::rax, get_cf(c) ? 0xff : 0);
    return next(c, u);
}

}  // namespace

void set_relative(const Instruction& i, Translation& t) {
    t.uop.disp = static_cast<std::int32_t>(i.imm);
    t.uop.imm = 0;
    t.uop.aux = i.operand_size;
    t.relative = true;
    t.ends_block = true;
}

void register_conditional(HandlerTable& t) {
    for (auto m : {ZYDIS_MNEMONIC_JO, ZYDIS_MNEMONIC_JNO, ZYDIS_MNEMONIC_JB, ZYDIS_MNEMONIC_JNB, ZYDIS_MNEMONIC_JZ,
                   ZYDIS_MNEMONIC_JNZ, ZYDIS_MNEMONIC_JBE, ZYDIS_MNEMONIC_JNBE, ZYDIS_MNEMONIC_JS, ZYDIS_MNEMONIC_JNS,
                   ZYDIS_MNEMONIC_JP, ZYDIS_MNEMONIC_JNP, ZYDIS_MNEMONIC_JL, ZYDIS_MNEMONIC_JNL, ZYDIS_MNEMONIC_JLE,
                   ZYDIS_MNEMONIC_JNLE})
        t.add(m, select_jcc);
    for (auto m : {ZYDIS_MNEMONIC_SETO, ZYDIS_MNEMONIC_SETNO, ZYDIS_MNEMONIC_SETB, ZYDIS_MNEMONIC_SETNB,
                   ZYDIS_MNEMONIC_SETZ, ZYDIS_MNEMONIC_SETNZ, ZYDIS_MNEMONIC_SETBE, ZYDIS_MNEMONIC_SETNBE,
                   ZYDIS_MNEMONIC_SETS, ZYDIS_MNEMONIC_SETNS, ZYDIS_MNEMONIC_SETP, ZYDIS_MNEMONIC_SETNP,
                   ZYDIS_MNEMONIC_SETL, ZYDIS_MNEMONIC_SETNL, ZYDIS_MNEMONIC_SETLE, ZYDIS_MNEMONIC_SETNLE})
        t.add(m, select_setcc);
    for (auto m : {ZYDIS_MNEMONIC_CMOVO, ZYDIS_MNEMONIC_CMOVNO, ZYDIS_MNEMONIC_CMOVB, ZYDIS_MNEMONIC_CMOVNB,
                   ZYDIS_MNEMONIC_CMOVZ, ZYDIS_MNEMONIC_CMOVNZ, ZYDIS_MNEMONIC_CMOVBE, ZYDIS_MNEMONIC_CMOVNBE,
                   ZYDIS_MNEMONIC_CMOVS, ZYDIS_MNEMONIC_CMOVNS, ZYDIS_MNEMONIC_CMOVP, ZYDIS_MNEMONIC_CMOVNP,
                   ZYDIS_MNEMONIC_CMOVL, ZYDIS_MNEMONIC_CMOVNL, ZYDIS_MNEMONIC_CMOVLE, ZYDIS_MNEMONIC_CMOVNLE})
        t.add(m, select_cmov);
    t.add(ZYDIS_MNEMONIC_LOOP, select_loop<Loop::plain>);
    t.add(ZYDIS_MNEMONIC_LOOPE, select_loop<Loop::while_equal>);
    t.add(ZYDIS_MNEMONIC_LOOPNE, select_loop<Loop::while_not_equal>);
    for (auto m : {ZYDIS_MNEMONIC_JCXZ, ZYDIS_MNEMONIC_JECXZ, ZYDIS_MNEMONIC_JRCXZ}) t.add(m, select_loop<Loop::if_zero>);
    t.add(ZYDIS_MNEMONIC_SALC, [](const Instruction&, Translation& x) { x.uop.handler = salc; });
}

}  // namespace southgate::cpu
