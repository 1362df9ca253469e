// MOV to and from CRn, LMSW (SDM vol. 2B MOV; vol. 3A 2.5).
#include "cpu_model/system/control_registers.h"

#include "cpu_model/interpreter/fpu/error.h"
#include "cpu_model/interpreter/system.h"
#include "cpu_model/mmu/access.h"

namespace southgate::cpu {

std::uint64_t defined_cr4(const Cpu* c) {
    const CpuModel& model = c->cpuid.model();
    const std::uint32_t f = model.features, ecx = model.features_ecx, f7 = model.features7_ebx;
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
    if ((ecx & feature_ecx::pcid) != 0) bits |= cr4::pcide;
    if ((ecx & feature_ecx::xsave) != 0) bits |= cr4::osxsave;
    if ((f7 & feature7::fsgsbase) != 0) bits |= cr4::fsgsbase;
    if ((f7 & feature7::smep) != 0) bits |= cr4::smep;
    if ((f7 & feature7::smap) != 0) bits |= cr4::smap;
    if ((model.features7_ecx & feature7::umip) != 0) bits |= cr4::umip;
    return bits;
}

std::uint64_t defined_efer(const Cpu* c) {
    const CpuModel& model = c->cpuid.model();
    std::uint64_t bits = 0;
    if (model.extended(extended_feature::syscall)) bits |= efer::sce;
    if (model.extended(extended_feature::nx)) bits |= efer::nxe;
    if (model.long_mode()) bits |= efer::lme | efer::lma;
    return bits;
}

namespace {

// Switching paging on with EFER.LME, which activates long mode (SDM vol. 3A 9.8.5).
void check_activation(const Cpu* c) {
    if ((c->cr4 & cr4::pae) == 0) raise_gp(0);
    if ((segment(c, Seg::cs).attributes & SegmentRegister::l) != 0) raise_gp(0);
    constexpr std::uint32_t bit32 = 8;  // of a TSS's type
    if ((c->tr.attributes & bit32) == 0) raise_gp(0);
}

void write_cr0(Cpu* c, std::uint64_t value) {
    if (value >> 32 != 0) raise_gp(0);
    value = (value & defined_cr0) | cr0::et;
    if ((value & cr0::pg) != 0 && (value & cr0::pe) == 0) raise_gp(0);
    if ((value & cr0::nw) != 0 && (value & cr0::cd) == 0) raise_gp(0);
    const std::uint64_t changed = c->cr0 ^ value;
    const bool paging_on = (changed & value & cr0::pg) != 0, paging_off = (changed & c->cr0 & cr0::pg) != 0;
    if (paging_on && (c->efer & efer::lme) != 0)
        check_activation(c);
    else if ((changed & (cr0::pg | cr0::cd | cr0::nw)) != 0 && (value & cr0::pg) != 0 &&
             (c->cr4 & cr4::pae) != 0 && !long_mode(c))
        load_pdptes(c, c->cr3);  // SDM vol. 3A 4.4.1
    if (paging_off && (code64(c) || (c->cr4 & cr4::pcide) != 0)) raise_gp(0);
    c->cr0 = value;
    if (paging_on && (c->efer & efer::lme) != 0) c->efer |= efer::lma;
    if (paging_off) c->efer &= ~efer::lma;
    if ((changed & cr0::pg) != 0) c->code_segment = {};  // what it remembers was checked in the old mode
    if ((changed & (cr0::pg | cr0::wp)) != 0) flush_tlb(c, false);
    if ((changed & cr0::pe) != 0) c->cpl = 0;
    if ((changed & (cr0::pe | cr0::pg | cr0::am)) != 0) update_mode(c);
    if ((changed & cr0::ne) != 0) x87::update_ferr(c);
}

void write_cr3(Cpu* c, std::uint64_t value) {
    if (long_mode(c)) {
        // Bit 63 says that translations of the new PCID may stay; keeping none of them is always right.
        if ((c->cr4 & cr4::pcide) != 0) value &= ~(std::uint64_t{1} << 63);
        if ((value & c->cpuid.model().reserved_physical_bits()) != 0) raise_gp(0);
    } else {
        value &= 0xffffffff;
        if (pae_paging(c)) load_pdptes(c, value);
    }
    c->cr3 = value;
    flush_tlb(c, true);
}

void write_cr4(Cpu* c, std::uint64_t value) {
    if ((value & ~defined_cr4(c)) != 0) raise_gp(0);
    if (long_mode(c) && (value & cr4::pae) == 0) raise_gp(0);
    const std::uint64_t changed = c->cr4 ^ value;
    if ((changed & value & cr4::pcide) != 0 && (!long_mode(c) || (c->cr3 & 0xfff) != 0)) raise_gp(0);
    const std::uint64_t paging = changed & (cr4::pse | cr4::pae | cr4::pge | cr4::smep | cr4::smap | cr4::pcide);
    if ((changed & (cr4::pse | cr4::pae | cr4::pge | cr4::smep)) != 0 && (c->cr0 & cr0::pg) != 0 &&
        (value & cr4::pae) != 0 && !long_mode(c))
        load_pdptes(c, c->cr3);
    c->cr4 = value;
    if (paging != 0) flush_tlb(c, false);
    if ((changed & cr4::smap) != 0) update_mode(c);
    if ((changed & cr4::de) != 0) update_attention(c);
}

void write_cr8(Cpu* c, std::uint64_t value) {
    if (value > 15) raise_gp(0);
    c->bus->write_cr8(static_cast<std::uint8_t>(value));
    update_attention(c);
}

// CR8 exists in 64-bit mode only, where REX.R reaches it.
void check_number(const Cpu* c, unsigned n) {
    const bool known = n == 0 || n == 2 || n == 3 || n == 4 || (n == 8 && code64(c));
    if (!known) raise_ud();
    if (c->cpl != 0) raise_gp(0);
}

}  // namespace

std::uint64_t read_control_register(Cpu* c, unsigned n) {
    check_number(c, n);
    switch (n) {
        case 0:
            return c->cr0;
        case 2:
            return c->cr2;
        case 3:
            return c->cr3;
        case 4:
            return c->cr4;
        default:
            return c->bus->read_cr8() & 0xf;
    }
}

void write_control_register(Cpu* c, unsigned n, std::uint64_t value) {
    check_number(c, n);
    switch (n) {
        case 0:
            return write_cr0(c, value);
        case 2:
            c->cr2 = value;
            return;
        case 3:
            return write_cr3(c, value);
        case 4:
            return write_cr4(c, value);
        default:
            return write_cr8(c, value);
    }
}

void load_machine_status_word(Cpu* c, std::uint16_t value) {
    if (c->cpl != 0) raise_gp(0);
    constexpr std::uint64_t loaded = cr0::mp | cr0::em | cr0::ts;
    // LMSW can set PE but not clear it (SDM vol. 2A LMSW).
    write_cr0(c, (c->cr0 & ~loaded) | (value & (loaded | cr0::pe)));
}

}  // namespace southgate::cpu
