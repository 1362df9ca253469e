// PCMPESTRI PCMPESTRM PCMPISTRI PCMPISTRM (SSE4.2), and POPCNT and CRC32, which work on general registers.
#include <algorithm>

#include "cpu_model/interpreter/flags.h"
#include "cpu_model/interpreter/simd/stubs.h"
#include "cpu_model/interpreter/simd/table.h"

// As the stubs of stubs.cpp, for instructions with more results: flags in bits 63:32, ECX below. The lengths
// come in EDI and ESI.
asm(R"(
    .pushsection .text.southgate_simd_stubs, "ax", @progbits
    .macro southgate_simd_index_stubs name
    .p2align 5
    .globl southgate_simd_\name
    .hidden southgate_simd_\name
southgate_simd_\name:
    .set southgate_simd_immediate, 0
    .rept 256
    .p2align 5, 0xcc
    movl %edi, %eax
    movl %esi, %edx
    \name $southgate_simd_immediate, %xmm1, %xmm0
    pushfq
    popq %rax
    movl %ecx, %ecx
    shlq $32, %rax
    orq %rcx, %rax
    ret
    .set southgate_simd_immediate, southgate_simd_immediate + 1
    .endr
    .p2align 5, 0xcc
    .endm

    .macro southgate_simd_mask_stubs name
    .p2align 4
    .globl southgate_simd_\name
    .hidden southgate_simd_\name
southgate_simd_\name:
    .set southgate_simd_immediate, 0
    .rept 256
    .p2align 4, 0xcc
    movl %edi, %eax
    movl %esi, %edx
    \name $southgate_simd_immediate, %xmm1, %xmm0
    ret
    .set southgate_simd_immediate, southgate_simd_immediate + 1
    .endr
    .p2align 4, 0xcc
    .endm

    southgate_simd_index_stubs pcmpestri
    southgate_simd_index_stubs pcmpistri
    southgate_simd_mask_stubs pcmpestrm
    southgate_simd_mask_stubs pcmpistrm
    .popsection
)");

extern "C" {
extern const std::uint8_t southgate_simd_pcmpestri[] __attribute__((visibility("hidden")));
extern const std::uint8_t southgate_simd_pcmpistri[] __attribute__((visibility("hidden")));
extern const std::uint8_t southgate_simd_pcmpestrm[] __attribute__((visibility("hidden")));
extern const std::uint8_t southgate_simd_pcmpistrm[] __attribute__((visibility("hidden")));
}

namespace southgate::cpu::simd {
namespace {

constexpr unsigned index_stub_size = 32, mask_stub_size = 16;  // bytes
using IndexStub = std::uint64_t(std::int32_t a_length, std::int32_t b_length, Xmm a, Xmm b);
using MaskStub = Xmm(std::int32_t a_length, std::int32_t b_length, Xmm a, Xmm b);
constexpr std::uint64_t status = eflags::cf | eflags::pf | eflags::af | eflags::zf | eflags::sf | eflags::of;

template <class F>
F* stub(const std::uint8_t* table, unsigned size, const Uop* u) {
    return reinterpret_cast<F*>(reinterpret_cast<std::uintptr_t>(table) + size * (u->imm & 0xff));
}
// Lengths saturate (SDM vol. 2B PCMPESTRI), so that 32 bits hold every one.
std::int32_t length(Cpu* c, Gpr r, bool wide) {
    if (!wide) return static_cast<std::int32_t>(get_reg<std::uint32_t>(c, r));
    const auto v = static_cast<std::int64_t>(get_reg<std::uint64_t>(c, r));
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(v, -16, 16));
}

// mask: the result goes to XMM0, else to ECX. aux bit 0: memory; bit 1: 64-bit lengths.
template <bool explicit_length, bool mask>
const Uop* compare(Cpu* c, const Uop* u) {
    begin_sse(c, u);
    const Xmm a = get_xmm(c, u->reg);
    const Xmm b = (u->aux & 1) ? load_any(c, u, Width::unaligned) : get_xmm(c, u->rm);
    const std::int32_t a_length = explicit_length ? length(c, Gpr::rax, u->aux & 2) : 0;
    const std::int32_t b_length = explicit_length ? length(c, Gpr::rdx, u->aux & 2) : 0;
    const std::uint8_t* index = explicit_length ? southgate_simd_pcmpestri : southgate_simd_pcmpistri;
    const std::uint64_t r = stub<IndexStub>(index, index_stub_size, u)(a_length, b_length, a, b);
    if constexpr (mask) {
        const std::uint8_t* masks = explicit_length ? southgate_simd_pcmpestrm : southgate_simd_pcmpistrm;
        set_xmm(c, 0, stub<MaskStub>(masks, mask_stub_size, u)(a_length, b_length, a, b));
    } else {
        set_reg<std::uint32_t>(c, Gpr::rcx, static_cast<std::uint32_t>(r));
    }
    set_status_flags(c, r >> 32 & status);
    return next(c, u);
}
template <Handler h>
void select_compare(const Instruction& i, Translation& t) {
    t.uop.aux = static_cast<std::uint8_t>((i.memory() ? 1 : 0) | (i.rex_w ? 2 : 0));
    if (sse4_2_level.in(i)) t.uop.handler = h;
}

// --- general registers: neither CR0 nor CR4 count ---
template <class T, bool memory>
const Uop* popcnt(Cpu* c, const Uop* u) {
    const T v = memory ? load<T, Mem::segmented>(c, u) : get_reg<T>(c, u->rm);
    std::uint64_t r = v;
    asm("popcntq %0, %0" : "+r"(r) : : "cc");
    set_reg<T>(c, u->reg, static_cast<T>(r));
    set_status_flags(c, v == 0 ? eflags::zf : 0);
    return next(c, u);
}
template <class T, bool memory>
const Uop* crc32(Cpu* c, const Uop* u) {
    const T v = memory ? load<T, Mem::segmented>(c, u) : get_reg<T>(c, u->rm);
    std::uint64_t r = get_reg<std::uint32_t>(c, u->reg);
    if constexpr (sizeof v == 1)
        asm("crc32b %1, %k0" : "+r"(r) : "q"(v));
    else if constexpr (sizeof v == 2)
        asm("crc32w %1, %k0" : "+r"(r) : "r"(v));
    else if constexpr (sizeof v == 4)
        asm("crc32l %1, %k0" : "+r"(r) : "r"(v));
    else
        asm("crc32q %1, %0" : "+r"(r) : "r"(v));
    set_reg<std::uint32_t>(c, u->reg, static_cast<std::uint32_t>(r));
    return next(c, u);
}
template <class T>
Handler popcnt_of(const Instruction& i) {
    return i.memory() ? popcnt<T, true> : popcnt<T, false>;
}
template <class T>
Handler crc32_of(const Instruction& i) {
    return i.memory() ? crc32<T, true> : crc32<T, false>;
}
void select_popcnt(const Instruction& i, Translation& t) {
    if (!(i.features_ecx & feature_ecx::popcnt)) return;
    switch (i.operand_size) {
        case 2:
            t.uop.handler = popcnt_of<std::uint16_t>(i);
            break;
        case 4:
            t.uop.handler = popcnt_of<std::uint32_t>(i);
            break;
        default:
            t.uop.handler = popcnt_of<std::uint64_t>(i);
            break;
    }
}
void select_crc32(const Instruction& i, Translation& t) {
    if (!sse4_2_level.in(i)) return;
    const unsigned size = i.opcode == 0xf0 ? 1 : i.operand_size;
    if (!i.memory()) t.uop.rm = reg_offset(i.rm, size, i.rex);
    switch (size) {
        case 1:
            t.uop.handler = crc32_of<std::uint8_t>(i);
            break;
        case 2:
            t.uop.handler = crc32_of<std::uint16_t>(i);
            break;
        case 4:
            t.uop.handler = crc32_of<std::uint32_t>(i);
            break;
        default:
            t.uop.handler = crc32_of<std::uint64_t>(i);
            break;
    }
}

}  // namespace

void register_string_compare(HandlerTable& t) {
    t.add(ZYDIS_MNEMONIC_PCMPESTRI, select_compare<compare<true, false>>);
    t.add(ZYDIS_MNEMONIC_PCMPESTRM, select_compare<compare<true, true>>);
    t.add(ZYDIS_MNEMONIC_PCMPISTRI, select_compare<compare<false, false>>);
    t.add(ZYDIS_MNEMONIC_PCMPISTRM, select_compare<compare<false, true>>);
    t.add(ZYDIS_MNEMONIC_POPCNT, select_popcnt);
    t.add(ZYDIS_MNEMONIC_CRC32, select_crc32);
}

}  // namespace southgate::cpu::simd
