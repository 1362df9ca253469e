// Random instructions and states of 64-bit code for the host oracle, from a seed.
#pragma once

#include <cstdint>
#include <optional>
#include <random>

#include "oracle/decoded.h"
#include "oracle/rules.h"

namespace southgate::cpu::test {

enum class LongForm : std::uint8_t {
    skip,       // not compared
    plain,      // registers, an immediate, a memory operand at most
    string,
    branch,     // relative; no memory
    translate,  // XLAT
    push,       // the stack, and a ModRM operand at most
    pop,
    flags,      // POPF
    call,       // relative
    ret,
    jump,       // JMP and CALL with a ModRM operand
    enter,
    leave,
    undefined,  // no instruction of 64-bit code
};
LongForm long_form_of(const Decoded& d);

struct LongCase {
    Decoded instruction;  // for LongForm::undefined only bytes and length
    LongForm form = LongForm::skip;
    bool high = false;    // which copy of the memory
    LongState before;
    std::uint64_t stack_value = 0;  // what lies at RSP, for POPF, RET and their like
};

class LongGenerator {
  public:
    explicit LongGenerator(std::uint64_t seed) : random_(seed) {}

    // One attempt; nullopt if the bytes are no instruction we compare, or touch memory that is not the oracle's.
    std::optional<LongCase> next();
    std::uint32_t word() { return static_cast<std::uint32_t>(random_()); }
    bool one_in(unsigned n) { return word() % n == 0; }

  private:
    std::uint64_t value();  // registers: corner cases and random bits
    std::uint64_t target(bool high);
    void instruction_bytes(std::uint8_t* bytes);
    void aim(LongCase& t, std::uint8_t* bytes);

    std::mt19937_64 random_;
};

}  // namespace southgate::cpu::test
