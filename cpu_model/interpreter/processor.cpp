// System instructions: HLT, CLTS, descriptor tables, LAR and kin, caches and TLB, TSC, MSRs, CPUID, RSM, SYSENTER.
#include <array>

#include "cpu_model/decode/select.h"
#include "cpu_model/decode/table.h"
#include "cpu_model/interpreter/flags.h"
#include "cpu_model/interpreter/operand.h"
#include "cpu_model/interpreter/system.h"

namespace southgate::cpu {
namespace {

void require_cpl0(Cpu* c) {
    if (c->cpl != 0) raise_gp();
}
// #UD in real and V86 mode (SLDT, LAR, ARPL ...).
void require_protected(Cpu* c) {
    if (real_style_segments(c)) raise_ud();
}

// CR4.UMIP keeps these registers from user code.
void check_umip(Cpu* c) {
    if ((c->cr4 & cr4::umip) && c->cpl != 0) raise_gp();
}

const Uop* hlt(Cpu* c, const Uop* u) {
    c->cur = u;
    require_cpl0(c);
    c->events.activity = ActivityState::halted;
    update_attention(c);
    return finish(c, u);
}
const Uop* clts(Cpu* c, const Uop* u) {
    c->cur = u;
    require_cpl0(c);
    c->cr0 &= ~cr0::ts;
    return next(c, u);
}
// The model has no caches to write back.
const Uop* invd(Cpu* c, const Uop* u) {
    c->cur = u;
    require_cpl0(c);
    return next(c, u);
}
const Uop* invlpg(Cpu* c, const Uop* u) {
    c->cur = u;
    require_cpl0(c);
    const auto s = static_cast<Seg>(u->seg);
    const std::uint64_t offset = effective_address<Mem::segmented>(c, u);
    if (!code64(c)) flush_tlb_page(c, static_cast<std::uint32_t>(segment(c, s).base + offset));
    else if (canonical(base64(c, s) + offset)) flush_tlb_page(c, base64(c, s) + offset);  // else a NOP
    return finish_and_resume(c, u);
}
// Translations carry no PCID, and dropping more than asked for is always right.
const Uop* invpcid(Cpu* c, const Uop* u) {
    c->cur = u;
    if (v86_mode(c)) raise_gp();
    require_cpl0(c);
    const std::uint64_t at = effective_address<Mem::segmented>(c, u);
    const auto s = static_cast<Seg>(u->seg);
    std::array<std::uint64_t, 2> descriptor;
    read_linear_bytes(c, linear_of(c, s, at, sizeof descriptor, false), descriptor.data(), sizeof descriptor,
                      current_privilege(c));
    const std::uint64_t type = code64(c) ? get_reg<std::uint64_t>(c, u->reg) : get_reg<std::uint32_t>(c, u->reg);
    const std::uint64_t pcid = descriptor[0], linear = descriptor[1];
    if (type > 3 || pcid >> 12 != 0) raise_gp();
    if (type < 2 && pcid != 0 && !(c->cr4 & cr4::pcide)) raise_gp();
    if (type == 0 && !canonical(linear)) raise_gp();
    if (type == 0) flush_tlb_page(c, linear);
    else flush_tlb(c, type != 2);
    return finish_and_resume(c, u);
}
template <bool set>
const Uop* change_ac(Cpu* c, const Uop* u) {
    c->cur = u;
    if (c->cpl != 0) raise_ud();
    c->eflags = set ? c->eflags | eflags::ac : c->eflags & ~eflags::ac;
    select_tlb(c);
    return next(c, u);
}
const Uop* rdtsc(Cpu* c, const Uop* u) {
    c->cur = u;
    if ((c->cr4 & cr4::tsd) && protected_mode(c) && c->cpl != 0) raise_gp();
    const std::uint64_t tsc = read_tsc(c);
    set_reg<std::uint32_t>(c, Gpr::rax, static_cast<std::uint32_t>(tsc));
    set_reg<std::uint32_t>(c, Gpr::rdx, static_cast<std::uint32_t>(tsc >> 32));
    return next(c, u);
}
// The two P6 counters exist and count nothing.
const Uop* rdpmc(Cpu* c, const Uop* u) {
    c->cur = u;
    if (!(c->cr4 & cr4::pce) && protected_mode(c) && c->cpl != 0) raise_gp();
    if (get_reg<std::uint32_t>(c, Gpr::rcx) > 1) raise_gp();
    set_reg<std::uint32_t>(c, Gpr::rax, 0u);
    set_reg<std::uint32_t>(c, Gpr::rdx, 0u);
    return next(c, u);
}
const Uop* op_cpuid(Cpu* c, const Uop* u) {
    c->cur = u;
    cpuid(c);
    return next(c, u);
}
const Uop* rdmsr(Cpu* c, const Uop* u) {
    c->cur = u;
    read_msr(c);
    return next(c, u);
}
const Uop* wrmsr(Cpu* c, const Uop* u) {
    c->cur = u;
    write_msr(c);
    return c->attention ? finish(c, u) : finish_and_resume(c, u);
}

// Instructions that transfer control: `f` sets Cpu::ip.
template <void (*f)(Cpu*)>
const Uop* transfer(Cpu* c, const Uop* u) {
    c->cur = u;
    f(c);
    return resume(c);
}

// --- descriptor tables ---
struct TableOperand {
    std::uint64_t at, base_at;
    Seg seg;
};
TableOperand table_operand(Cpu* c, const Uop* u) {
    const std::uint64_t at = effective_address<Mem::segmented>(c, u);
    return {at, (at + 2) << u->addr_shift >> u->addr_shift, static_cast<Seg>(u->seg)};
}
template <DescriptorTable Cpu::*table>
const Uop* store_table(Cpu* c, const Uop* u) {
    c->cur = u;
    check_umip(c);
    const TableOperand m = table_operand(c, u);
    // Both parts are checked before either is written. The contents as a whole are aligned to 4 (SDM vol. 3A table 6-7).
    const Privilege privilege = current_privilege(c);
    const std::uint64_t limit_at = linear_of(c, m.seg, m.at, 2, true);
    const unsigned base_size = code64(c) ? 8 : 4;
    const std::uint64_t base_at = linear_of(c, m.seg, m.base_at, base_size, true);
    check_alignment(c, limit_at, 4);
    probe_write(c, limit_at, 2, privilege);
    if (base_size == 8) write_linear<std::uint64_t>(c, base_at, (c->*table).base, privilege);
    else write_linear<std::uint32_t>(c, base_at, static_cast<std::uint32_t>((c->*table).base), privilege);
    write_linear<std::uint16_t>(c, limit_at, (c->*table).limit, privilege);
    return next(c, u);
}
// aux: operand size; a 16-bit one loads 24 bits of base, 64-bit mode always 64 (SDM vol. 2A LGDT/LIDT).
template <DescriptorTable Cpu::*table>
const Uop* load_table(Cpu* c, const Uop* u) {
    c->cur = u;
    require_cpl0(c);
    const TableOperand m = table_operand(c, u);
    const auto limit = read_segment<std::uint16_t>(c, m.seg, m.at);
    if (code64(c)) {
        const auto base = read_segment<std::uint64_t>(c, m.seg, m.base_at);
        if (!canonical(base)) raise_gp();
        c->*table = {base, limit};
        return next(c, u);
    }
    const auto base = read_segment<std::uint32_t>(c, m.seg, m.base_at);
    c->*table = {u->aux == 2 ? base & 0xffffff : base, limit};
    return next(c, u);
}

// --- 16-bit system registers; a register destination gets them zero-extended ---
const Uop* store_word(Cpu* c, const Uop* u, std::uint16_t value, bool memory) {
    if (memory) store<std::uint16_t, Mem::segmented>(c, u, value);
    else if (u->aux == 2) set_reg<std::uint16_t>(c, u->rm, value);
    else set_reg<std::uint32_t>(c, u->rm, std::uint32_t{value});
    return next(c, u);
}
template <bool memory>
std::uint16_t source_word(Cpu* c, const Uop* u) {
    if constexpr (memory) return load<std::uint16_t, Mem::segmented>(c, u);
    else return get_reg<std::uint16_t>(c, u->rm);
}
template <bool memory>
const Uop* sldt(Cpu* c, const Uop* u) {
    c->cur = u;
    require_protected(c);
    check_umip(c);
    return store_word(c, u, c->ldtr.selector, memory);
}
template <bool memory>
const Uop* str(Cpu* c, const Uop* u) {
    c->cur = u;
    require_protected(c);
    check_umip(c);
    return store_word(c, u, c->tr.selector, memory);
}
// A 32-bit register destination gets all of CR0's low half (SDM vol. 2B SMSW: upper bits undefined; P6: CR0). CR0 has
// no bits above it.
template <bool memory>
const Uop* smsw(Cpu* c, const Uop* u) {
    c->cur = u;
    check_umip(c);
    if (!memory && u->aux != 2) {
        set_reg<std::uint32_t>(c, u->rm, static_cast<std::uint32_t>(c->cr0));
        return next(c, u);
    }
    return store_word(c, u, static_cast<std::uint16_t>(c->cr0), memory);
}
template <bool memory>
const Uop* lldt(Cpu* c, const Uop* u) {
    c->cur = u;
    require_protected(c);
    require_cpl0(c);
    load_ldtr(c, source_word<memory>(c, u));
    return next(c, u);
}
template <bool memory>
const Uop* ltr(Cpu* c, const Uop* u) {
    c->cur = u;
    require_protected(c);
    require_cpl0(c);
    load_task_register(c, source_word<memory>(c, u));
    return next(c, u);
}
template <bool memory>
const Uop* lmsw(Cpu* c, const Uop* u) {
    c->cur = u;
    require_cpl0(c);
    load_machine_status_word(c, source_word<memory>(c, u));
    return c->attention ? finish(c, u) : finish_and_resume(c, u);
}

void set_zf(Cpu* c, bool zf) {
    set_status_flags(c, (status_flags(c) & ~eflags::zf) | (zf ? eflags::zf : 0));
}
template <bool memory, bool write>
const Uop* verify(Cpu* c, const Uop* u) {
    c->cur = u;
    require_protected(c);
    set_zf(c, verify_segment(c, source_word<memory>(c, u), write));
    return next(c, u);
}
template <bool memory, bool (*f)(Cpu*, std::uint16_t, std::uint32_t&)>
const Uop* load_part(Cpu* c, const Uop* u) {
    c->cur = u;
    require_protected(c);
    std::uint32_t value = 0;
    const bool ok = f(c, source_word<memory>(c, u), value);
    if (ok && u->aux == 2) set_reg<std::uint16_t>(c, u->reg, static_cast<std::uint16_t>(value));
    else if (ok) set_reg<std::uint32_t>(c, u->reg, value);
    set_zf(c, ok);
    return next(c, u);
}
template <bool memory>
const Uop* arpl(Cpu* c, const Uop* u) {
    c->cur = u;
    require_protected(c);
    const auto rpl = static_cast<std::uint16_t>(get_reg<std::uint16_t>(c, u->reg) & 3);
    bool raised = false;
    auto adjust = [&](std::uint16_t v) {
        raised = (v & 3) < rpl;
        return static_cast<std::uint16_t>(raised ? (v & ~3) | rpl : v);
    };
    if constexpr (memory) {
        // Written, and writable, only if the RPL changes (SDM vol. 2A ARPL, operation).
        const auto s = static_cast<Seg>(u->seg);
        const std::uint64_t offset = effective_address<Mem::segmented>(c, u);
        const auto adjusted = adjust(read_segment<std::uint16_t>(c, s, offset));
        if (raised) write_segment<std::uint16_t>(c, s, offset, adjusted);
    } else set_reg<std::uint16_t>(c, u->rm, adjust(get_reg<std::uint16_t>(c, u->rm)));
    set_zf(c, raised);
    return next(c, u);
}

// --- selection ---
template <Handler h, bool ends = false>
void plain(const Instruction&, Translation& t) {
    t.uop.handler = h;
    t.ends_block = ends;
}
template <Handler h, bool ends = false>
void memory_only(const Instruction& i, Translation& t) {
    if (!i.memory()) return;
    t.uop.aux = i.operand_size;
    t.uop.handler = h;
    t.ends_block = ends;
}
template <Handler memory, Handler reg, bool ends = false>
void either(const Instruction& i, Translation& t) {
    t.uop.aux = i.operand_size;
    t.uop.handler = i.memory() ? memory : reg;
    t.ends_block = ends;
}

}  // namespace

void register_processor(HandlerTable& t) {
    t.add(ZYDIS_MNEMONIC_HLT, plain<hlt, true>);
    t.add(ZYDIS_MNEMONIC_CLTS, plain<clts>);
    t.add(ZYDIS_MNEMONIC_INVD, plain<invd>);
    t.add(ZYDIS_MNEMONIC_WBINVD, plain<invd>);
    t.add(ZYDIS_MNEMONIC_INVLPG, memory_only<invlpg, true>);
    t.add(ZYDIS_MNEMONIC_INVPCID, [](const Instruction& i, Translation& x) {
        if (i.features7_ebx & feature7::invpcid) memory_only<invpcid, true>(i, x);
    });
    t.add(ZYDIS_MNEMONIC_STAC, [](const Instruction& i, Translation& x) {
        if (i.features7_ebx & feature7::smap) x.uop.handler = change_ac<true>;
    });
    t.add(ZYDIS_MNEMONIC_CLAC, [](const Instruction& i, Translation& x) {
        if (i.features7_ebx & feature7::smap) x.uop.handler = change_ac<false>;
    });
    t.add(ZYDIS_MNEMONIC_RDTSC, plain<rdtsc>);
    t.add(ZYDIS_MNEMONIC_RDPMC, plain<rdpmc>);
    t.add(ZYDIS_MNEMONIC_CPUID, plain<op_cpuid>);
    t.add(ZYDIS_MNEMONIC_RDMSR, plain<rdmsr>);
    t.add(ZYDIS_MNEMONIC_WRMSR, plain<wrmsr, true>);
    t.add(ZYDIS_MNEMONIC_RSM, plain<transfer<resume_from_smm>, true>);
    t.add(ZYDIS_MNEMONIC_SYSENTER, plain<transfer<system_enter>, true>);
    t.add(ZYDIS_MNEMONIC_SGDT, memory_only<store_table<&Cpu::gdtr>>);
    t.add(ZYDIS_MNEMONIC_SIDT, memory_only<store_table<&Cpu::idtr>>);
    t.add(ZYDIS_MNEMONIC_LGDT, memory_only<load_table<&Cpu::gdtr>>);
    t.add(ZYDIS_MNEMONIC_LIDT, memory_only<load_table<&Cpu::idtr>>);
    t.add(ZYDIS_MNEMONIC_SLDT, either<sldt<true>, sldt<false>>);
    t.add(ZYDIS_MNEMONIC_STR, either<str<true>, str<false>>);
    t.add(ZYDIS_MNEMONIC_SMSW, either<smsw<true>, smsw<false>>);
    t.add(ZYDIS_MNEMONIC_LLDT, either<lldt<true>, lldt<false>>);
    t.add(ZYDIS_MNEMONIC_LTR, either<ltr<true>, ltr<false>>);
    t.add(ZYDIS_MNEMONIC_LMSW, either<lmsw<true>, lmsw<false>, true>);
    t.add(ZYDIS_MNEMONIC_VERR, either<verify<true, false>, verify<false, false>>);
    t.add(ZYDIS_MNEMONIC_VERW, either<verify<true, true>, verify<false, true>>);
    t.add(ZYDIS_MNEMONIC_LAR, either<load_part<true, load_access_rights>, load_part<false, load_access_rights>>);
    t.add(ZYDIS_MNEMONIC_LSL, either<load_part<true, load_segment_limit>, load_part<false, load_segment_limit>>);
    t.add(ZYDIS_MNEMONIC_ARPL, either<arpl<true>, arpl<false>>);
    for (auto m : {ZYDIS_MNEMONIC_UD0, ZYDIS_MNEMONIC_UD1, ZYDIS_MNEMONIC_UD2})
        t.add(m, [](const Instruction&, Translation&) {});
}

}  // namespace southgate::cpu
