// Random instructions and states for the host oracle, from a seed.
#pragma once

#include <cstdint>
#include <optional>
#include <random>

#include "oracle/rules.h"

namespace southgate::cpu::test {

struct TestCase {
    Decoded instruction;
    Form form = Form::skip;
    Segments segments;
    UserState before;  // eip is linear
};

class Generator {
  public:
    explicit Generator(std::uint64_t seed) : random_(seed) {}

    // One attempt; nullopt if the bytes are no instruction we compare.
    std::optional<TestCase> next();
    std::uint32_t word() { return static_cast<std::uint32_t>(random_()); }
    bool one_in(unsigned n) { return word() % n == 0; }

  private:
    std::uint32_t value();  // registers: corner cases and random bits
    void instruction_bytes(std::uint8_t* bytes, bool code16);
    void aim(TestCase& t, std::uint8_t* bytes);

    std::mt19937_64 random_;
};

}  // namespace southgate::cpu::test
