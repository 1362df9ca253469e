// The host CPU executes one x87 instruction on a given state: the reference.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "cpu_model/state/registers.h"

namespace southgate::cpu::test {

// What an instruction can see and change.
struct X87 {
    std::uint16_t fcw = 0x37f, fsw = 0, ftw = 0xffff;
    std::array<std::array<std::uint8_t, 10>, 8> st{};  // ST(0) to ST(7)
    std::array<std::uint8_t, 112> memory{};            // the operand
    std::uint64_t flags = 0;                           // EFLAGS status bits
    std::uint16_t ax = 0;
    bool operator==(const X87&) const = default;
};

class NativeX87 {
  public:
    NativeX87();
    ~NativeX87();
    NativeX87(const NativeX87&) = delete;
    NativeX87& operator=(const NativeX87&) = delete;
    // `code`: one instruction, a memory operand addressed by ESI. `before` has no unmasked exception pending.
    X87 run(std::span<const std::uint8_t> code, const X87& before);

  private:
    std::uint8_t* page_;
};

}  // namespace southgate::cpu::test
