// Turns run-time properties of an instruction into template arguments.
#pragma once

#include <cstdint>

#include "cpu_model/decode/instruction.h"
#include "cpu_model/interpreter/operand.h"

namespace southgate::cpu {

// f.template operator()<T>() with T of `size` bytes.
template <class F>
Handler by_size(unsigned size, F f) {
    switch (size) {
        case 1: return f.template operator()<std::uint8_t>();
        case 2: return f.template operator()<std::uint16_t>();
        case 8: return f.template operator()<std::uint64_t>();
        default: return f.template operator()<std::uint32_t>();
    }
}
// The same for operands that are never bytes.
template <class F>
Handler by_word_size(unsigned size, F f) {
    switch (size) {
        case 2: return f.template operator()<std::uint16_t>();
        case 8: return f.template operator()<std::uint64_t>();
        default: return f.template operator()<std::uint32_t>();
    }
}
// f.template operator()<M>() with the kind of memory operand. Flat needs a segment that `flat` covers.
inline Mem memory_kind(const Instruction& i) {
    const bool covered = i.segment != Seg::fs && i.segment != Seg::gs;
    return i.flat() && covered && i.address_size == 4 ? Mem::flat : Mem::segmented;
}
template <class F>
Handler by_memory(const Instruction& i, F f) {
    return memory_kind(i) == Mem::flat ? f.template operator()<Mem::flat>() : f.template operator()<Mem::segmented>();
}

}  // namespace southgate::cpu
