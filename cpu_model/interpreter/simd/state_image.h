// The memory image of FXSAVE, which is also the legacy region of XSAVE (SDM vol. 1 10.5.1, tables 10-2 and 10-3; 13.4.1).
#pragma once

#include <array>
#include <cstdint>

#include "cpu_model/interpreter/simd/state.h"

namespace southgate::cpu::simd {

inline constexpr unsigned image_size = 512, mxcsr_at = 24, mxcsr_mask_at = 28, x87_end = 24, registers_at = 32,
                          xmm_at = 160;
using Image = std::array<std::uint8_t, image_size>;

template <class T>
void put(Image& b, unsigned at, T value) {
    std::memcpy(b.data() + at, &value, sizeof value);
}
template <class T>
T get(const Image& b, unsigned at) {
    T v;
    std::memcpy(&v, b.data() + at, sizeof v);
    return v;
}

// XMM8-15 exist in the image of 64-bit mode only; elsewhere their bytes are left alone.
inline unsigned end_of_xmm(const Cpu* c) { return xmm_at + 16 * ((c->mode & mode::code64) ? 16 : 8); }

// Bytes below x87_end, and the registers below xmm_at. `wide`: 64-bit instruction and data pointers without selectors.
void put_x87(const FpuState& f, Image& b, bool wide);
void get_x87(FpuState& f, const Image& b, bool wide);

}  // namespace southgate::cpu::simd
