// CMPXCHG XADD CMPXCHG8B CMPXCHG16B (SDM vol. 2). One processor runs at a time, so LOCK needs nothing.
#include "cpu_model/decode/select.h"
#include "cpu_model/decode/table.h"
#include "cpu_model/interpreter/fault.h"
#include "cpu_model/interpreter/flags.h"
#include "cpu_model/interpreter/operand.h"

namespace southgate::cpu {
namespace {

template <class T>
const Uop* cmpxchg_r(Cpu* c, const Uop* u) {
    const T v = get_reg<T>(c, u->rm), a = get_reg<T>(c, Gpr::rax);
    sub_flags<T>(c, a, v);
    if (a == v) set_reg<T>(c, u->rm, get_reg<T>(c, u->reg));
    else set_reg<T>(c, Gpr::rax, v);
    return next(c, u);
}
// The destination gets a write cycle in either case.
template <class T, Mem M>
const Uop* cmpxchg_m(Cpu* c, const Uop* u) {
    T old{};
    const T a = get_reg<T>(c, Gpr::rax);
    modify<T, M>(c, u, [&](T v) {
        old = v;
        return v == a ? get_reg<T>(c, u->reg) : v;
    });
    sub_flags<T>(c, a, old);
    if (a != old) set_reg<T>(c, Gpr::rax, old);
    return next(c, u);
}
void select_cmpxchg(const Instruction& i, Translation& t) {
    const unsigned size = (i.opcode & 1) ? i.operand_size : 1;
    set_operand_size(i, t.uop, size);
    t.uop.handler = by_size(size, [&]<class T>() {
        return i.memory() ? by_memory<T>(i, []<Mem M>() -> Handler { return cmpxchg_m<T, M>; }) : Handler{cmpxchg_r<T>};
    });
}

template <class T>
const Uop* xadd_r(Cpu* c, const Uop* u) {
    const T a = get_reg<T>(c, u->rm), b = get_reg<T>(c, u->reg);
    const T r = add_flags<T>(c, a, b);
    set_reg<T>(c, u->reg, a);
    set_reg<T>(c, u->rm, r);
    return next(c, u);
}
template <class T, Mem M>
const Uop* xadd_m(Cpu* c, const Uop* u) {
    T old{};
    modify<T, M>(c, u, [&](T v) {
        old = v;
        return add_flags<T>(c, v, get_reg<T>(c, u->reg));
    });
    set_reg<T>(c, u->reg, old);
    return next(c, u);
}
void select_xadd(const Instruction& i, Translation& t) {
    const unsigned size = (i.opcode & 1) ? i.operand_size : 1;
    set_operand_size(i, t.uop, size);
    t.uop.handler = by_size(size, [&]<class T>() {
        return i.memory() ? by_memory<T>(i, []<Mem M>() -> Handler { return xadd_m<T, M>; }) : Handler{xadd_r<T>};
    });
}

// A misaligned operand is #GP(0) (SDM vol. 2A CMPXCHG8B/CMPXCHG16B), so it lies in one page.
const Uop* cmpxchg16b(Cpu* c, const Uop* u) {
    c->cur = u;
    using T = std::uint64_t;
    const std::uint64_t linear =
        linear_of(c, static_cast<Seg>(u->seg), effective_address<Mem::segmented>(c, u), 16, true);
    if (linear % 16 != 0) raise_gp();
    const Privilege privilege = current_privilege(c);
    probe_write(c, linear, 16, privilege);
    const T low = read_linear<T>(c, linear, privilege), high = read_linear<T>(c, linear + 8, privilege);
    const bool equal = low == get_reg<T>(c, Gpr::rax) && high == get_reg<T>(c, Gpr::rdx);
    // There is a write cycle in either case.
    write_linear<T>(c, linear, equal ? get_reg<T>(c, Gpr::rbx) : low, privilege);
    write_linear<T>(c, linear + 8, equal ? get_reg<T>(c, Gpr::rcx) : high, privilege);
    if (!equal) {
        set_reg<T>(c, Gpr::rax, low);
        set_reg<T>(c, Gpr::rdx, high);
    }
    set_status_flags(c, (status_flags(c) & ~eflags::zf) | (equal ? eflags::zf : 0));
    return next(c, u);
}

const Uop* cmpxchg8b(Cpu* c, const Uop* u) {
    std::uint64_t old = 0;
    auto pair = [c](Gpr high, Gpr low) {
        return (std::uint64_t{get_reg<std::uint32_t>(c, high)} << 32) | get_reg<std::uint32_t>(c, low);
    };
    const std::uint64_t expected = pair(Gpr::rdx, Gpr::rax);
    modify<std::uint64_t, Mem::segmented>(c, u, [&](std::uint64_t v) {
        old = v;
        return v == expected ? pair(Gpr::rcx, Gpr::rbx) : v;
    });
    const bool equal = old == expected;
    if (!equal) {
        set_reg<std::uint32_t>(c, Gpr::rax, static_cast<std::uint32_t>(old));
        set_reg<std::uint32_t>(c, Gpr::rdx, static_cast<std::uint32_t>(old >> 32));
    }
    set_status_flags(c, (status_flags(c) & ~eflags::zf) | (equal ? eflags::zf : 0));
    return next(c, u);
}

}  // namespace

void register_exchange(HandlerTable& t) {
    t.add(ZYDIS_MNEMONIC_CMPXCHG, select_cmpxchg);
    t.add(ZYDIS_MNEMONIC_XADD, select_xadd);
    t.add(ZYDIS_MNEMONIC_CMPXCHG8B, [](const Instruction& i, Translation& x) {
        if (i.memory()) x.uop.handler = cmpxchg8b;
    });
    t.add(ZYDIS_MNEMONIC_CMPXCHG16B, [](const Instruction& i, Translation& x) {
        if (i.memory()) x.uop.handler = cmpxchg16b;
    });
}

}  // namespace southgate::cpu
