// Near JMP, CALL and RET; BOUND; far transfers and software interrupts by way of interpreter/system.h.
#include "cpu_model/decode/select.h"
#include "cpu_model/decode/table.h"
#include "cpu_model/interpreter/flags.h"
#include "cpu_model/interpreter/stack.h"
#include "cpu_model/interpreter/system.h"

namespace southgate::cpu {
namespace {

std::uint64_t truncated(const Cpu* c, std::uint64_t ip) {
    return (c->mode & mode::code64) ? ip : static_cast<std::uint32_t>(ip);
}

// --- direct ---
template <Code K>
const Uop* jmp_rel(Cpu* c, const Uop* u) {
    return jump<K>(c, u);
}
template <class T, Code K, Path P = Path::fast>
[[gnu::noinline]] const Uop* call_rel(Cpu* c, const Uop* u) {
    if constexpr (K == Code::checked) check_target(c, u);
    if (!push<T, K, P>(c, u, static_cast<T>(c->ip + u->ip + u->length))) [[unlikely]]
        return call_rel<T, K, Path::slow>(c, u);
    return jump<K>(c, u);
}

// --- indirect ---
template <Code K>
[[gnu::always_inline]] inline const Uop* go_to(Cpu* c, const Uop* u, std::uint64_t target, unsigned size) {
    if constexpr (K == Code::flat) {
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
    if constexpr (K == Code::checked) {
        if (target > segment(c, Seg::cs).limit) {
            c->cur = u;
            raise_gp();
        }
    }
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
    if constexpr (K == Code::checked) {
        if (target > segment(c, Seg::cs).limit) {
            c->cur = u;
            raise_gp();
        }
    }
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
    return u->aux == 2 ? load_far_pointer<std::uint16_t>(c, u) : load_far_pointer<std::uint32_t>(c, u);
}
const Uop* jmp_far_m(Cpu* c, const Uop* u) {
    const FarPointer p = far_operand(c, u);
    far_jump(c, p.selector, p.offset, u->aux, truncated(c, next_ip(c)));
    return resume(c);
}
const Uop* call_far_m(Cpu* c, const Uop* u) {
    const FarPointer p = far_operand(c, u);
    far_call(c, p.selector, p.offset, u->aux, truncated(c, next_ip(c)));
    return resume(c);
}
// imm: selector in bits 32-47, offset below.
const Uop* jmp_far_i(Cpu* c, const Uop* u) {
    c->cur = u;
    far_jump(c, static_cast<std::uint16_t>(u->imm >> 32), u->imm & 0xffffffff, u->aux, truncated(c, next_ip(c)));
    return resume(c);
}
const Uop* call_far_i(Cpu* c, const Uop* u) {
    c->cur = u;
    far_call(c, static_cast<std::uint16_t>(u->imm >> 32), u->imm & 0xffffffff, u->aux, truncated(c, next_ip(c)));
    return resume(c);
}
const Uop* ret_far(Cpu* c, const Uop* u) {
    c->cur = u;
    far_return(c, u->aux, static_cast<std::uint16_t>(u->imm));
    return resume(c);
}
const Uop* iret(Cpu* c, const Uop* u) {
    c->cur = u;
    interrupt_return(c, u->aux, truncated(c, next_ip(c)));
    return resume(c);
}

// --- software interrupts: imm is the vector ---
template <EventKind kind>
const Uop* int_n(Cpu* c, const Uop* u) {
    c->cur = u;
    interrupt(c, static_cast<std::uint8_t>(u->imm), kind, truncated(c, next_ip(c)));
    c->step_trap = false;
    return resume(c);
}
const Uop* into(Cpu* c, const Uop* u) {
    if (get_of(c)) return int_n<EventKind::software_trap>(c, u);
    c->cur = u;
    c->ip = truncated(c, next_ip(c));
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

bool flat32(const Instruction& i) { return i.flat() && i.operand_size == 4; }

void set_far(const Instruction& i, Translation& t, Handler h) {
    t.uop.aux = i.operand_size;
    t.uop.handler = h;
    t.ends_block = true;
}

void select_jmp(const Instruction& i, Translation& t) {
    Uop& u = t.uop;
    switch (i.opcode) {
        case 0xe9: case 0xeb:
            u.handler = flat32(i) ? jmp_rel<Code::flat> : jmp_rel<Code::checked>;
            return set_relative(i, t);
        case 0xea:
            u.imm = (i.imm2 << 32) | (i.imm & 0xffffffff);
            return set_far(i, t, jmp_far_i);
        default: break;
    }
    if (i.reg % 8 == 5) return set_far(i, t, i.memory() ? jmp_far_m : nullptr);
    t.ends_block = true;
    u.handler = by_word_size(i.operand_size, [&]<class T>() -> Handler {
        constexpr Code flat = sizeof(T) == 4 ? Code::flat : Code::checked;
        if (!i.memory()) return i.flat() ? jmp_r<T, flat> : jmp_r<T, Code::checked>;
        return by_memory(i, [&]<Mem M>() {
            return i.flat() ? Handler{jmp_m<T, flat, M>} : Handler{jmp_m<T, Code::checked, M>};
        });
    });
}
void select_call(const Instruction& i, Translation& t) {
    Uop& u = t.uop;
    switch (i.opcode) {
        case 0xe8:
            u.handler = flat32(i)              ? Handler{call_rel<std::uint32_t, Code::flat>}
                        : i.operand_size == 4 ? Handler{call_rel<std::uint32_t, Code::checked>}
                                              : Handler{call_rel<std::uint16_t, Code::checked>};
            return set_relative(i, t);
        case 0x9a:
            u.imm = (i.imm2 << 32) | (i.imm & 0xffffffff);
            return set_far(i, t, call_far_i);
        default: break;
    }
    if (i.reg % 8 == 3) return set_far(i, t, i.memory() ? call_far_m : nullptr);
    t.ends_block = true;
    u.handler = by_word_size(i.operand_size, [&]<class T>() -> Handler {
        constexpr Code flat = sizeof(T) == 4 ? Code::flat : Code::checked;
        if (!i.memory()) return i.flat() ? call_r<T, flat> : call_r<T, Code::checked>;
        return by_memory(i, [&]<Mem M>() {
            return i.flat() ? Handler{call_m<T, flat, M>} : Handler{call_m<T, Code::checked, M>};
        });
    });
}
void select_ret(const Instruction& i, Translation& t) {
    t.uop.imm &= 0xffff;
    if (i.opcode == 0xca || i.opcode == 0xcb) return set_far(i, t, ret_far);
    t.ends_block = true;
    t.uop.handler = flat32(i)              ? Handler{ret<std::uint32_t, Code::flat>}
                    : i.operand_size == 4 ? Handler{ret<std::uint32_t, Code::checked>}
                                          : Handler{ret<std::uint16_t, Code::checked>};
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
    t.add(ZYDIS_MNEMONIC_INT, [](const Instruction& i, Translation& x) { set_far(i, x, int_n<EventKind::software>); });
    t.add(ZYDIS_MNEMONIC_INT3, select_fixed_int<3, int_n<EventKind::software_trap>>);
    t.add(ZYDIS_MNEMONIC_INTO, select_fixed_int<4, into>);
    t.add(ZYDIS_MNEMONIC_INT1, select_fixed_int<1, int_n<EventKind::software_privileged>>);
}

}  // namespace southgate::cpu
