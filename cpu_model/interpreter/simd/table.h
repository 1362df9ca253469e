// The instructions with a register and a register-or-memory operand, as data.
#pragma once

#include <cstdint>
#include <span>

#include "cpu_model/decode/select.h"
#include "cpu_model/decode/table.h"
#include "cpu_model/interpreter/simd/handlers.h"

namespace southgate::cpu::simd {

// CPUID.1 and CPUID.(7,0):EBX bits that an instruction needs.
struct Features {
    std::uint32_t edx = 0, ecx = 0, leaf7_ebx = 0;
    bool in(const Instruction& i) const {
        return (i.features & edx) == edx && (i.features_ecx & ecx) == ecx && (i.features7_ebx & leaf7_ebx) == leaf7_ebx;
    }
};
inline constexpr Features mmx_level{feature::mmx, 0}, sse_level{feature::sse, 0},
    sse2_level{feature::sse2, 0}, sse3_level{0, feature_ecx::sse3}, ssse3_level{0, feature_ecx::ssse3},
    sse4_1_level{0, feature_ecx::sse41}, sse4_2_level{0, feature_ecx::sse42}, aes_level{0, feature_ecx::aes},
    pclmulqdq_level{0, feature_ecx::pclmulqdq}, sha_level{0, 0, feature7::sha};

// Handlers by operand; nullptr: no such form.
struct Forms {
    Handler reg = nullptr;
    Handler flat = nullptr;  // Mem::flat
    Handler wide = nullptr;  // Mem::wide
    Handler any = nullptr;   // memory of every kind
    Features needs;

    Handler of(const Instruction& i) const {
        if (!needs.in(i)) return nullptr;
        if (!i.memory()) return reg;
        return flat_memory(i) ? flat : wide_memory(i) ? wide : any;
    }
};

template <class Op, Width W = Width::aligned>
constexpr Forms xmm_forms(Features needs) {
    return {xmm_r<Op>, xmm_m<Op, W, Mem::flat>, xmm_m<Op, W, Mem::wide>, xmm_any<Op, W>, needs};
}
template <class Op, Width W = Width::qword>
constexpr Forms mmx_forms(Features needs) {
    return {mmx_r<Op>, mmx_m<Op, W, Mem::flat>, mmx_m<Op, W, Mem::wide>, mmx_any<Op, W>, needs};
}

// One mnemonic. With both forms, the 66 prefix tells them apart. `stubs`: the immediate chooses the code to
// run (simd/stubs.h), whose address goes to Uop::imm.
struct Entry {
    ZydisMnemonic mnemonic;
    Forms xmm, mmx;
    const std::uint8_t* stubs = nullptr;
};

void add(HandlerTable& t, std::span<const Entry> entries);

// ModRM fields of MMX operands ignore REX (SDM vol. 2A 2.2.1.2).
inline void set_mmx_operands(const Instruction& i, Uop& u) {
    u.reg = static_cast<std::uint8_t>((i.reg & 7) * 8);
    if (!i.memory()) u.rm = static_cast<std::uint8_t>((i.rm & 7) * 8);
}

// MOVD and MOVQ with a general register or its memory form (simd/lane_moves.cpp).
void select_general_move(const Instruction& i, Translation& t);

// The files of this folder.
void register_logic(HandlerTable& t);
void register_integer(HandlerTable& t);
void register_shifts(HandlerTable& t);
void register_shuffles(HandlerTable& t);
void register_moves(HandlerTable& t);
void register_lane_moves(HandlerTable& t);
void register_float_arithmetic(HandlerTable& t);
void register_float_convert(HandlerTable& t);
void register_sse3(HandlerTable& t);
void register_sse4(HandlerTable& t);
void register_string_compare(HandlerTable& t);
void register_control(HandlerTable& t);
void register_state_images(HandlerTable& t);
void register_extended_state(HandlerTable& t);
void register_sha(HandlerTable& t);

}  // namespace southgate::cpu::simd
