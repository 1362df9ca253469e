// Turns run-time properties of an instruction into template arguments.
#pragma once

#include <cstdint>

#include "cpu_model/decode/instruction.h"
#include "cpu_model/interpreter/control.h"
#include "cpu_model/interpreter/operand.h"

namespace southgate::cpu {

// f.template operator()<T>() with T of `size` bytes.
template <class F>
Handler by_size(unsigned size, F f) {
    switch (size) {
        case 1: return f.template operator()<std::uint8_t>();
        case 2: return f.template operator()<std::uint16_t>();
        case 4: return f.template operator()<std::uint32_t>();
        default: return nullptr;
    }
}
// The same for operands that are never bytes.
template <class F>
Handler by_word_size(unsigned size, F f) {
    return size == 2 ? f.template operator()<std::uint16_t>() : f.template operator()<std::uint32_t>();
}

inline bool flat_memory(const Instruction& i) {
    return i.flat() && i.segment != Seg::fs && i.segment != Seg::gs && i.address_size == 4;
}
// f.template operator()<M>() with the kind of memory operand. by_memory() knows two kinds, by_hot_memory() three.
template <class F>
Handler by_memory(const Instruction& i, F f) {
    return flat_memory(i) ? f.template operator()<Mem::flat>() : f.template operator()<Mem::segmented>();
}
template <class F>
Handler by_hot_memory(const Instruction& i, const Uop& u, F f) {
    if (flat_memory(i) && u.index == zero_slot * 8) return f.template operator()<Mem::base>();
    return by_memory(i, f);
}

template <class F>
Handler by_code(const Instruction& i, F f) {
    return i.flat() ? f.template operator()<Code::flat>() : f.template operator()<Code::checked>();
}

}  // namespace southgate::cpu
