// The steps completions are made of, shared by the policies. Inline: the default policy runs them on the hot
// path.
#pragma once

#include <cstdint>

#include "cpu_model/pio/context.h"
#include "cpu_model/pio/pending.h"

namespace southgate::cpu {

// RAX after IN: 8 and 16 bits merge, 32 bits zero-extend (SDM vol. 2A "IN", vol. 1 3.4.1.1).
inline std::uint64_t merged_rax(std::uint64_t rax, std::uint32_t data, unsigned size) {
    if (size == 4) return data;
    const std::uint64_t mask = size == 1 ? 0xffu : 0xffffu;
    return (rax & ~mask) | (data & mask);
}

// IN data into the RAX of now.
inline void merge_in_data(const PendingPio& pending, PioContext& context) {
    context.set_rax(merged_rax(context.rax(), pending.first_element(), pending.size));
}

// The instruction is over: shadow, count and step processing, in the kernel's order.
inline void retire(PioContext& context, bool step = true) {
    context.clear_shadow();
    context.count_retired(step);
}

// rip + length. Outside 64-bit mode a carry out of bit 31 is dropped, and only then is the mode looked at
// (Linux fede8076aab4). Nothing wraps at 64 KiB.
inline std::uint64_t rip_after(const PendingPio& pending, PioContext& context) {
    const std::uint64_t rip = context.rip();
    const std::uint64_t next = rip + context.instruction_length(pending);
    if (((next ^ rip) >> 31) == 3 && !context.code64()) [[unlikely]]
        return static_cast<std::uint32_t>(next);
    return next;
}

// kvm_skip_emulated_instruction.
inline void skip_instruction(const PendingPio& pending, PioContext& context) {
    context.set_rip(context.advance() == PioAdvance::relative ? rip_after(pending, context)
                                                              : pending.next_rip);
    retire(context);
}

// Completes a pending IN or OUT that was left on its instruction.
inline void complete_in_place(const PendingPio& pending, PioContext& context) {
    if (pending.direction == Direction::in) merge_in_data(pending, context);
    skip_instruction(pending, context);
}

}  // namespace southgate::cpu
