// The x87 status word (SDM vol. 1 figure 8-4).
#pragma once

namespace southgate::cpu::x87::sw {

inline constexpr unsigned exceptions = 0x3f, stack_fault = 1u << 6, summary = 1u << 7, c0 = 1u << 8,
                          c1 = 1u << 9, c2 = 1u << 10, c3 = 1u << 14, busy = 1u << 15,
                          condition = c0 | c1 | c2 | c3;
inline constexpr unsigned top_shift = 11, top = 7u << top_shift;
inline constexpr unsigned underflow = 1u << 4, precision = 1u << 5;

}  // namespace southgate::cpu::x87::sw
