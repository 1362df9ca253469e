// Debug registers (SDM vol. 3B 17.2).
#pragma once

#include <cstdint>

#include "cpu_model/interpreter/cpu.h"

namespace southgate::cpu {

namespace dr6 {
inline constexpr std::uint32_t b = 0xf;        // B0..B3
inline constexpr std::uint32_t bd = 1u << 13;  // DRn accessed while DR7.GD
inline constexpr std::uint32_t bs = 1u << 14;  // single step
inline constexpr std::uint32_t bt = 1u << 15;  // task switch to a TSS with T set
inline constexpr std::uint32_t fixed = 0xffff0ff0;
}  // namespace dr6

namespace dr7 {
inline constexpr std::uint32_t local_enables = 0x55, enables = 0xff, le = 1u << 8, fixed = 1u << 10,
                               gd = 1u << 13, writable = 0xffff23ff;
}

// Linear address of the next instruction, between instructions.
inline std::uint64_t linear_ip(const Cpu* c) {
    if (code64(c)) return c->ip;
    return static_cast<std::uint32_t>(segment(c, Seg::cs).base + c->ip);
}

// B0..B3 of the enabled execution breakpoints at this address, whatever RF says.
std::uint32_t matching_execution_breakpoints(const Cpu* c, std::uint64_t linear);

// Notes a #DB trap with these DR6 bits: it is delivered after the current instruction.
void note_debug_trap(Cpu* c, std::uint32_t hits);

// Ends in Shutdown: exit_reason, activity.
void shut_down(Cpu* c, const TripleFault& cause = {});

}  // namespace southgate::cpu
