// Ways out of a block: every handler ends with next() or one of these.
#pragma once

#include "cpu_model/decode/block.h"
#include "cpu_model/interpreter/cpu.h"

namespace southgate::cpu {

// Starts a block at Cpu::ip, if the budget allows all of it.
[[gnu::always_inline]] inline const Uop* enter(Cpu* c, const Block* b) {
    const std::int64_t left = c->left - static_cast<std::int64_t>(b->count);
    if (left < 0) [[unlikely]] {
        c->block = nullptr;
        return nullptr;
    }
    c->left = left;
    c->block = b;
    return dispatch(c, b->uops);
}

// The instruction is done and was the last of its block (LINK_END); Cpu::ip is the next one, in whatever CS, mode and
// privilege are now in force. Goes on through the jump cache.
const Uop* resume(Cpu* c);

// The instruction is done, in the middle of a block or at its end: leaves the block behind it. For instructions after
// which lines, TF or the shadow must be looked at; call request_attention() or update_attention() first.
const Uop* finish(Cpu* c, const Uop* u);

// As finish(), but goes on with the next instruction through the jump cache: the mode changed.
const Uop* finish_and_resume(Cpu* c, const Uop* u);

// Leaves with the instruction not executed (not retired, ip on it): port I/O and internal errors.
const Uop* leave_before(Cpu* c, const Uop* u);

// Sets Cpu::ip for a near transfer done by a handler: masks to the operand size, checks the CS limit (#GP(0)).
// Cpu::cur must be set. Follow with resume().
void set_ip(Cpu* c, std::uint64_t target);

}  // namespace southgate::cpu
