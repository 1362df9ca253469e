// MOV, PUSH and POP of segment registers, LDS LES LFS LGS LSS, and MOV of control and debug registers.
#include "cpu_model/decode/select.h"
#include "cpu_model/decode/table.h"
#include "cpu_model/interpreter/stack.h"
#include "cpu_model/interpreter/system.h"

namespace southgate::cpu {
namespace {

// After an instruction that may have changed the mode or asked for attention.
const Uop* go_on(Cpu* c, const Uop* u, std::uint32_t mode_before) {
    if (c->attention) return finish(c, u);
    return c->mode == mode_before ? next(c, u) : finish_and_resume(c, u);
}

// reg: Seg. A 32-bit register gets the selector zero-extended, memory always 16 bits.
template <class T>
const Uop* mov_r_seg(Cpu* c, const Uop* u) {
    set_reg<T>(c, u->rm, static_cast<T>(c->seg[u->reg].selector));
    return next(c, u);
}
template <Mem M>
const Uop* mov_m_seg(Cpu* c, const Uop* u) {
    store<std::uint16_t, M>(c, u, c->seg[u->reg].selector);
    return next(c, u);
}
const Uop* mov_seg_r(Cpu* c, const Uop* u) {
    c->cur = u;
    const std::uint32_t before = c->mode;
    load_segment(c, static_cast<Seg>(u->reg), get_reg<std::uint16_t>(c, u->rm));
    return go_on(c, u, before);
}
template <Mem M>
const Uop* mov_seg_m(Cpu* c, const Uop* u) {
    const auto selector = load<std::uint16_t, M>(c, u);
    c->cur = u;
    const std::uint32_t before = c->mode;
    load_segment(c, static_cast<Seg>(u->reg), selector);
    return go_on(c, u, before);
}

template <class T, Code K>
const Uop* push_seg(Cpu* c, const Uop* u) {
    push<T, K, Path::slow>(c, u, static_cast<T>(c->seg[u->reg].selector));
    return next(c, u);
}
template <class T, Code K>
const Uop* pop_seg(Cpu* c, const Uop* u) {
    T v{};
    peek<T, K, Path::slow>(c, u, 0, v);
    c->cur = u;
    const std::uint32_t before = c->mode;
    // POP SS moves the old stack's pointer: its size is that of the segment popped from.
    const bool wide = before & mode::stack32;
    const std::uint64_t sp = stack_offset<K>(c, sizeof(T));
    load_segment(c, static_cast<Seg>(u->reg), static_cast<std::uint16_t>(v));
    if constexpr (K == Code::wide) set_sp<K>(c, sp);
    else if (wide) set_reg<std::uint32_t>(c, Gpr::rsp, static_cast<std::uint32_t>(sp));
    else set_reg<std::uint16_t>(c, Gpr::rsp, static_cast<std::uint16_t>(sp));
    return go_on(c, u, before);
}

// aux: Seg.
template <class T>
const Uop* load_pointer(Cpu* c, const Uop* u) {
    c->cur = u;
    const auto s = static_cast<Seg>(u->seg);
    const std::uint64_t at = effective_address<Mem::segmented>(c, u);
    const std::uint64_t second = (at + sizeof(T)) << u->addr_shift >> u->addr_shift;
    const T offset = read_segment<T>(c, s, at);
    const auto selector = read_segment<std::uint16_t>(c, s, second);
    const std::uint32_t before = c->mode;
    load_segment(c, static_cast<Seg>(u->aux), selector, false);
    set_reg<T>(c, u->reg, offset);
    return go_on(c, u, before);
}

// --- control and debug registers: reg is the number ---
// T: 32 bits, or 64 in 64-bit mode, whatever the prefixes.
template <class T>
const Uop* mov_r_cr(Cpu* c, const Uop* u) {
    c->cur = u;
    set_reg<T>(c, u->rm, static_cast<T>(read_control_register(c, u->reg)));
    return next(c, u);
}
template <class T>
const Uop* mov_cr_r(Cpu* c, const Uop* u) {
    c->cur = u;
    write_control_register(c, u->reg, get_reg<T>(c, u->rm));
    return c->attention ? finish(c, u) : finish_and_resume(c, u);
}
template <class T>
const Uop* mov_r_dr(Cpu* c, const Uop* u) {
    c->cur = u;
    set_reg<T>(c, u->rm, static_cast<T>(read_debug_register(c, u->reg)));
    return next(c, u);
}
template <class T>
const Uop* mov_dr_r(Cpu* c, const Uop* u) {
    c->cur = u;
    write_debug_register(c, u->reg, get_reg<T>(c, u->rm));
    return finish(c, u);
}

unsigned pushed_segment(const Instruction& i) {
    return i.map == 1 ? (i.opcode >= 0xa8 ? 5u : 4u) : (i.opcode >> 3) & 3u;
}
template <Seg s>
void select_load_pointer(const Instruction& i, Translation& t) {
    if (!i.memory() || i.map > 1) return;
    t.uop.aux = static_cast<std::uint8_t>(s);
    t.uop.handler = by_word_size(i.operand_size, []<class T>() -> Handler { return load_pointer<T>; });
}

}  // namespace

void select_push_segment(const Instruction& i, Translation& t) {
    t.uop.reg = static_cast<std::uint8_t>(pushed_segment(i));
    t.uop.handler = by_stack(i, i.stack_operand_size(), []<class T, Code K>() -> Handler {
        return push_seg<T, K == Code::flat ? Code::checked : K>;
    });
}
void select_pop_segment(const Instruction& i, Translation& t) {
    t.uop.reg = static_cast<std::uint8_t>(pushed_segment(i));
    t.uop.handler = by_stack(i, i.stack_operand_size(), []<class T, Code K>() -> Handler {
        return pop_seg<T, K == Code::flat ? Code::checked : K>;
    });
}

void select_system_mov(const Instruction& i, Translation& t) {
    Uop& u = t.uop;
    if (i.map == 0) {
        u.reg = i.reg & 7;  // REX.R does not count (SDM vol. 2A 2.2.1.2)
        if (u.reg > 5) return;
        if (i.opcode == 0x8c) {
            if (i.memory()) u.handler = by_any_memory(i, []<Mem M>() -> Handler { return mov_m_seg<M>; });
            else u.handler = by_word_size(i.operand_size, []<class T>() -> Handler { return mov_r_seg<T>; });
        } else {
            if (i.memory()) u.handler = by_any_memory(i, []<Mem M>() -> Handler { return mov_seg_m<M>; });
            else u.handler = mov_seg_r;
        }
        return;
    }
    // ModRM.mod is ignored: the operand is always a register (SDM vol. 2B MOV CRn).
    u.rm = reg_offset(i.rm, 4, true);
    u.reg = i.reg;
    const auto pick = [&]<class T>() -> Handler {
        switch (i.opcode) {
            case 0x20: return mov_r_cr<T>;
            case 0x21: return mov_r_dr<T>;
            case 0x22: return mov_cr_r<T>;
            case 0x23: return mov_dr_r<T>;
            default: return nullptr;
        }
    };
    u.handler = i.code64() ? pick.operator()<std::uint64_t>() : pick.operator()<std::uint32_t>();
    t.ends_block = i.opcode >= 0x22;
}

void register_segment_instructions(HandlerTable& t) {
    t.add(ZYDIS_MNEMONIC_LDS, select_load_pointer<Seg::ds>);
    t.add(ZYDIS_MNEMONIC_LES, select_load_pointer<Seg::es>);
    t.add(ZYDIS_MNEMONIC_LFS, select_load_pointer<Seg::fs>);
    t.add(ZYDIS_MNEMONIC_LGS, select_load_pointer<Seg::gs>);
    t.add(ZYDIS_MNEMONIC_LSS, select_load_pointer<Seg::ss>);
}

}  // namespace southgate::cpu
