// Segment registers as tests want them.
#pragma once

#include <cstdint>

#include "cpu_model/state/registers.h"

namespace southgate::cpu::test {

inline SegmentRegister real_segment(std::uint16_t selector, bool code = false) {
    return {std::uint64_t{selector} << 4, 0xffff, code ? 0x9bu : 0x93u, selector};
}

// A 4 GiB segment; `big` is the D/B bit.
inline SegmentRegister wide_segment(std::uint16_t selector, bool code, unsigned dpl, std::uint64_t base = 0,
                                    bool big = true) {
    using SR = SegmentRegister;
    const std::uint32_t attributes =
        (code ? 0xbu : 0x3u) | SR::s | dpl << SR::dpl_shift | SR::present | SR::g | (big ? SR::db : 0);
    return {base, 0xffffffff, attributes, selector};
}

}  // namespace southgate::cpu::test
