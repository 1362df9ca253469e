// Which instructions the host oracle compares, and which flags the manuals leave undefined.
#pragma once

#include <optional>

#include "oracle/decoded.h"

namespace southgate::cpu::test {

enum class Form : std::uint8_t {
    skip,   // not compared here
    plain,  // registers and at most a ModRM or moffs memory operand
    string,
    branch,     // relative
    loop,       // relative, counts with (E)CX by address size
    translate,  // XLAT
    push,       // 16-bit operand only: 64-bit code cannot push 32 bits
    pop,
};

Form form_of(const Decoded& d);

// Status flags that may differ after this instruction on this state.
std::uint32_t undefined_flags(const Decoded& d, std::uint64_t rcx);

// What a memory access at user level ends in: #PF behind the oracle's memory, #GP(0) where the address is not canonical.
struct AccessFault {
    int vector = -1;
    std::uint64_t cr2 = 0;  // for #PF
    bool operator==(const AccessFault&) const = default;
};
// Of the string element at `linear`. `end` is the first byte behind the memory it is aimed at.
std::optional<AccessFault> access_fault(std::uint64_t linear, unsigned size, std::uint64_t end);

// CMPS with two operands that both fault may report either: the manuals say what it compares, not which operand it
// reads first (SDM vol. 2A and AMD APM vol. 3, "CMPS"), and processors of both makers were seen to do it either way.
// True when one side reports the first operand and the other side the second.
bool either_operand(const Decoded& d, const std::optional<AccessFault>& first, const std::optional<AccessFault>& second,
                    const AccessFault& host, const AccessFault& engine);

// REP with 67h in 64-bit code that completed no iteration: whether the untouched ECX, ESI and EDI are written back,
// which clears the upper halves of RCX, RSI and RDI, is not in the manuals (SDM vol. 2B "REP", vol. 1 section 3.4.1.1).
// Intel processors do, AMD's do not. True when `value` is one of the two.
bool untouched_count_or_index(std::uint64_t before, std::uint64_t value);

// True when the instruction's register results are undefined for this state.
bool undefined_result(const Decoded& d, std::uint64_t rcx);

}  // namespace southgate::cpu::test
