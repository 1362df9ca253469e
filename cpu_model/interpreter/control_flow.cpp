// Near JMP, CALL and RET; BOUND; far transfers and software interrupts by way of interpreter/system.h.
#include "cpu_model/decode/select.h"
#include "cpu_model/decode/table.h"
#include "cpu_model/interpreter/flags.h"
#include "cpu_model/interpreter/stack.h"
#include "cpu_model/interpreter/system.h"

namespace southgate::cpu {
namespace {

// --- direct ---
template <Code K>
const Uop* jmp_rel(Cpu* c, const Uop* u) {
    return jump<K>(c, u);
}
template <class T, Code K, Path P = Path::fast>
[[gnu::noinline]] const Uop* call_rel(Cpu* c, const Uop* u) {
    if constexpr (K == Code::checked) check_target(c, u);
    else if constexpr (K == Code::wide) check_unlinked(c, u);
    if (!push<T, K, P>(c, u, static_cast<T>(c->ip + u->ip + u->length))) [[unlikely]]
        return call_rel<T, K, Path::slow>(c, u);
    return jump<K == Code::checked ? Code::checked : Code::flat>(c, u);
}

// --- indirect ---
[[noreturn, gnu::cold]] void raise_target(Cpu* c, const Uop* u) {
    c->cur = u;
    raise_gp();
}
// A target that the code segment does not allow, where the fault comes before the stack changes.
template <Code K>
[[gnu::always_inline]] inline void check_indirect(Cpu* c, const Uop* u, std::uint64_t target) {
    if constexpr (K == Code::checked) {
        if (target > segment(c, Seg::cs).limit) raise_target(c, u);
    } else if constexpr (K == Code::wide) {
        if (!canonical(target)) [[unlikely]] raise_target(c, u);
    }
}
template <Code K>
[[gnu::always_inline]] inline const Uop* go_to(Cpu* c, const Uop* u, std::uint64_t target, unsigned size) {
    if constexpr (K == Code::flat) {
        c->ip = target;
        return resume_flat(c);
    } else if constexpr (K == Code::wide) {
        if (!canonical(target)) [[unlikely]] raise_target(c, u);
        c->ip = target;
        return resume_flat(c);
    } else {
        c->cur = u;
        set_ip(c, target, size);
        return resume(c);
    }
}
template <class T, Code K>
const Uop* jmp_r(Cpu* c, const Uop* u) {
    return go_to<K>(c, u, get_reg<T>(c, u->rm), sizeof(T));
}
template <class T, Code K, Mem M>
const Uop* jmp_m(Cpu* c, const Uop* u) {
    return go_to<K>(c, u, load<T, M>(c, u), sizeof(T));
}
template <class T, Code K, Path P>
[[gnu::always_inline]] inline bool push_return(Cpu* c, const Uop* u, T target) {
    check_indirect<K>(c, u, target);
    return push<T, K, P>(c, u, static_cast<T>(c->ip + u->ip + u->length));
}
template <class T, Code K, Path P = Path::fast>
[[gnu::noinline]] const Uop* call_r(Cpu* c, const Uop* u) {
    const T target = get_reg<T>(c, u->rm);
    if (!push_return<T, K, P>(c, u, target)) [[unlikely]] return call_r<T, K, Path::slow>(c, u);
    return go_to<K>(c, u, target, sizeof(T));
}
template <class T, Code K, Mem M>
const Uop* call_m(Cpu* c, const Uop* u) {
    const T target = load<T, M>(c, u);
    push_return<T, K, Path::slow>(c, u, target);
    return go_to<K>(c, u, target, sizeof(T));
}
template <class T, Code K, Path P = Path::fast>
[[gnu::noinline]] const Uop* ret(Cpu* c, const Uop* u) {
    T target{};
    if (!peek<T, K, P>(c, u, 0, target)) [[unlikely]] return ret<T, K, Path::slow>(c, u);
    check_indirect<K>(c, u, target);
    move_sp<K>(c, static_cast<std::int64_t>(sizeof(T) + u->imm));
    return go_to<K>(c, u, target, sizeof(T));
}

// --- far ---
struct FarPointer {
    std::uint16_t selector;
    std::uint64_t offset;
};
template <class T>
FarPointer load_far_pointer(Cpu* c, const Uop* u) {
    c->cur = u;
    const auto s = static_cast<Seg>(u->seg);
    const std::uint64_t at = effective_address<Mem::segmented>(c, u);
    const std::uint64_t second = (at + sizeof(T)) << u->addr_shift >> u->addr_shift;
    const T offset = read_segment<T>(c, s, at);
    return {read_segment<std::uint16_t>(c, s, second), offset};
}
FarPointer far_operand(Cpu* c, const Uop* u) {
    switch (u->aux) {
        case 2: return load_far_pointer<std::uint16_t>(c, u);
        case 8: return load_far_pointer<std::uint64_t>(c, u);
        default: return load_far_pointer<std::uint32_t>(c, u);
    }
}
const Uop* jmp_far_m(Cpu* c, const Uop* u) {
    const FarPointer p = far_operand(c, u);
    far_jump(c, p.selector, p.offset, u->aux, truncate_ip(c, next_ip(c)));
    return resume(c);
}
const Uop* call_far_m(Cpu* c, const Uop* u) {
    const FarPointer p = far_operand(c, u);
    far_call(c, p.selector, p.offset, u->aux, truncate_ip(c, next_ip(c)));
    return resume(c);
}
// imm: selector in bits 32-47, offset below.
const Uop* jmp_far_i(Cpu* c, const Uop* u) {
    c->cur = u;
    far_jump(c, static_cast<std::uint16_t>(u->imm >> 32), u->imm & 0xffffffff, u->aux, truncate_ip(c, next_ip(c)));
    return resume(c);
}
const Uop* call_far_i(Cpu* c, const Uop* u) {
    c->cur = u;
    far_call(c, static_cast<std::uint16_t>(u->imm >> 32), u->imm & 0xffffffff, u->aux, truncate_ip(c, next_ip(c)));
    return resume(c);
}
const Uop* ret_far(Cpu* c, const Uop* u) {
    c->cur = u;
    far_return(c, u->aux, static_cast<std::uint16_t>(u->imm));
    return resume(c);
}
const Uop* iret(Cpu* c, const Uop* u) {
    c->cur = u;
    interrupt_return(c, u->aux, truncate_ip(c, next_ip(c)));
    return resume(c);
}

// --- software interrupts: imm is the vector ---
template <EventKind kind>
const Uop* int_n(Cpu* c, const Uop* u) {
    c->cur = u;
    interrupt(c, static_cast<std::uint8_t>(u->imm), kind, truncate_ip(c, next_ip(c)));
    c->step_trap = false;
    return resume(c);
}
const Uop* into(Cpu* c, const Uop* u) {
    if (get_of(c)) return int_n<EventKind::software_trap>(c, u);
    c->cur = u;
    c->ip = truncate_ip(c, next_ip(c));
    return resume(c);
}

// BOUND r, m: two signed bounds in memory.
template <class T>
const Uop* bound(Cpu* c, const Uop* u) {
    using S = std::make_signed_t<T>;
    c->cur = u;
    const auto s = static_cast<Seg>(u->seg);
    const std::uint64_t at = effective_address<Mem::segmented>(c, u);
    const std::uint64_t second = (at + sizeof(T)) << u->addr_shift >> u->addr_shift;
    const auto low = static_cast<S>(read_segment<T>(c, s, at));
    const auto high = static_cast<S>(read_segment<T>(c, s, second));
    const S index = get_reg<S>(c, u->reg);
    if (index < low || index > high) raise(Vector::bound_range);
    return next(c, u);
}

// Near branches have 64-bit operands in 64-bit mode, whatever the prefixes (SDM vol. 2A JMP, CALL: Intel ignores 66h).
template <class F>
Handler by_near(const Instruction& i, F f) {
    if (i.code64()) return f.template operator()<std::uint64_t, Code::wide>();
    if (i.operand_size == 2) return f.template operator()<std::uint16_t, Code::checked>();
    return i.flat() ? f.template operator()<std::uint32_t, Code::flat>()
                    : f.template operator()<std::uint32_t, Code::checked>();
}

void set_far(const Instruction& i, Translation& t, Handler h) {
    t.uop.aux = i.operand_size;
    t.uop.handler = h;
    t.ends_block = true;
}

void select_jmp(const Instruction& i, Translation& t) {
    Uop& u = t.uop;
    switch (i.opcode) {
        case 0xe9: case 0xeb:
            u.handler = i.flat_jump() ? jmp_rel<Code::flat> : jmp_rel<Code::checked>;
            return set_relative(i, t);
        case 0xea:
            u.imm = (i.imm2 << 32) | (i.imm & 0xffffffff);
            return set_far(i, t, jmp_far_i);
        default: break;
    }
    if (i.reg % 8 == 5) return set_far(i, t, i.memory() ? jmp_far_m : nullptr);
    t.ends_block = true;
    u.handler = by_near(i, [&]<class T, Code K>() -> Handler {
        if (!i.memory()) return jmp_r<T, K>;
        return by_memory<T>(i, []<Mem M>() -> Handler { return jmp_m<T, K, M>; });
    });
}
void select_call(const Instruction& i, Translation& t) {
    Uop& u = t.uop;
    switch (i.opcode) {
        case 0xe8:
            u.handler = by_near(i, []<class T, Code K>() -> Handler { return call_rel<T, K>; });
            return set_relative(i, t);
        case 0x9a:
            u.imm = (i.imm2 << 32) | (i.imm & 0xffffffff);
            return set_far(i, t, call_far_i);
        default: break;
    }
    if (i.reg % 8 == 3) return set_far(i, t, i.memory() ? call_far_m : nullptr);
    t.ends_block = true;
    u.handler = by_near(i, [&]<class T, Code K>() -> Handler {
        if (!i.memory()) return call_r<T, K>;
        return by_memory<T>(i, []<Mem M>() -> Handler { return call_m<T, K, M>; });
    });
}
void select_ret(const Instruction& i, Translation& t) {
    t.uop.imm &= 0xffff;
    if (i.opcode == 0xca || i.opcode == 0xcb) return set_far(i, t, ret_far);
    t.ends_block = true;
    t.uop.handler = by_near(i, []<class T, Code K>() -> Handler { return ret<T, K>; });
}
template <std::uint8_t vector, Handler h>
void select_fixed_int(const Instruction&, Translation& t) {
    t.uop.imm = vector;
    t.uop.handler = h;
    t.ends_block = true;
}

}  // namespace

void register_control_flow(HandlerTable& t) {
    t.add(ZYDIS_MNEMONIC_JMP, select_jmp);
    t.add(ZYDIS_MNEMONIC_CALL, select_call);
    t.add(ZYDIS_MNEMONIC_RET, select_ret);
    t.add(ZYDIS_MNEMONIC_BOUND, [](const Instruction& i, Translation& x) {
        if (i.memory()) x.uop.handler = i.operand_size == 2 ? bound<std::uint16_t> : bound<std::uint32_t>;
    });
    const auto interrupt_return = [](const Instruction& i, Translation& x) { set_far(i, x, iret); };
    t.add(ZYDIS_MNEMONIC_IRET, interrupt_return);
    t.add(ZYDIS_MNEMONIC_IRETD, interrupt_return);
    t.add(ZYDIS_MNEMONIC_IRETQ, interrupt_return);
    t.add(ZYDIS_MNEMONIC_INT, [](const Instruction& i, Translation& x) { set_far(i, x, int_n<EventKind::software>); });
    t.add(ZYDIS_MNEMONIC_INT3, select_fixed_int<3, int_n<EventKind::software_trap>>);
    t.add(ZYDIS_MNEMONIC_INTO, select_fixed_int<4, into>);
    t.add(ZYDIS_MNEMONIC_INT1, select_fixed_int<1, int_n<EventKind::software_privileged>>);
}

}  // namespace southgate::cpu
