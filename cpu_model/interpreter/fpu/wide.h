// Memory operands of more than 8 bytes: 80-bit values, BCD, environments. Every fault comes before anything
// is read for good or written.
#pragma once

#include <cstdint>
#include <cstring>

#include "cpu_model/interpreter/operand.h"

namespace southgate::cpu::x87 {

// The alignment of a value of 80 bits where it is checked (SDM vol. 3A table 6-7).
constexpr unsigned extended_alignment = 8;

// The whole ModRM operand, checked; sets Cpu::cur.
inline std::uint64_t wide_operand(Cpu* c, const Uop* u, unsigned size, unsigned alignment, bool write) {
    c->cur = u;
    const std::uint64_t offset = effective_address<Mem::segmented>(c, u);
    const std::uint64_t linear = linear_of(c, static_cast<Seg>(u->seg), offset, size, write);
    check_alignment(c, linear, alignment);
    if (write) probe_write(c, linear, size, current_privilege(c));
    return linear;
}

template <class T>
void read_piece(Cpu* c, std::uint64_t linear, std::uint8_t* out) {
    const T v = read_linear<T>(c, truncate_ip(c, linear), current_privilege(c));
    std::memcpy(out, &v, sizeof v);
}
template <class T>
void write_piece(Cpu* c, std::uint64_t linear, const std::uint8_t* in) {
    T v;
    std::memcpy(&v, in, sizeof v);
    write_linear<T>(c, truncate_ip(c, linear), v, current_privilege(c));
}

// `size` is even.
inline void read_wide(Cpu* c, std::uint64_t linear, std::uint8_t* out, unsigned size) {
    unsigned n = 0;
    for (; n + 8 <= size; n += 8) read_piece<std::uint64_t>(c, linear + n, out + n);
    for (; n < size; n += 2) read_piece<std::uint16_t>(c, linear + n, out + n);
}
inline void write_wide(Cpu* c, std::uint64_t linear, const std::uint8_t* in, unsigned size) {
    unsigned n = 0;
    for (; n + 8 <= size; n += 8) write_piece<std::uint64_t>(c, linear + n, in + n);
    for (; n < size; n += 2) write_piece<std::uint16_t>(c, linear + n, in + n);
}

}  // namespace southgate::cpu::x87
