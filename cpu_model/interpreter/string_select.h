// Choosing the handler of a string instruction.
#pragma once

#include "cpu_model/decode/instruction.h"
#include "cpu_model/decode/table.h"
#include "cpu_model/interpreter/string.h"

namespace southgate::cpu {

void register_string_moves(HandlerTable& t);
void register_string_compares(HandlerTable& t);

inline Repeat repeat_of(const Instruction& i) {
    return i.rep ? Repeat::equal : i.repne ? Repeat::not_equal : Repeat::none;
}

template <class Op>
Handler string_handler(Repeat repeat) {
    switch (repeat) {
        case Repeat::none: return single_string<Op>;
        // Only comparisons care which of the two prefixes it is.
        case Repeat::not_equal:
            if constexpr (Op::compares) return repeat_string<Op, Repeat::not_equal>;
            [[fallthrough]];
        case Repeat::equal: break;
    }
    return repeat_string<Op, Repeat::equal>;
}

template <template <class, class> class Op, class T>
Handler string_handler(unsigned address_size, Repeat repeat) {
    switch (address_size) {
        case 2: return string_handler<Op<T, std::uint16_t>>(repeat);
        case 8: return string_handler<Op<T, std::uint64_t>>(repeat);
        default: return string_handler<Op<T, std::uint32_t>>(repeat);
    }
}

template <template <class, class> class Op>
void select_string(const Instruction& i, Translation& t) {
    if (i.map != 0) return;  // MOVSD and CMPSD of SSE2 share the mnemonic
    const Repeat repeat = repeat_of(i);
    const unsigned size = (i.opcode & 1) == 0 ? 1 : i.operand_size;
    t.uop.seg = static_cast<std::uint8_t>(i.segment);
    t.uop.aux = static_cast<std::uint8_t>(repeat);
    t.ends_block = repeat != Repeat::none;
    switch (size) {
        case 1: t.uop.handler = string_handler<Op, std::uint8_t>(i.address_size, repeat); break;
        case 2: t.uop.handler = string_handler<Op, std::uint16_t>(i.address_size, repeat); break;
        case 8: t.uop.handler = string_handler<Op, std::uint64_t>(i.address_size, repeat); break;
        default: t.uop.handler = string_handler<Op, std::uint32_t>(i.address_size, repeat); break;
    }
}

}  // namespace southgate::cpu
