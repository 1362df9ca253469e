// Floating-point instructions under the guest's MXCSR (SDM vol. 1 10.2.3, 11.5).
//
// All exceptions are masked on the host; those the guest has unmasked are found in the flags afterwards,
// before the destination is written. Fast path: when the host's own MXCSR asks for the same rounding, the
// instruction runs as it is, and if no flag is up in the host that is not up in the guest, nothing has
// happened that MXCSR would show.
#pragma once

#include <string_view>

#include "cpu_model/interpreter/simd/memory.h"

namespace southgate::cpu::simd {

namespace mxcsr {
inline constexpr std::uint32_t flags = 0x3f, invalid = 1u << 0, denormal = 1u << 1, zero_divide = 1u << 2,
                               overflow = 1u << 3, underflow = 1u << 4, precision = 1u << 5,
                               pre_computation = invalid | denormal | zero_divide, masks = 0x1f80,
                               flush_to_zero = 1u << 15;
inline constexpr unsigned mask_shift = 7;
}  // namespace mxcsr

// What the result consists of, where it can be tiny: an exact denormal result raises underflow only if that
// is unmasked (SDM vol. 1 4.9.1.5), so that the host, which masks it, does not report it.
enum class Tiny : std::uint8_t { never, single, singles, double_, doubles };

[[gnu::always_inline]] inline std::uint32_t read_host_mxcsr() {
    std::uint32_t v;
    asm volatile("stmxcsr %0" : "=m"(v));
    return v;
}
[[gnu::always_inline]] inline void write_host_mxcsr(std::uint32_t v) {
    asm volatile("ldmxcsr %0" : : "m"(v));
}

// What ran since the last instruction under the host's MXCSR is what the guest's would have made of it.
// False: nothing is known, do it again in a HostMxcsr.
[[gnu::always_inline]] inline bool uneventful(const Cpu* c) {
    const std::uint32_t guest = c->fpu.mxcsr;
    return (read_host_mxcsr() & ~(guest & mxcsr::flags)) == (guest & ~mxcsr::flags);
}

// The guest's controls on the host, with everything masked and no flag up.
class HostMxcsr {
  public:
    explicit HostMxcsr(std::uint32_t guest) : own_(read_host_mxcsr() & ~mxcsr::flags) {
        std::uint32_t v = (guest & ~mxcsr::flags) | mxcsr::masks;
        // Unmasked underflow switches it off (SDM vol. 1 10.2.3.3).
        if (!(guest & mxcsr::underflow << mxcsr::mask_shift)) v &= ~mxcsr::flush_to_zero;
        write_host_mxcsr(v);
    }
    ~HostMxcsr() { write_host_mxcsr(own_); }
    HostMxcsr(const HostMxcsr&) = delete;
    HostMxcsr& operator=(const HostMxcsr&) = delete;

    static std::uint32_t flags() { return read_host_mxcsr() & mxcsr::flags; }

  private:
    std::uint32_t own_;
};

// Enters the flags of an instruction into MXCSR; raises #XM (#UD without CR4.OSXMMEXCPT) for an unmasked one.
// Unmasked pre-computation exceptions keep the later ones from being looked at (SDM vol. 1 11.5.3.2).
void deliver_flags(Cpu* c, const Uop* u, std::uint32_t flags);
bool has_denormal(Xmm result, Tiny tiny);

// Operations whose result can lie outside the range of their format.
enum class Arithmetic : std::uint8_t { other, add, subtract, subtract_add, multiply, divide, narrow };
constexpr Arithmetic arithmetic_of(std::string_view instruction) {
    auto is = [instruction](std::string_view start) { return instruction.substr(0, start.size()) == start; };
    if (is("addsub")) return Arithmetic::subtract_add;  // even lanes are differences
    if (is("add")) return Arithmetic::add;
    if (is("sub")) return Arithmetic::subtract;
    if (is("mul")) return Arithmetic::multiply;
    if (is("div")) return Arithmetic::divide;
    return is("cvtsd2ss") || is("cvtpd2ps") ? Arithmetic::narrow : Arithmetic::other;
}
// The operation for a guest that has overflow or underflow unmasked: when one of them is raised, PE says
// whether the result would be inexact with an unbounded exponent (SDM vol. 1 4.9.1.4, 4.9.1.5).
// simd/unbounded.cpp.
Xmm execute_unbounded(Cpu* c, const Uop* u, Arithmetic operation, Tiny tiny, Xmm (*run)(Xmm, Xmm), Xmm a,
                      Xmm b);

// f() under the guest's MXCSR.
template <class F>
[[gnu::always_inline]] inline auto execute(Cpu* c, const Uop* u, Tiny tiny, F f) {
    std::uint32_t flags;
    decltype(f()) result;
    {
        const HostMxcsr host(c->fpu.mxcsr);
        result = f();
        flags = HostMxcsr::flags();
    }
    if constexpr (sizeof result == sizeof(Xmm)) {
        if (!(c->fpu.mxcsr & mxcsr::underflow << mxcsr::mask_shift) && has_denormal(result, tiny))
            flags |= mxcsr::underflow;
    }
    (void)tiny;
    deliver_flags(c, u, flags);
    return result;
}

}  // namespace southgate::cpu::simd
