// Runs one instruction on the host processor, at user level, on given registers and memory, and says how it
// ended. The code is 64-bit: not every host (a PVM guest, for one) offers 32-bit code segments. transcode.h
// rewrites 16- and 32-bit instructions; 64-bit ones run as they are. x86-64 Linux only.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "oracle/signals.h"

namespace southgate::cpu::test {

// The memory both sides see, at the same linear addresses: a code page, filled with INT3 around the
// instruction, then data and stack pages; an unmapped page in front and behind.
inline constexpr std::uint32_t oracle_base = 0x10000000;
inline constexpr std::uint32_t oracle_code = oracle_base + 0x1000;
inline constexpr std::uint32_t oracle_data = oracle_base + 0x2000;
inline constexpr std::uint32_t oracle_data_size = 0x2000;
inline constexpr std::uint32_t oracle_end = oracle_data + oracle_data_size;

// A second copy of that memory, for 64-bit addresses: at the addresses above plus this.
inline constexpr std::uint64_t oracle_high = 0x2000'0000'0000;
// What GS holds on both sides in 64-bit code.
inline constexpr std::uint64_t oracle_gs_base = 0x1234'5678;

struct LongState {
    std::array<std::uint64_t, 16> gpr{};  // indexed by Gpr
    std::uint64_t rip = 0;
    std::uint32_t rflags = 0;
    bool operator==(const LongState&) const = default;
};
struct LongOutcome {
    int vector = -1;  // as Outcome
    std::uint32_t error_code = 0;
    std::uint64_t cr2 = 0;
    LongState state;
};

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

    std::span<std::uint8_t> code(bool high = false);  // one page
    std::span<std::uint8_t> data(bool high = false);

    Outcome execute(const UserState& before);
    LongOutcome execute(const LongState& before);

  private:
    std::optional<ExceptionSignals> signals_;
    bool available_ = false;
    std::uint64_t old_gs_base_ = 0;
};

}  // namespace southgate::cpu::test
