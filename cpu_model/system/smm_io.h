// The port instruction that an SMI came right behind, for I/O instruction restart (SDM vol. 3C 30.12; AMD64 APM vol. 2
// 10.2.4, 10.3.7).
#pragma once

#include <cstdint>

#include "cpu_model/interpreter/cpu.h"

namespace southgate::cpu {

// Bits of the I/O trap word of the state save map (AMD64 APM vol. 2 10.2.4); bits 31-16 are the port, 15-12 the I/O
// breakpoints it hit.
namespace io_trap {
inline constexpr std::uint32_t in = 1u << 0, valid = 1u << 1, string = 1u << 2, rep = 1u << 3, byte = 1u << 4,
                               word = 1u << 5, dword = 1u << 6, single_step = 1u << 11, breakpoints_shift = 12,
                               port_shift = 16;
}

// What executes the instruction, or the last element of a string instruction, once more.
struct IoRestart {
    std::uint64_t rip = 0, rcx = 0, rsi = 0, rdi = 0;
    std::uint32_t trap = 0;
};

// Between instructions. Without a port instruction right before this point: the current registers, and `trap` 0.
IoRestart io_before_smi(const Cpu* c);

}  // namespace southgate::cpu
