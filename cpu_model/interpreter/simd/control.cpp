// EMMS, MXCSR, fences, CLFLUSH, MOVNTI.
#include "cpu_model/decode/select.h"
#include "cpu_model/interpreter/simd/table.h"
#include "cpu_model/mmu/fill.h"

namespace southgate::cpu::simd {
namespace {

const Uop* emms(Cpu* c, const Uop* u) {
    begin_mmx(c, u);
    c->fpu.ftw = 0xffff;
    c->fpu.fsw = static_cast<std::uint16_t>(c->fpu.fsw & ~x87::sw::top);
    return next(c, u);
}
const Uop* ldmxcsr(Cpu* c, const Uop* u) {
    begin_sse(c, u);
    const auto value = load<std::uint32_t, Mem::segmented>(c, u);
    if (value & ~mxcsr_mask) {
        c->cur = u;
        raise_gp();
    }
    c->fpu.mxcsr = value;
    return next(c, u);
}
const Uop* stmxcsr(Cpu* c, const Uop* u) {
    begin_sse(c, u);
    store<std::uint32_t, Mem::segmented>(c, u, c->fpu.mxcsr);
    return next(c, u);
}
// Memory operations happen in program order, and there are no caches.
const Uop* fence(Cpu* c, const Uop* u) { return next(c, u); }
// Where CLFLUSH points: as a byte load, except that the segment may be execute-only (SDM vol. 2A CLFLUSH).
std::uint64_t flushed_linear(Cpu* c, const Uop* u) {
    using SR = SegmentRegister;
    const auto s = static_cast<Seg>(u->seg);
    const Segment& seg = segment(c, s);
    const std::uint64_t offset = effective_address<Mem::segmented>(c, u);
    const bool execute_only = (seg.attributes & (SR::unusable | SR::code | SR::writable)) == SR::code;
    if (execute_only && !code64(c) && offset <= seg.limit) return static_cast<std::uint32_t>(seg.base + offset);
    return to_linear<std::uint8_t, Mem::segmented>(c, u, s, offset, false);
}
// The checks of a byte load without the access, which a device would see.
const Uop* clflush(Cpu* c, const Uop* u) {
    c->cur = u;
    const std::uint64_t linear = flushed_linear(c, u);
    if (!tag_present(tlb_entry(c, linear).read_tag, linear))
        fill_tlb(c, linear, Access::read, current_privilege(c));
    return next(c, u);
}
// Not an SSE instruction as to CR0 and CR4 (SDM vol. 2B MOVNTI).
template <class T, Mem M>
const Uop* movnti(Cpu* c, const Uop* u) {
    store<T, M>(c, u, get_reg<T>(c, u->reg));
    return next(c, u);
}

template <Handler h, const Features& needs>
void simple(const Instruction& i, Translation& t) {
    if (needs.in(i)) t.uop.handler = h;
}
template <class T>
Handler movnti_of(const Instruction& i) {
    return by_any_memory(i, []<Mem M>() -> Handler { return movnti<T, M>; });
}
constexpr Features clflush_level{feature::clflush, 0}, clflushopt_level{0, 0, feature7::clflushopt};

}  // namespace

void register_control(HandlerTable& t) {
    t.add(ZYDIS_MNEMONIC_EMMS, simple<emms, mmx_level>);
    t.add(ZYDIS_MNEMONIC_LDMXCSR, simple<ldmxcsr, sse_level>);
    t.add(ZYDIS_MNEMONIC_STMXCSR, simple<stmxcsr, sse_level>);
    t.add(ZYDIS_MNEMONIC_SFENCE, simple<fence, sse_level>);
    t.add(ZYDIS_MNEMONIC_LFENCE, simple<fence, sse2_level>);
    t.add(ZYDIS_MNEMONIC_MFENCE, simple<fence, sse2_level>);
    t.add(ZYDIS_MNEMONIC_CLFLUSH, simple<clflush, clflush_level>);
    t.add(ZYDIS_MNEMONIC_CLFLUSHOPT, simple<clflush, clflushopt_level>);
    t.add(ZYDIS_MNEMONIC_MOVNTI, [](const Instruction& i, Translation& x) {
        if (sse2_level.in(i))
            x.uop.handler = i.rex_w ? movnti_of<std::uint64_t>(i) : movnti_of<std::uint32_t>(i);
    });
}

}  // namespace southgate::cpu::simd
