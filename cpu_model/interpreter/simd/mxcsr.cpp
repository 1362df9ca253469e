#include "cpu_model/interpreter/simd/mxcsr.h"

namespace southgate::cpu::simd {

void deliver_flags(Cpu* c, const Uop* u, std::uint32_t flags) {
    const std::uint32_t unmasked = ~(c->fpu.mxcsr >> mxcsr::mask_shift) & mxcsr::flags;
    if (flags & unmasked & mxcsr::pre_computation) flags &= mxcsr::pre_computation;
    c->fpu.mxcsr |= flags;
    if (!(flags & unmasked)) return;
    c->cur = u;
    if (!(c->cr4 & cr4::osxmmexcpt)) raise_ud();
    raise(Vector::simd_floating_point);
}

bool has_denormal(Xmm result, Tiny tiny) {
    const bool wide = tiny == Tiny::double_ || tiny == Tiny::doubles;
    if (tiny == Tiny::never) return false;
    if (wide) {
        std::uint64_t lane[2];
        std::memcpy(lane, &result, sizeof lane);
        auto denormal = [](std::uint64_t v) { return (v << 1) != 0 && (v << 1) >> 53 == 0; };
        return denormal(lane[0]) || (tiny == Tiny::doubles && denormal(lane[1]));
    }
    std::uint32_t lane[4];
    std::memcpy(lane, &result, sizeof lane);
    auto denormal = [](std::uint32_t v) { return (v << 1) != 0 && (v << 1) >> 24 == 0; };
    if (tiny == Tiny::single) return denormal(lane[0]);
    return denormal(lane[0]) || denormal(lane[1]) || denormal(lane[2]) || denormal(lane[3]);
}

}  // namespace southgate::cpu::simd
