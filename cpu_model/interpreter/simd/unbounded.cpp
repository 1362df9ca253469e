// Precision when a result leaves the range of its format: asked of the host's x87, whose exponents reach
// further than any result here and whose precision control rounds to 24 or 53 bits (SDM vol. 1 8.1.5.2).
#include <array>

#include "cpu_model/interpreter/simd/mxcsr.h"

namespace southgate::cpu::simd {
namespace {

// One operation at the rounding of `guest`; true if the result is not exact.
bool inexact(Arithmetic operation, bool single, std::uint32_t guest, double a, double b) {
    constexpr unsigned masked = 0x7f, precision_shift = 8, rounding_shift = 10, guest_rounding_shift = 13;
    const unsigned rounding = guest >> guest_rounding_shift & 3, precision = single ? 0 : 2;
    const auto control =
        static_cast<std::uint16_t>(masked | precision << precision_shift | rounding << rounding_shift);
    const double zero = 0;
    std::uint16_t own = 0, status = 0;
#define X87_OPERATION(instruction, first, second)                     \
    asm volatile("fnstcw %0; fldcw %2; fldl %3; fnclex; " instruction \
                 " %4; fnstsw %1; fstp %%st(0); fnclex; fldcw %0"     \
                 : "=m"(own), "=m"(status)                            \
                 : "m"(control), "m"(first), "m"(second)              \
                 : "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)")
    switch (operation) {
        case Arithmetic::add:
            X87_OPERATION("faddl", a, b);
            break;
        case Arithmetic::subtract:
            X87_OPERATION("fsubl", a, b);
            break;
        case Arithmetic::multiply:
            X87_OPERATION("fmull", a, b);
            break;
        case Arithmetic::divide:
            X87_OPERATION("fdivl", a, b);
            break;
        default:
            X87_OPERATION("faddl", b, zero);
            break;
    }
#undef X87_OPERATION
    return status & mxcsr::precision;
}

double lane_value(Xmm v, unsigned lane, bool single) {
    if (single) {
        std::array<float, 4> f;
        std::memcpy(f.data(), &v, sizeof v);
        return static_cast<double>(f[lane]);
    }
    std::array<double, 2> d;
    std::memcpy(d.data(), &v, sizeof v);
    return d[lane];
}
// One lane, the others 1: silent in every operation.
Xmm alone(Xmm v, unsigned lane, unsigned size) {
    const Xmm ones = size == 4 ? _mm_castps_si128(_mm_set1_ps(1)) : _mm_castpd_si128(_mm_set1_pd(1));
    std::array<std::uint8_t, 16> from, to;
    std::memcpy(from.data(), &v, sizeof v);
    std::memcpy(to.data(), &ones, sizeof ones);
    for (unsigned n = lane * size; n < (lane + 1) * size; n++) to[n] = from[n];
    std::memcpy(&v, to.data(), sizeof v);
    return v;
}

}  // namespace

Xmm execute_unbounded(Cpu* c, const Uop* u, Arithmetic operation, Tiny tiny, Xmm (*run)(Xmm, Xmm), Xmm a,
                      Xmm b) {
    const std::uint32_t guest = c->fpu.mxcsr, unmasked = ~(guest >> mxcsr::mask_shift) & mxcsr::flags;
    const bool narrow = operation == Arithmetic::narrow;
    const bool single = tiny == Tiny::single || tiny == Tiny::singles;  // the result
    const bool scalar = tiny == Tiny::single || tiny == Tiny::double_;
    const bool single_source = single && !narrow;
    const unsigned size = single_source ? 4 : 8;
    auto flags_of = [&](Xmm x, Xmm y, Tiny kind, Xmm& result) {
        std::uint32_t flags;
        {
            const HostMxcsr host(guest);
            result = run(x, y);
            flags = HostMxcsr::flags();
        }
        if ((unmasked & mxcsr::underflow) && has_denormal(result, kind)) flags |= mxcsr::underflow;
        return flags;
    };
    Xmm result, ignored;
    std::uint32_t flags = flags_of(a, b, tiny, result);
    constexpr std::uint32_t range = mxcsr::overflow | mxcsr::underflow;
    if ((flags & mxcsr::precision) && (flags & unmasked & range)) {
        flags = 0;
        for (unsigned lane = 0; lane < (scalar ? 1 : 16 / size); lane++) {
            const Xmm x = scalar ? a : alone(a, lane, size), y = scalar ? b : alone(b, lane, size);
            Arithmetic each = operation;
            if (each == Arithmetic::subtract_add) each = lane % 2 ? Arithmetic::add : Arithmetic::subtract;
            std::uint32_t f = flags_of(x, y, tiny, ignored);
            if (f & unmasked & range) {
                f &= ~mxcsr::precision;
                if (inexact(each, single, guest, lane_value(x, lane, single_source),
                            lane_value(y, lane, single_source)))
                    f |= mxcsr::precision;
            }
            flags |= f;
        }
    }
    deliver_flags(c, u, flags);
    return result;
}

}  // namespace southgate::cpu::simd
