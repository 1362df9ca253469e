// Segment limit, type and null checks off the fast path (SDM vol. 3A 5.3, 5.4), and all of 64-bit mode's.
#include "cpu_model/interpreter/fault.h"
#include "cpu_model/interpreter/operand.h"

namespace southgate::cpu {

std::uint64_t check_segment_slow(Cpu* c, Seg s, std::uint64_t offset, unsigned size, bool write) {
    const Segment& seg = segment(c, s);
    const Vector vector = s == Seg::ss ? Vector::stack_fault : Vector::general_protection;
    if (code64(c)) {
        // Limits and types do not count, the form of the address does (SDM vol. 3A 5.3.1).
        const std::uint64_t linear = base64(c, s) + offset;
        if (!canonical(linear) || !canonical(linear + size - 1)) raise(vector, 0);
        return linear;
    }
    if (!real_style_segments(c)) {
        if (seg.attributes & SegmentRegister::unusable) raise(vector, 0);
        const bool code = seg.attributes & SegmentRegister::code;
        const bool rw = seg.attributes & SegmentRegister::writable;
        if (write ? (code || !rw) : (code && !rw)) raise(vector, 0);
    }
    const std::uint64_t last = offset + size - 1;
    const bool down = !(seg.attributes & SegmentRegister::code) && (seg.attributes & SegmentRegister::expand_down);
    if (down) {
        const std::uint64_t top = (seg.attributes & SegmentRegister::db) ? 0xffffffff : 0xffff;
        if (offset <= seg.limit || last > top) raise(vector, 0);
    } else if (last > seg.limit) {
        raise(vector, 0);
    }
    return static_cast<std::uint32_t>(seg.base + offset);
}

void raise_noncanonical(Cpu* c, const Uop* u, Seg s) {
    c->cur = u;
    raise(s == Seg::ss ? Vector::stack_fault : Vector::general_protection, 0);
}

std::uint64_t check_operand_slow(Cpu* c, const Uop* u, Seg s, std::uint64_t offset, unsigned size, bool write) {
    c->cur = u;
    return check_segment_slow(c, s, offset, size, write);
}

}  // namespace southgate::cpu
