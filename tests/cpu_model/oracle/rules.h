// Which instructions the host oracle compares, and which flags the manuals leave undefined.
#pragma once

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

// True when the instruction's register results are undefined for this state.
bool undefined_result(const Decoded& d, std::uint64_t rcx);

}  // namespace southgate::cpu::test
