// One interrupt or exception on its way to a handler.
#pragma once

#include <cstdint>

#include "cpu_model/interpreter/flags.h"
#include "cpu_model/interpreter/system.h"
#include "cpu_model/system/descriptor.h"

namespace southgate::cpu {

struct Event {
    std::uint8_t vector;
    EventKind kind;
    std::uint64_t return_ip;
    bool has_error_code;
    std::uint32_t error_code;

    bool from_program() const { return kind == EventKind::software || kind == EventKind::software_trap; }
    // The EXT bit of error codes (SDM vol. 3A 6.13).
    std::uint32_t ext() const { return from_program() ? 0 : 1; }
};

// RF is 0 in the image of software interrupts; faults have set it before (SDM vol. 3B 17.3.1.1).
inline std::uint64_t pushed_flags(const Cpu* c, const Event& e) {
    const std::uint64_t flags = get_eflags(c);
    return e.from_program() ? flags & ~eflags::rf : flags;
}

// Flags that every gate clears; interrupt gates clear IF too.
inline std::uint64_t gate_cleared_flags(const Descriptor& gate) {
    const std::uint64_t bits = eflags::tf | eflags::nt | eflags::vm | eflags::rf;
    return (gate.type() & 1) == 0 ? bits | eflags::if_ : bits;
}

// The status flags stay, so the lazy ones need no evaluation; and clearing flags cannot ask for attention.
inline void clear_flags(Cpu* c, std::uint64_t bits) {
    c->eflags &= ~bits;
    if (c->attention != 0) [[unlikely]]
        update_attention(c);
}

// Delivery in long mode, from 64-bit and compatibility mode.
void long_mode_interrupt(Cpu* c, const Event& e);

}  // namespace southgate::cpu
