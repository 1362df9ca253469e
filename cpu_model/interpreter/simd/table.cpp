#include "cpu_model/interpreter/simd/table.h"

#include <array>

#include "cpu_model/interpreter/simd/stubs.h"

namespace southgate::cpu::simd {
namespace {

std::array<const Entry*, ZYDIS_MNEMONIC_MAX_VALUE + 1> entries_by_mnemonic;

void select(const Instruction& i, Translation& t) {
    const Entry& e = *entries_by_mnemonic[i.mnemonic];
    const bool mmx = e.mmx.any && (!e.xmm.any || !i.operand_prefix);
    t.uop.handler = mmx ? e.mmx.of(i) : e.xmm.of(i);
    if (mmx) set_mmx_operands(i, t.uop);
    if (e.stubs) t.uop.imm = stub_address(e.stubs, i.imm);
}

}  // namespace

void add(HandlerTable& t, std::span<const Entry> entries) {
    for (const Entry& e : entries) {
        entries_by_mnemonic[e.mnemonic] = &e;
        t.add(e.mnemonic, select);
    }
}

}  // namespace southgate::cpu::simd

namespace southgate::cpu {

void register_simd(HandlerTable& t) {
    simd::register_logic(t);
    simd::register_integer(t);
    simd::register_shifts(t);
    simd::register_shuffles(t);
    simd::register_moves(t);
    simd::register_lane_moves(t);
    simd::register_float_arithmetic(t);
    simd::register_float_convert(t);
    simd::register_sse3(t);
    simd::register_sse4(t);
    simd::register_string_compare(t);
    simd::register_control(t);
    simd::register_state_images(t);
    simd::register_extended_state(t);
    simd::register_sha(t);
}

}  // namespace southgate::cpu
