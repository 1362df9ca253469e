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
        case 8: return f.template operator()<std::uint64_t>();
        default: return nullptr;
    }
}
// The same for operands that are never bytes.
template <class F>
Handler by_word_size(unsigned size, F f) {
    return size == 1 ? nullptr : by_size(size, [&]<class T>() -> Handler {
        if constexpr (sizeof(T) == 1) return nullptr;
        else return f.template operator()<T>();
    });
}

// mode::flat says that CS can be read; writing is left to the general kind, which knows that code segments forbid it.
inline bool flat_memory(const Instruction& i) {
    return i.flat() && i.segment != Seg::cs && i.segment != Seg::fs && i.segment != Seg::gs && i.address_size == 4;
}
inline bool wide_memory(const Instruction& i) {
    return i.code64() && i.segment != Seg::fs && i.segment != Seg::gs && i.address_size == 8;
}
// f.template operator()<M>() with the kind of memory operand.
template <class F>
Handler by_any_memory(const Instruction& i, F f) {
    return flat_memory(i)   ? f.template operator()<Mem::flat>()
           : wide_memory(i) ? f.template operator()<Mem::wide>()
                            : f.template operator()<Mem::segmented>();
}
// The same for a general operand of type T: one of 8 bytes is never flat. by_hot_memory() also knows the kinds
// without an index.
template <class T, class F>
Handler by_memory(const Instruction& i, F f) {
    if constexpr (sizeof(T) < 8) return by_any_memory(i, f);
    else return wide_memory(i) ? f.template operator()<Mem::wide>() : f.template operator()<Mem::segmented>();
}
template <class T, class F>
Handler by_hot_memory(const Instruction& i, const Uop& u, F f) {
    if (u.index == zero_slot * 8) {
        if constexpr (sizeof(T) < 8) {
            if (flat_memory(i)) return f.template operator()<Mem::base>();
        }
        if (wide_memory(i)) return f.template operator()<Mem::wide_base>();
    }
    return by_memory<T>(i, f);
}

// f.template operator()<T, K>() for an instruction with a stack operand of `size` bytes, never 1.
template <class F>
Handler by_stack(const Instruction& i, unsigned size, F f) {
    if (i.code64())
        return size == 2 ? f.template operator()<std::uint16_t, Code::wide>()
                         : f.template operator()<std::uint64_t, Code::wide>();
    if (size == 2)
        return i.flat() ? f.template operator()<std::uint16_t, Code::flat>()
                        : f.template operator()<std::uint16_t, Code::checked>();
    return i.flat() ? f.template operator()<std::uint32_t, Code::flat>()
                    : f.template operator()<std::uint32_t, Code::checked>();
}

}  // namespace southgate::cpu
