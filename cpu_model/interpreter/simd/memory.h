// Memory operands of MMX and SSE instructions.
#pragma once

#include <cstdint>

#include "cpu_model/interpreter/operand.h"
#include "cpu_model/interpreter/simd/state.h"

namespace southgate::cpu::simd {

// What an instruction reads or writes. Legacy SSE instructions want 16 bytes aligned, some moves do not
// (SDM vol. 1 10.4.1.1, 11.4.1).
enum class Width : std::uint8_t { byte = 1, word = 2, dword = 4, qword = 8, aligned = 16, unaligned = 17 };

constexpr unsigned bytes_of(Width w) { return w == Width::unaligned ? 16 : static_cast<unsigned>(w); }

// Every path and check: segments, alignment (#GP, #AC), pages, breakpoints, MMIO in pieces of 8 bytes. All
// faults come before anything is read for good or written.
Xmm load_any(Cpu* c, const Uop* u, Width w);
void store_any(Cpu* c, const Uop* u, Width w, Xmm value);

// --- the fast path: false on anything but a TLB hit ---
template <Width W, Mem M, bool write>
[[gnu::always_inline]] inline bool hit(Cpu* c, const Uop* u, std::uintptr_t& host) {
    static_assert(M != Mem::segmented);
    const std::uint64_t linear = effective_address<M>(c, u);
    const TlbEntry& e = tlb_entry(c, linear);
    const std::uint64_t tag = write ? e.write_tag : e.read_tag;
    host = e.addend + linear;
    if constexpr (W == Width::aligned)
        if (linear & 15) [[unlikely]]
            return false;
    return ((linear + bytes_of(W) - 1) & page_mask) == tag;
}
// The value in the low lanes, the others 0.
template <Width W>
[[gnu::always_inline]] inline Xmm from_host(std::uintptr_t host) {
    const auto* p = reinterpret_cast<const void*>(host);
    if constexpr (bytes_of(W) == 16) {
        Xmm v;
        std::memcpy(&v, p, sizeof v);
        return v;
    } else {
        std::uint64_t v = 0;
        std::memcpy(&v, p, bytes_of(W));
        return _mm_cvtsi64_si128(static_cast<long long>(v));
    }
}
template <Width W>
[[gnu::always_inline]] inline void to_host(std::uintptr_t host, Xmm value) {
    std::memcpy(reinterpret_cast<void*>(host), &value, bytes_of(W));
}
template <Width W, Mem M>
[[gnu::always_inline]] inline bool load_fast(Cpu* c, const Uop* u, Xmm& value) {
    std::uintptr_t host = 0;
    if (!hit<W, M, false>(c, u, host)) [[unlikely]]
        return false;
    value = from_host<W>(host);
    return true;
}
template <Width W, Mem M>
[[gnu::always_inline]] inline bool store_fast(Cpu* c, const Uop* u, Xmm value) {
    std::uintptr_t host = 0;
    if (!hit<W, M, true>(c, u, host)) [[unlikely]]
        return false;
    to_host<W>(host, value);
    return true;
}

[[gnu::always_inline]] inline std::uint64_t low(Xmm v) {
    return static_cast<std::uint64_t>(_mm_cvtsi128_si64(v));
}
[[gnu::always_inline]] inline Xmm widen(std::uint64_t v) {
    return _mm_cvtsi64_si128(static_cast<long long>(v));
}

}  // namespace southgate::cpu::simd
