// The guest's MMX and XMM registers, and what every MMX and SSE instruction begins with.
//
// Register fields of uops are 8 * number; a slot of FpuState::xmm and ::st is 16 bytes.
#pragma once

#include <emmintrin.h>

#include <cstdint>
#include <cstring>

#include "cpu_model/interpreter/control.h"
#include "cpu_model/interpreter/cpu.h"
#include "cpu_model/interpreter/fault.h"
#include "cpu_model/interpreter/fpu/state.h"

#if !defined(__x86_64__)
#error "the MMX and SSE model executes on the host's SSE units: x86-64 only"
#endif

namespace southgate::cpu::simd {

using Xmm = __m128i;

// The bits of MXCSR that exist: all of SSE's and DAZ (SDM vol. 1 10.2.3).
inline constexpr std::uint32_t mxcsr_mask = 0xffff;

// Byte `byte` of XMM register `offset` / 8.
[[gnu::always_inline]] inline std::uint8_t* xmm_bytes(Cpu* c, unsigned offset) {
    return reinterpret_cast<std::uint8_t*>(&c->fpu.xmm) + 2 * offset;
}
[[gnu::always_inline]] inline Xmm get_xmm(Cpu* c, unsigned offset) {
    Xmm v;
    std::memcpy(&v, xmm_bytes(c, offset), sizeof v);
    return v;
}
[[gnu::always_inline]] inline void set_xmm(Cpu* c, unsigned offset, Xmm v) {
    std::memcpy(xmm_bytes(c, offset), &v, sizeof v);
}
template <class T>
[[gnu::always_inline]] inline T get_lane(Cpu* c, unsigned offset, unsigned lane) {
    T v;
    std::memcpy(&v, xmm_bytes(c, offset) + lane * sizeof v, sizeof v);
    return v;
}
template <class T>
[[gnu::always_inline]] inline void set_lane(Cpu* c, unsigned offset, unsigned lane, T v) {
    std::memcpy(xmm_bytes(c, offset) + lane * sizeof v, &v, sizeof v);
}

// MMX registers are the significands of R0-R7 (SDM vol. 1 9.2.2).
[[gnu::always_inline]] inline std::uint8_t* mmx_bytes(Cpu* c, unsigned offset) {
    return reinterpret_cast<std::uint8_t*>(&c->fpu.st) + 2 * offset;
}
[[gnu::always_inline]] inline std::uint64_t get_mmx(Cpu* c, unsigned offset) {
    std::uint64_t v;
    std::memcpy(&v, mmx_bytes(c, offset), sizeof v);
    return v;
}
// A write sets sign and exponent to ones (SDM vol. 1 9.5.1).
[[gnu::always_inline]] inline void set_mmx(Cpu* c, unsigned offset, std::uint64_t v) {
    constexpr std::uint16_t ones = 0xffff;
    std::memcpy(mmx_bytes(c, offset), &v, sizeof v);
    std::memcpy(mmx_bytes(c, offset) + 8, &ones, sizeof ones);
}
// Every MMX instruction but EMMS: TOP 0, all registers valid (SDM vol. 1 9.5.1). After the last fault.
[[gnu::always_inline]] inline void enter_mmx(Cpu* c) {
    c->fpu.ftw = 0;
    c->fpu.fsw = static_cast<std::uint16_t>(c->fpu.fsw & ~x87::sw::top);
}

// --- what handlers begin with (SDM vol. 3A 2.5, 13.1) ---
[[gnu::cold]] void refuse_sse(Cpu* c, const Uop* u);
[[gnu::cold]] void refuse_mmx(Cpu* c, const Uop* u);

// #UD for CR0.EM or without CR4.OSFXSR, then #NM for CR0.TS.
[[gnu::always_inline]] inline void begin_sse(Cpu* c, const Uop* u) {
    if ((c->cr0 & (cr0::em | cr0::ts)) || !(c->cr4 & cr4::osfxsr)) [[unlikely]]
        refuse_sse(c, u);
}
// #UD for CR0.EM, #NM for CR0.TS, then an exception that an x87 instruction left pending (interpreter/fpu/error.h).
[[gnu::always_inline]] inline void begin_mmx(Cpu* c, const Uop* u) {
    if ((c->cr0 & (cr0::em | cr0::ts)) || (c->fpu.fsw & x87::sw::summary)) [[unlikely]]
        refuse_mmx(c, u);
}

}  // namespace southgate::cpu::simd
