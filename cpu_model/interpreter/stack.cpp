// PUSH POP PUSHA POPA ENTER LEAVE.
#include "cpu_model/interpreter/stack.h"

#include "cpu_model/decode/select.h"
#include "cpu_model/decode/table.h"

namespace southgate::cpu {
namespace {

template <class T, Code K, Path P = Path::fast>
[[gnu::noinline]] const Uop* push_r(Cpu* c, const Uop* u) {
    if (!push<T, K, P>(c, u, get_reg<T>(c, u->rm))) [[unlikely]] return push_r<T, K, Path::slow>(c, u);
    return next(c, u);
}
template <class T, Code K, Path P = Path::fast>
[[gnu::noinline]] const Uop* push_i(Cpu* c, const Uop* u) {
    if (!push<T, K, P>(c, u, static_cast<T>(u->imm))) [[unlikely]] return push_i<T, K, Path::slow>(c, u);
    return next(c, u);
}
template <class T, Code K, Mem M>
const Uop* push_m(Cpu* c, const Uop* u) {
    push<T, K, Path::slow>(c, u, load<T, M>(c, u));
    return next(c, u);
}
template <class T, Code K, Path P = Path::fast>
[[gnu::noinline]] const Uop* pop_r(Cpu* c, const Uop* u) {
    T v{};
    if (!peek<T, K, P>(c, u, 0, v)) [[unlikely]] return pop_r<T, K, Path::slow>(c, u);
    move_sp<K>(c, sizeof(T));
    set_reg<T>(c, u->rm, v);
    return next(c, u);
}
// An ESP base sees the value after the pop (SDM vol. 2B POP).
template <class T, Code K, Mem M>
const Uop* pop_m(Cpu* c, const Uop* u) {
    T v{};
    peek<T, K, Path::slow>(c, u, 0, v);
    const std::uint64_t sp = get_reg<std::uint64_t>(c, Gpr::rsp);
    move_sp<K>(c, sizeof(T));
    const std::uint64_t offset = effective_address<M>(c, u);
    const std::uint64_t after = get_reg<std::uint64_t>(c, Gpr::rsp);
    set_reg<std::uint64_t>(c, Gpr::rsp, sp);
    store_at<T>(c, u, to_linear<T, M>(c, u, static_cast<Seg>(u->seg), offset, true), v);
    set_reg<std::uint64_t>(c, Gpr::rsp, after);
    return next(c, u);
}

void select_push(const Instruction& i, Translation& t) {
    if (i.map != 0) return select_push_segment(i, t);
    Uop& u = t.uop;
    const unsigned size = i.stack_operand_size();
    if (i.opcode >= 0x50 && i.opcode <= 0x57) {
        u.rm = reg_offset(i.rm, size, true);
        u.handler = by_stack(i, size, []<class T, Code K>() -> Handler { return push_r<T, K>; });
    } else if (i.opcode == 0x68 || i.opcode == 0x6a) {
        u.handler = by_stack(i, size, []<class T, Code K>() -> Handler { return push_i<T, K>; });
    } else if (i.opcode == 0xff) {
        u.handler = by_stack(i, size, [&]<class T, Code K>() -> Handler {
            if (!i.memory()) return push_r<T, K>;
            return by_memory<T>(i, []<Mem M>() -> Handler { return push_m<T, K, M>; });
        });
    } else {
        select_push_segment(i, t);
    }
}
void select_pop(const Instruction& i, Translation& t) {
    if (i.map != 0) return select_pop_segment(i, t);
    Uop& u = t.uop;
    const unsigned size = i.stack_operand_size();
    if (i.opcode >= 0x58 && i.opcode <= 0x5f) u.rm = reg_offset(i.rm, size, true);
    else if (i.opcode != 0x8f) return select_pop_segment(i, t);
    u.handler = by_stack(i, size, [&]<class T, Code K>() -> Handler {
        if (!i.memory()) return pop_r<T, K>;
        return by_memory<T>(i, []<Mem M>() -> Handler { return pop_m<T, K, M>; });
    });
}

template <class T>
const Uop* pusha(Cpu* c, const Uop* u) {
    c->cur = u;
    constexpr auto step = static_cast<std::int64_t>(sizeof(T));
    // Every address is checked before SP moves; a fault half-way leaves only memory below SP changed.
    for (unsigned n = 0; n < 8; n++)
        push_at<T, Code::checked, Path::slow>(c, u, stack_offset<Code::checked>(c, -step * (n + 1)), get_reg<T>(c, n * 8));
    move_sp<Code::checked>(c, -8 * step);
    return next(c, u);
}
template <class T>
const Uop* popa(Cpu* c, const Uop* u) {
    c->cur = u;
    constexpr auto step = static_cast<std::int64_t>(sizeof(T));
    std::array<T, 8> v;
    for (unsigned n = 0; n < 8; n++) peek<T, Code::checked, Path::slow>(c, u, step * n, v[n]);
    move_sp<Code::checked>(c, 8 * step);
    for (unsigned n = 0; n < 8; n++)
        if (n != 3) set_reg<T>(c, (7 - n) * 8, v[n]);  // the stored SP is skipped
    return next(c, u);
}

// rBP + delta, as wide as the stack.
template <Code K>
std::uint64_t frame_offset(const Cpu* c, std::int64_t delta) {
    const std::uint64_t at = get_reg<std::uint64_t>(c, Gpr::rbp) + static_cast<std::uint64_t>(delta);
    if constexpr (K == Code::wide) return at;
    else return K == Code::flat || (c->mode & mode::stack32) ? static_cast<std::uint32_t>(at) : at & 0xffff;
}

// SDM vol. 2A ENTER. imm: frame size; aux: nesting level.
template <class T, Code K>
const Uop* enter_frame(Cpu* c, const Uop* u) {
    c->cur = u;
    constexpr auto size = static_cast<std::int64_t>(sizeof(T));
    const unsigned level = u->aux % 32u;
    std::int64_t below = -size;
    push_at<T, K, Path::slow>(c, u, stack_offset<K>(c, below), get_reg<T>(c, Gpr::rbp));
    // All of (E)SP after the push, as wide as the operand: a 16-bit stack leaves the upper half of ESP alone.
    std::uint64_t frame = stack_offset<K>(c, below);
    if constexpr (K == Code::checked) {
        if (!(c->mode & mode::stack32)) frame |= get_reg<std::uint32_t>(c, Gpr::rsp) & 0xffff0000;
    }
    for (unsigned n = 1; n < level; n++) {
        const std::uint64_t from = frame_offset<K>(c, -static_cast<std::int64_t>(n) * size);
        const T v = load_at<T>(c, u, to_linear<T, stack_memory<K>>(c, u, Seg::ss, from, false));
        below -= size;
        push_at<T, K, Path::slow>(c, u, stack_offset<K>(c, below), v);
    }
    if (level > 0) {
        below -= size;
        push_at<T, K, Path::slow>(c, u, stack_offset<K>(c, below), static_cast<T>(frame));
    }
    below -= static_cast<std::int64_t>(u->imm);
    // The new top must be writable (SDM vol. 2A ENTER, #PF); Intel processors check it as they would check a push.
    const std::uint64_t top = linear_of(c, Seg::ss, stack_offset<K>(c, below), sizeof(T), true);
    check_alignment(c, top, sizeof(T));
    probe_write(c, top, sizeof(T), current_privilege(c));
    move_sp<K>(c, below);
    set_reg<T>(c, Gpr::rbp, static_cast<T>(frame));
    return next(c, u);
}

template <class T, Code K, Path P = Path::fast>
[[gnu::noinline]] const Uop* leave_frame(Cpu* c, const Uop* u) {
    const std::uint64_t offset = frame_offset<K>(c, 0);
    T v{};
    if constexpr (P == Path::slow) {
        v = load_at<T>(c, u, to_linear<T, stack_memory<K>>(c, u, Seg::ss, offset, false));
    } else {
        std::uintptr_t host = 0;
        if (!hit<T, stack_memory<K>, false>(c, Seg::ss, offset, host)) [[unlikely]]
            return leave_frame<T, K, Path::slow>(c, u);
        v = from_host<T>(host);
    }
    set_sp<K>(c, offset + sizeof(T));
    set_reg<T>(c, Gpr::rbp, v);
    return next(c, u);
}

}  // namespace

void register_stack(HandlerTable& t) {
    t.add(ZYDIS_MNEMONIC_PUSH, select_push);
    t.add(ZYDIS_MNEMONIC_POP, select_pop);
    const auto push_all = [](const Instruction& i, Translation& x) {
        x.uop.handler = i.operand_size == 2 ? pusha<std::uint16_t> : pusha<std::uint32_t>;
    };
    const auto pop_all = [](const Instruction& i, Translation& x) {
        x.uop.handler = i.operand_size == 2 ? popa<std::uint16_t> : popa<std::uint32_t>;
    };
    t.add(ZYDIS_MNEMONIC_PUSHA, push_all);
    t.add(ZYDIS_MNEMONIC_PUSHAD, push_all);
    t.add(ZYDIS_MNEMONIC_POPA, pop_all);
    t.add(ZYDIS_MNEMONIC_POPAD, pop_all);
    t.add(ZYDIS_MNEMONIC_ENTER, [](const Instruction& i, Translation& x) {
        x.uop.aux = static_cast<std::uint8_t>(i.imm2);
        x.uop.handler = by_stack(i, i.stack_operand_size(), []<class T, Code K>() -> Handler {
            return enter_frame<T, K == Code::flat ? Code::checked : K>;
        });
    });
    t.add(ZYDIS_MNEMONIC_LEAVE, [](const Instruction& i, Translation& x) {
        x.uop.handler = by_stack(i, i.stack_operand_size(),
                                 []<class T, Code K>() -> Handler { return leave_frame<T, K>; });
    });
}

}  // namespace southgate::cpu
