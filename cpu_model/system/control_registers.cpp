// MOV to and from CRn, LMSW (SDM vol. 2B MOV; vol. 3A 2.5).
#include "cpu_model/system/control_registers.h"

#include "cpu_model/interpreter/system.h"
#include "cpu_model/mmu/access.h"

namespace southgate::cpu {

std::uint64_t defined_cr4(const Cpu* c) {
    const std::uint32_t f = c->cpuid.model().features;
    std::uint64_t bits = cr4::pce;
    if ((f & feature::vme) != 0) bits |= cr4::vme | cr4::pvi;
    if ((f & feature::tsc) != 0) bits |= cr4::tsd;
    if ((f & feature::de) != 0) bits |= cr4::de;
    if ((f & feature::pse) != 0) bits |= cr4::pse;
    if ((f & feature::pae) != 0) bits |= cr4::pae;
    if ((f & feature::mce) != 0) bits |= cr4::mce;
    if ((f & feature::pge) != 0) bits |= cr4::pge;
    if ((f & feature::fxsr) != 0) bits |= cr4::osfxsr;
    if ((f & feature::sse) != 0) bits |= cr4::osxmmexcpt;
    return bits;
}

namespace {

void write_cr0(Cpu* c, std::uint64_t value) {
    value = (value & defined_cr0) | cr0::et;
    if ((value & cr0::pg) != 0 && (value & cr0::pe) == 0) raise_gp(0);
    if ((value & cr0::nw) != 0 && (value & cr0::cd) == 0) raise_gp(0);
    const std::uint64_t changed = c->cr0 ^ value;
    if ((changed & value & cr0::pg) != 0 && (c->cr4 & cr4::pae) != 0) load_pdptes(c, c->cr3);
    c->cr0 = value;
    if ((changed & (cr0::pg | cr0::wp)) != 0) flush_tlb(c, false);
    if ((changed & cr0::pe) != 0) c->cpl = 0;
    if ((changed & (cr0::pe | cr0::pg | cr0::am)) != 0) update_mode(c);
}

void write_cr3(Cpu* c, std::uint64_t value) {
    value &= 0xffffffff;
    if ((c->cr0 & cr0::pg) != 0 && (c->cr4 & cr4::pae) != 0) load_pdptes(c, value);
    c->cr3 = value;
    flush_tlb(c, true);
}

void write_cr4(Cpu* c, std::uint64_t value) {
    if ((value & ~defined_cr4(c)) != 0) raise_gp(0);
    const std::uint64_t changed = c->cr4 ^ value;
    const std::uint64_t paging = changed & (cr4::pse | cr4::pae | cr4::pge);
    if (paging != 0 && (c->cr0 & cr0::pg) != 0 && (value & cr4::pae) != 0) load_pdptes(c, c->cr3);
    c->cr4 = value;
    if (paging != 0) flush_tlb(c, false);
    if ((changed & cr4::de) != 0) update_attention(c);
}

}  // namespace

std::uint64_t read_control_register(Cpu* c, unsigned n) {
    if (n != 0 && n != 2 && n != 3 && n != 4) raise_ud();
    if (c->cpl != 0) raise_gp(0);
    switch (n) {
        case 0:
            return c->cr0;
        case 2:
            return c->cr2;
        case 3:
            return c->cr3;
        default:
            return c->cr4;
    }
}

void write_control_register(Cpu* c, unsigned n, std::uint64_t value) {
    if (n != 0 && n != 2 && n != 3 && n != 4) raise_ud();
    if (c->cpl != 0) raise_gp(0);
    switch (n) {
        case 0:
            return write_cr0(c, value);
        case 2:
            c->cr2 = value;
            return;
        case 3:
            return write_cr3(c, value);
        default:
            return write_cr4(c, value);
    }
}

void load_machine_status_word(Cpu* c, std::uint16_t value) {
    if (c->cpl != 0) raise_gp(0);
    constexpr std::uint64_t loaded = cr0::mp | cr0::em | cr0::ts;
    // LMSW can set PE but not clear it (SDM vol. 2A LMSW).
    write_cr0(c, (c->cr0 & ~loaded) | (value & (loaded | cr0::pe)));
}

}  // namespace southgate::cpu
