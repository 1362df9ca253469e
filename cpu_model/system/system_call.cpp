// SYSENTER, SYSEXIT, SYSCALL, SYSRET and the FS and GS bases (SDM vol. 2B; vol. 3A 5.8.7, 5.8.8). SYSCALL and SYSRET are
// Intel's: 64-bit mode only, and SYSRET to a non-canonical address faults at CPL 0.
#include <utility>

#include "cpu_model/interpreter/flags.h"
#include "cpu_model/interpreter/system.h"
#include "cpu_model/mmu/paging.h"
#include "cpu_model/system/descriptor.h"

namespace southgate::cpu {
namespace {

// Flat segments, not read from any table.
SegmentRegister flat_segment(std::uint32_t selector, std::uint32_t type, unsigned dpl, std::uint32_t size) {
    return {0, 0xffffffff,
            SegmentRegister::g | size | 0x90 | type | dpl << SegmentRegister::dpl_shift,
            static_cast<std::uint16_t>(selector)};
}
constexpr std::uint32_t code_type = 0xb, data_type = 0x3;

// `size` of CS: SegmentRegister::l or db.
void enter(Cpu* c, std::uint32_t cs, std::uint32_t ss, std::uint32_t size, unsigned cpl, std::uint64_t rip) {
    c->cpl = cpl;
    put_segment(c, Seg::cs, flat_segment(cs, code_type, cpl, size));
    put_segment(c, Seg::ss, flat_segment(ss, data_type, cpl, SegmentRegister::db));
    c->ip = rip;
    update_mode(c);
    update_attention(c);
}

}  // namespace

void system_enter(Cpu* c) {
    const auto cs = static_cast<std::uint32_t>(c->msr.sysenter_cs & 0xfffc);
    if (!protected_mode(c) || cs == 0) raise_gp(0);
    c->eflags &= ~(eflags::vm | eflags::if_ | eflags::rf);
    if (long_mode(c)) {
        enter(c, cs, cs + 8, SegmentRegister::l, 0, c->msr.sysenter_eip);
        set_reg<std::uint64_t>(c, Gpr::rsp, c->msr.sysenter_esp);
        return;
    }
    enter(c, cs, cs + 8, SegmentRegister::db, 0, static_cast<std::uint32_t>(c->msr.sysenter_eip));
    set_reg<std::uint32_t>(c, Gpr::rsp, static_cast<std::uint32_t>(c->msr.sysenter_esp));
}

void system_exit(Cpu* c, unsigned operand_size) {
    const auto cs = static_cast<std::uint32_t>(c->msr.sysenter_cs & 0xfffc);
    if (!protected_mode(c) || cs == 0 || c->cpl != 0) raise_gp(0);
    const auto rip = get_reg<std::uint64_t>(c, Gpr::rdx), rsp = get_reg<std::uint64_t>(c, Gpr::rcx);
    if (operand_size == 8) {
        if (!canonical(rip) || !canonical(rsp)) raise_gp(0);
        enter(c, (cs + 32) | 3, (cs + 40) | 3, SegmentRegister::l, 3, rip);
        set_reg<std::uint64_t>(c, Gpr::rsp, rsp);
        return;
    }
    enter(c, (cs + 16) | 3, (cs + 24) | 3, SegmentRegister::db, 3, static_cast<std::uint32_t>(rip));
    set_reg<std::uint32_t>(c, Gpr::rsp, static_cast<std::uint32_t>(rsp));
}

void system_call(Cpu* c, std::uint64_t return_ip) {
    if (!code64(c) || (c->efer & efer::sce) == 0) raise_ud();
    set_reg<std::uint64_t>(c, Gpr::rcx, return_ip);
    const std::uint64_t flags = get_eflags(c) & ~eflags::rf;
    set_reg<std::uint64_t>(c, Gpr::r11, flags);
    set_eflags(c, (flags & ~c->msr.sfmask) | eflags::fixed1);
    const auto cs = static_cast<std::uint32_t>(c->msr.star >> 32 & 0xfffc);
    enter(c, cs, cs + 8, SegmentRegister::l, 0, c->msr.lstar);
    // A masked TF does not trap behind the instruction that masked it.
    if ((c->eflags & eflags::tf) == 0) c->step_trap = false;
}

void system_return(Cpu* c, unsigned operand_size) {
    if (!code64(c) || (c->efer & efer::sce) == 0) raise_ud();
    if (c->cpl != 0) raise_gp(0);
    const auto rip = get_reg<std::uint64_t>(c, Gpr::rcx);
    const bool wide = operand_size == 8;
    if (wide && !canonical(rip)) raise_gp(0);
    constexpr std::uint64_t loaded = 0x3c7fd7;  // all but RF and VM
    set_eflags(c, (get_reg<std::uint64_t>(c, Gpr::r11) & loaded) | eflags::fixed1);
    const auto base = static_cast<std::uint32_t>(c->msr.star >> 48);
    enter(c, (base + (wide ? 16 : 0)) | 3, (base + 8) | 3, wide ? SegmentRegister::l : SegmentRegister::db, 3,
          wide ? rip : static_cast<std::uint32_t>(rip));
}

void swap_gs(Cpu* c) {
    if (!code64(c)) raise_ud();
    if (c->cpl != 0) raise_gp(0);
    std::swap(segment(c, Seg::gs).base, c->msr.kernel_gs_base);
}

std::uint64_t read_segment_base(Cpu* c, Seg s) {
    if (!code64(c) || (c->cr4 & cr4::fsgsbase) == 0) raise_ud();
    return segment(c, s).base;
}

void write_segment_base(Cpu* c, Seg s, std::uint64_t value) {
    if (!code64(c) || (c->cr4 & cr4::fsgsbase) == 0) raise_ud();
    if (!canonical(value)) raise_gp(0);
    segment(c, s).base = value;
}

}  // namespace southgate::cpu
