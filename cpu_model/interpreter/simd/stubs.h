// Host instructions with an 8-bit immediate: one piece of code for each value, `op $imm, %xmm1, %xmm0; ret`,
// called as a function of two vectors.
#pragma once

#include <cstdint>

#include "cpu_model/interpreter/simd/state.h"

namespace southgate::cpu::simd {

inline constexpr unsigned stub_size = 8;  // bytes
using Stub = Xmm(Xmm destination, Xmm source);

inline std::uint64_t stub_address(const std::uint8_t* table, std::uint64_t immediate) {
    return reinterpret_cast<std::uintptr_t>(table) + stub_size * (immediate & 0xff);
}

// Op for the templates of handlers.h and float.h: Uop::imm is the address of the stub.
struct Immediate {
    static Xmm run(Cpu*, const Uop* u, Xmm a, Xmm b) { return reinterpret_cast<Stub*>(u->imm)(a, b); }
};

extern "C" {
#define SIMD_STUBS(name) \
    extern const std::uint8_t southgate_simd_##name[] __attribute__((visibility("hidden")))
SIMD_STUBS(pshufd);
SIMD_STUBS(pshufhw);
SIMD_STUBS(pshuflw);
SIMD_STUBS(shufps);
SIMD_STUBS(shufpd);
SIMD_STUBS(pslldq);
SIMD_STUBS(psrldq);
SIMD_STUBS(palignr);
SIMD_STUBS(blendps);
SIMD_STUBS(blendpd);
SIMD_STUBS(pblendw);
SIMD_STUBS(mpsadbw);
SIMD_STUBS(insertps);
SIMD_STUBS(cmpps);
SIMD_STUBS(cmppd);
SIMD_STUBS(cmpss);
SIMD_STUBS(cmpsd);
SIMD_STUBS(roundps);
SIMD_STUBS(roundpd);
SIMD_STUBS(roundss);
SIMD_STUBS(roundsd);
SIMD_STUBS(dpps);
SIMD_STUBS(dppd);
SIMD_STUBS(aeskeygenassist);
SIMD_STUBS(pclmulqdq);
SIMD_STUBS(sha1rnds4);

#undef SIMD_STUBS
}

}  // namespace southgate::cpu::simd
