// Runs one MMX, SSE or related instruction on the host processor: registers, MXCSR, memory, #XM by SIGFPE.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace southgate::cpu::test {

inline constexpr unsigned simd_memory_size = 64;

// What such an instruction sees. `st`: R0-R7 with TOP 0, 80 bits in 16 bytes.
struct SimdState {
    std::array<std::array<std::uint8_t, 16>, 16> xmm{};
    std::array<std::array<std::uint8_t, 16>, 8> st{};
    std::uint16_t fcw = 0x37f, fsw = 0;
    std::uint8_t ftw = 0;  // one bit for each register that is not empty
    std::uint32_t mxcsr = 0x1f80;
    std::array<std::uint64_t, 16>
        gpr{};                // indexed by Gpr; RSI and RDI are addresses of `memory`, RSP is unused
    std::uint64_t flags = 0;  // status flags
    alignas(16) std::array<std::uint8_t, simd_memory_size> memory{};
    int vector = -1;  // 19: #XM, 6: #UD
};

class NativeSimd {
  public:
    NativeSimd();
    ~NativeSimd();
    NativeSimd(const NativeSimd&) = delete;
    NativeSimd& operator=(const NativeSimd&) = delete;

    // RSI and RDI point to `memory`, `offset` bytes into it, whatever `before` says.
    SimdState run(std::span<const std::uint8_t> code, const SimdState& before, unsigned offset);

  private:
    std::uint8_t* page_;
};

}  // namespace southgate::cpu::test
