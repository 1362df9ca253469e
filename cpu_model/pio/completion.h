// The steps completions are made of, shared by the policies. Inline: the default policy runs them on the hot
// path.
#pragma once

#include <cstdint>

#include "cpu_model/pio/pending.h"
#include "cpu_model/pio/policy.h"

namespace southgate::cpu {

// IN data into RAX: 8 and 16 bits merge, 32 bits zero-extend (SDM vol. 2A "IN", vol. 1 3.4.1.1).
inline void merge_in_data(const PendingPio& pending, PioContext& context) {
    const std::uint64_t value = pending.first_element();
    if (pending.size == 4) {
        context.rax = value;
    } else {
        const std::uint64_t mask = pending.size == 1 ? 0xffu : 0xffffu;
        context.rax = (context.rax & ~mask) | value;
    }
}

// rip stays 32 bits wide outside 64-bit mode; it does not wrap at 64 KiB (Linux fede8076aab4).
inline std::uint64_t truncate_rip(std::uint64_t rip, bool code64) {
    return code64 ? rip : static_cast<std::uint32_t>(rip);
}

// The instruction is over: shadow, count and step processing, in the kernel's order.
inline void retire(PioContext& context) {
    context.interrupt_shadow = false;
    context.retired += 1;
    context.step_due = true;
}

// kvm_skip_emulated_instruction.
inline void skip_instruction(const PendingPio& pending, PioContext& context, PioAdvance advance) {
    context.rip = advance == PioAdvance::relative ? truncate_rip(context.rip + pending.length, context.code64)
                                                  : pending.next_rip;
    retire(context);
}

// Completes a pending IN or OUT that was left on its instruction.
inline void complete_in_place(const PendingPio& pending, PioContext& context, PioAdvance advance) {
    if (pending.direction == Direction::in) merge_in_data(pending, context);
    skip_instruction(pending, context, advance);
}

}  // namespace southgate::cpu
