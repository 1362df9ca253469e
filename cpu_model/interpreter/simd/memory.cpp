#include "cpu_model/interpreter/simd/memory.h"

namespace southgate::cpu::simd {
namespace {

// Linear address after the checks of segment and alignment.
std::uint64_t operand(Cpu* c, const Uop* u, Width w, bool write) {
    c->cur = u;
    const std::uint64_t offset = effective_address<Mem::segmented>(c, u);
    const auto s = static_cast<Seg>(u->seg);
    std::uint64_t linear = 0;
    switch (bytes_of(w)) {
        case 1:
            linear = to_linear<std::uint8_t, Mem::segmented>(c, u, s, offset, write);
            break;
        case 2:
            linear = to_linear<std::uint16_t, Mem::segmented>(c, u, s, offset, write);
            break;
        case 4:
            linear = to_linear<std::uint32_t, Mem::segmented>(c, u, s, offset, write);
            break;
        case 8:
            linear = to_linear<std::uint64_t, Mem::segmented>(c, u, s, offset, write);
            break;
        default:
            linear = to_linear<Xmm, Mem::segmented>(c, u, s, offset, write);
            break;
    }
    if (w == Width::aligned && (linear & 15) != 0) raise_gp(0);
    if (c->check_alignment && (linear & (bytes_of(w) - 1)) != 0) raise(Vector::alignment_check, 0);
    return linear;
}

}  // namespace

Xmm load_any(Cpu* c, const Uop* u, Width w) {
    const std::uint64_t linear = operand(c, u, w, false);
    Xmm value = _mm_setzero_si128();
    read_linear_bytes(c, linear, &value, bytes_of(w), current_privilege(c));
    return value;
}

void store_any(Cpu* c, const Uop* u, Width w, Xmm value) {
    const std::uint64_t linear = operand(c, u, w, true);
    write_linear_bytes(c, linear, &value, bytes_of(w), current_privilege(c));
}

}  // namespace southgate::cpu::simd
