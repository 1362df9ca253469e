// What the string instructions share: element steps, runs inside a page, the repeat loop.
//
// REP: each iteration counts as one retired instruction and can be interrupted behind it, with RCX, RSI and RDI exact
// (SDM vol. 2B "REP"). Runs of elements that plainly lie in host memory go at once; everything else one by one, through
// the paths that can raise, reach the Bus or hit decoded code.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "cpu_model/interpreter/control.h"
#include "cpu_model/interpreter/fault.h"
#include "cpu_model/interpreter/flags.h"
#include "cpu_model/interpreter/operand.h"

namespace southgate::cpu {

// Uop::aux of INS and OUTS, template argument of the others.
enum class Repeat : std::uint8_t { none, equal, not_equal };  // REP is `equal`

// The next rip. Cpu::cur must be set.
inline std::uint64_t next_ip_truncated(const Cpu* c) { return truncate_ip(c, next_ip(c)); }

template <class T>
inline std::uint64_t string_delta(const Cpu* c) {
    return (c->eflags & eflags::df) ? std::uint64_t{0} - sizeof(T) : sizeof(T);
}
// Moves an index or count register under address size A.
template <class A>
inline void add_to(Cpu* c, Gpr r, std::uint64_t amount) {
    set_reg<A>(c, r, static_cast<A>(get_reg<A>(c, r) + amount));
}

// A segment as a run of elements sees it.
struct Window {
    std::uint64_t base = 0;
    std::uint64_t last = 0;   // highest usable offset
    bool usable = false;      // false: only element by element
    bool code64 = false;

    std::uint64_t linear(std::uint64_t offset) const {
        return code64 ? base + offset : static_cast<std::uint32_t>(base + offset);
    }
};
inline Window window(const Cpu* c, Seg s, bool write) {
    if (code64(c)) return {base64(c, s), ~std::uint64_t{0}, true, true};
    const Segment& seg = segment(c, s);
    const std::int64_t end = write ? seg.write_end : seg.read_end;
    return {seg.base, static_cast<std::uint64_t>(end) - 1, end > 0, false};
}

// Elements at `offset` and after it (before it with DF) that stay inside the page, the address size and the window. 0:
// the first one already does not.
template <class T, class A>
inline std::uint64_t run_length(const Window& w, A offset, bool down) {
    constexpr std::uint64_t size = sizeof(T);
    const std::uint64_t last = std::min<std::uint64_t>(w.last, std::numeric_limits<A>::max());
    if (!w.usable || offset > last || last - offset < size - 1 || !canonical(w.linear(offset))) return 0;
    const std::uint64_t in_page = w.linear(offset) & ~page_mask;
    if (in_page + size > page_size) return 0;
    if (down) return std::min<std::uint64_t>(in_page, offset) / size + 1;
    // Bytes behind the first element; the distances to the last usable byte are what cannot overflow.
    const std::uint64_t to_end = std::min<std::uint64_t>(last - offset, page_size - 1 - in_page);
    return (to_end - (size - 1)) / size + 1;
}

struct StatusFlags {
    std::uint64_t result, carry;
};

// A fault in the middle of REP CMPS or REP SCAS restores the flags from before the instruction (SDM vol. 2B "REP").
template <class Op>
void compare_one(Cpu* c, const Uop* u, const StatusFlags& before) {
    try {
        Op::one(c, u);
    } catch (const GuestFault&) {
        c->flag_result = before.result;
        c->flag_carry = before.carry;
        throw;
    }
}

// One REP loop. Op provides: Address; compares; one(c, u): one element, may raise before it changes registers;
// run(c, u, max): up to `max` elements that cannot raise, 0 if there are none. Both step the index registers.
template <class Op, Repeat R>
const Uop* repeat_string(Cpu* c, const Uop* u) {
    using A = typename Op::Address;
    c->cur = u;
    const StatusFlags before{c->flag_result, c->flag_carry};
    bool paid = true;  // the first iteration was deducted from the budget with the block
    for (A count = get_reg<A>(c, Gpr::rcx); count != 0; count = get_reg<A>(c, Gpr::rcx)) {
        const std::uint64_t allowed = static_cast<std::uint64_t>(c->left) + (paid ? 1 : 0);
        if (!paid && (allowed == 0 || c->attention != 0 || c->block->dead)) {
            // Out of budget, something waits, or the code changed: this instruction again, from the outside. RF
            // between iterations: an interrupt here pushes it, and a breakpoint on the instruction does not hit
            // again (SDM vol. 3B 17.3.1.1).
            c->ip = instruction_ip(c);
            c->eflags |= eflags::rf;
            c->block = nullptr;
            update_attention(c);
            return nullptr;
        }
        // A run would not see a misaligned element.
        const std::uint64_t done = c->check_alignment ? 0 : Op::run(c, u, std::min<std::uint64_t>(count, allowed));
        if (done != 0) {
            c->left -= static_cast<std::int64_t>(done - (paid ? 1 : 0));
            add_to<A>(c, Gpr::rcx, std::uint64_t{0} - done);
        } else {
            // Deducted first: an exception gives one instruction back.
            if (!paid) c->left -= 1;
            if constexpr (Op::compares) compare_one<Op>(c, u, before);
            else Op::one(c, u);
            add_to<A>(c, Gpr::rcx, std::uint64_t{0} - 1);
        }
        paid = false;
        if constexpr (Op::compares) {
            if (get_zf(c) != (R == Repeat::equal)) break;
        }
    }
    c->eflags &= ~eflags::rf;
    c->ip = next_ip_truncated(c);
    return resume(c);
}

template <class Op>
const Uop* single_string(Cpu* c, const Uop* u) {
    c->cur = u;
    Op::one(c, u);
    return next(c, u);
}

}  // namespace southgate::cpu
