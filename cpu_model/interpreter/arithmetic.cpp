// ADD OR ADC SBB AND SUB XOR CMP TEST INC DEC NEG NOT on registers, and the choice of all their forms.
#include "cpu_model/interpreter/arithmetic.h"

#include <utility>

#include "cpu_model/decode/select.h"
#include "cpu_model/decode/table.h"
#include "cpu_model/interpreter/arithmetic_memory.h"

namespace southgate::cpu {
namespace {

template <Alu op, class T>
const Uop* alu_rr(Cpu* c, const Uop* u) {  // rm := rm op reg
    const T r = alu<op, T>(c, get_reg<T>(c, u->rm), get_reg<T>(c, u->reg));
    if constexpr (writes_result(op)) set_reg<T>(c, u->rm, r);
    return next(c, u);
}
template <Alu op, class T>
const Uop* alu_ri(Cpu* c, const Uop* u) {
    const T r = alu<op, T>(c, get_reg<T>(c, u->rm), static_cast<T>(u->imm));
    if constexpr (writes_result(op)) set_reg<T>(c, u->rm, r);
    return next(c, u);
}
template <Alu op, class T>
const Uop* alu_rr_bare(Cpu* c, const Uop* u) {
    set_reg<T>(c, u->rm, alu_without_flags<op, T>(get_reg<T>(c, u->rm), get_reg<T>(c, u->reg)));
    return next(c, u);
}
template <Alu op, class T>
const Uop* alu_ri_bare(Cpu* c, const Uop* u) {
    set_reg<T>(c, u->rm, alu_without_flags<op, T>(get_reg<T>(c, u->rm), static_cast<T>(u->imm)));
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
template <Alu op, class T>
Handler bare_form(bool immediate) {
    return immediate ? alu_ri_bare<op, T> : alu_rr_bare<op, T>;
}
bool has_bare_form(Alu op) { return writes_result(op) && op != Alu::adc && op != Alu::sbb; }
template <class F>
Handler by_bare_alu(Alu op, F f) {
    switch (op) {
        case Alu::add: return f.template operator()<Alu::add>();
        case Alu::or_: return f.template operator()<Alu::or_>();
        case Alu::and_: return f.template operator()<Alu::and_>();
        case Alu::sub: return f.template operator()<Alu::sub>();
        default: return f.template operator()<Alu::xor_>();
    }
}

const Handler* fused_compare(Alu op, unsigned size, bool immediate) {
    switch (size) {
        case 1: return immediate ? fused_compare_immediate<std::uint8_t>(op) : fused_compare_registers<std::uint8_t>(op);
        case 2: return immediate ? fused_compare_immediate<std::uint16_t>(op) : fused_compare_registers<std::uint16_t>(op);
        case 8: return immediate ? fused_compare_immediate<std::uint64_t>(op) : fused_compare_registers<std::uint64_t>(op);
        default: return immediate ? fused_compare_immediate<std::uint32_t>(op) : fused_compare_registers<std::uint32_t>(op);
    }
}

void select_registers(const Instruction& i, Translation& t, Alu op, unsigned size, bool immediate) {
    Uop& u = t.uop;
    u.handler = by_size(size, [&]<class T>() {
        return by_alu(op, [&]<Alu o>() { return immediate ? Handler{alu_ri<o, T>} : Handler{alu_rr<o, T>}; });
    });
    t.observes_flags = op == Alu::adc || op == Alu::sbb;
    t.overwrites_flags = !t.observes_flags;
    if (size >= 4 && has_bare_form(op))
        t.without_flags = by_bare_alu(op, [&]<Alu o>() {
            return size == 4 ? bare_form<o, std::uint32_t>(immediate) : bare_form<o, std::uint64_t>(immediate);
        });
    if (!i.flat() && !i.code64()) return;
    if (op == Alu::cmp || op == Alu::test) t.fused = fused_compare(op, size, immediate);
    else if (size >= 4) t.fused = immediate ? fused_alu_immediate(op, size) : fused_alu_registers(op, size);
}

void select_alu(const Instruction& i, Translation& t, Alu op) {
    Uop& u = t.uop;
    const bool group = i.opcode >= 0x80;  // 80-83, and F6/F7 /0-1 for TEST
    const bool accumulator = !group && (i.opcode & 7) >= 4;
    const unsigned size = (i.opcode & 1) == 0 ? 1 : i.operand_size;
    set_operand_size(i, u, size);
    t.imm_patchable = accumulator || group;
    if (accumulator) {
        u.rm = 0;
        select_registers(i, t, op, size, true);
    } else if (group) {
        if (i.memory()) select_alu_memory_immediate(i, t, op, size);
        else select_registers(i, t, op, size, true);
    } else {
        const bool to_reg = (i.opcode & 2) != 0;
        if (i.memory()) {
            to_reg ? select_alu_register_memory(i, t, op, size) : select_alu_memory_register(i, t, op, size);
        } else {
            if (to_reg) std::swap(u.reg, u.rm);
            select_registers(i, t, op, size, false);
        }
    }
}
template <Alu op>
void select_alu_as(const Instruction& i, Translation& t) {
    if (i.map == 0) select_alu(i, t, op);
}

void select_test(const Instruction& i, Translation& t) {
    Uop& u = t.uop;
    const unsigned size = (i.opcode & 1) ? i.operand_size : 1;
    set_operand_size(i, u, size);
    t.imm_patchable = true;
    switch (i.opcode) {
        case 0x84: case 0x85:
            if (i.memory()) select_alu_memory_register(i, t, Alu::test, size);
            else select_registers(i, t, Alu::test, size, false);
            return;
        case 0xa8: case 0xa9:
            u.rm = 0;
            select_registers(i, t, Alu::test, size, true);
            return;
        default:
            if (i.memory()) select_alu_memory_immediate(i, t, Alu::test, size);
            else select_registers(i, t, Alu::test, size, true);
    }
}

// --- INC, DEC ---
template <class T, bool dec>
const Uop* step_r(Cpu* c, const Uop* u) {
    set_reg<T>(c, u->rm, step<T, dec>(c, get_reg<T>(c, u->rm)));
    return next(c, u);
}
template <class T, bool dec>
const Uop* step_r_bare(Cpu* c, const Uop* u) {
    set_reg<T>(c, u->rm, get_reg<T>(c, u->rm) + (dec ? T(-1) : T{1}));
    return next(c, u);
}
template <bool dec>
void select_step(const Instruction& i, Translation& t) {
    Uop& u = t.uop;
    const bool short_form = i.opcode < 0x80;
    const unsigned size = short_form || (i.opcode & 1) ? i.operand_size : 1;
    if (i.memory()) {
        select_step_memory(i, t, dec, size);
        return;
    }
    u.rm = reg_offset(i.rm, size, i.rex);
    u.handler = by_size(size, []<class T>() -> Handler { return step_r<T, dec>; });
    // CF passes through: without_flags is transparent, the full form reads it.
    if (size >= 4) {
        t.without_flags = size == 4 ? step_r_bare<std::uint32_t, dec> : step_r_bare<std::uint64_t, dec>;
        if (i.flat() || i.code64()) t.fused = fused_step(dec, size);
    }
}

// --- NEG, NOT ---
template <class T>
const Uop* neg_r(Cpu* c, const Uop* u) {
    set_reg<T>(c, u->rm, sub_flags<T>(c, T{0}, get_reg<T>(c, u->rm)));
    return next(c, u);
}
template <class T>
const Uop* not_r(Cpu* c, const Uop* u) {
    set_reg<T>(c, u->rm, static_cast<T>(~get_reg<T>(c, u->rm)));
    return next(c, u);
}
template <bool neg>
void select_unary(const Instruction& i, Translation& t) {
    const unsigned size = (i.opcode & 1) ? i.operand_size : 1;
    set_operand_size(i, t.uop, size);
    if (i.memory()) {
        select_unary_memory(i, t, neg, size);
        return;
    }
    t.uop.handler = by_size(size, []<class T>() -> Handler { return neg ? neg_r<T> : not_r<T>; });
    t.observes_flags = false;
    t.overwrites_flags = neg;
}

}  // namespace

void register_arithmetic(HandlerTable& t) {
    t.add(ZYDIS_MNEMONIC_ADD, select_alu_as<Alu::add>);
    t.add(ZYDIS_MNEMONIC_OR, select_alu_as<Alu::or_>);
    t.add(ZYDIS_MNEMONIC_ADC, select_alu_as<Alu::adc>);
    t.add(ZYDIS_MNEMONIC_SBB, select_alu_as<Alu::sbb>);
    t.add(ZYDIS_MNEMONIC_AND, select_alu_as<Alu::and_>);
    t.add(ZYDIS_MNEMONIC_SUB, select_alu_as<Alu::sub>);
    t.add(ZYDIS_MNEMONIC_XOR, select_alu_as<Alu::xor_>);
    t.add(ZYDIS_MNEMONIC_CMP, select_alu_as<Alu::cmp>);
    t.add(ZYDIS_MNEMONIC_TEST, select_test);
    t.add(ZYDIS_MNEMONIC_INC, select_step<false>);
    t.add(ZYDIS_MNEMONIC_DEC, select_step<true>);
    t.add(ZYDIS_MNEMONIC_NEG, select_unary<true>);
    t.add(ZYDIS_MNEMONIC_NOT, select_unary<false>);
}

}  // namespace southgate::cpu
