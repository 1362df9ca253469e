// The encodings that the host oracle runs.
#pragma once

#include <cstdint>
#include <span>

namespace southgate::cpu::test {

// What the values of an operand should look like.
enum class Values : std::uint8_t { integers, singles, doubles };
enum class File : std::uint8_t { none, xmm, mmx, general };

struct SimdEncoding {
    const char* name;
    std::uint8_t prefix;  // 0: none
    std::uint8_t map;     // 1: 0F, 2: 0F38, 3: 0F3A
    std::uint8_t opcode;
    File reg, rm;
    std::uint8_t memory = 16;  // bytes of the memory form; 0: there is none
    Values values = Values::integers;
    bool immediate = false;
    bool unaligned = false;  // 16 bytes need no alignment
    bool register_form = true;
    std::int8_t digit = -1;  // ModRM.reg
};

std::span<const SimdEncoding> simd_encodings();

}  // namespace southgate::cpu::test
