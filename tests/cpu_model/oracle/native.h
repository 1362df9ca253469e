// Runs one instruction on the host processor, at user level, on given registers and memory, and says how it
// ended. The code is 64-bit: not every host (a PVM guest, for one) offers 32-bit code segments. transcode.h
// rewrites 16- and 32-bit instructions. x86-64 Linux only.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace southgate::cpu::test {

// The memory both sides see, at the same linear addresses: a code page, filled with INT3 around the
// instruction, then data and stack pages; an unmapped page in front and behind.
inline constexpr std::uint32_t oracle_base = 0x10000000;
inline constexpr std::uint32_t oracle_code = oracle_base + 0x1000;
inline constexpr std::uint32_t oracle_data = oracle_base + 0x2000;
inline constexpr std::uint32_t oracle_data_size = 0x2000;
inline constexpr std::uint32_t oracle_end = oracle_data + oracle_data_size;

struct UserState {
    std::array<std::uint32_t, 8> gpr{};  // indexed by Gpr
    std::uint32_t eip = 0;               // linear
    std::uint32_t eflags = 0;
    bool operator==(const UserState&) const = default;
};

// How the instruction ended.
struct Outcome {
    int vector = -1;               // -1: it completed; else the exception
    std::uint32_t error_code = 0;  // for exceptions that have one
    std::uint32_t cr2 = 0;         // for #PF
    UserState state;               // after it; for an exception, as the handler sees it
};

class NativeCpu {
  public:
    // Maps the memory and installs signal handlers; the destructor undoes both. One at a time.
    NativeCpu();
    ~NativeCpu();
    NativeCpu(const NativeCpu&) = delete;
    NativeCpu& operator=(const NativeCpu&) = delete;

    // False when the memory is taken (then nothing else may be called).
    bool available() const { return available_; }

    std::span<std::uint8_t> code();  // one page
    std::span<std::uint8_t> data();

    Outcome execute(const UserState& before);

  private:
    bool available_ = false;
};

}  // namespace southgate::cpu::test
