#include "cpu_model/system/msr.h"

#include <algorithm>

#include "cpu_model/interpreter/cpu.h"
#include "cpu_model/mmu/access.h"
#include "cpu_model/mmu/paging.h"
#include "cpu_model/system/control_registers.h"
#include "cpu_model/system/cpuid.h"

namespace southgate::cpu {
namespace {

constexpr unsigned variable_mtrrs = 8;

// UC, WC, WT, WP, WB (SDM vol. 3A table 11-8).
bool valid_mtrr_type(std::uint64_t type) { return type == 0 || type == 1 || (type >= 4 && type <= 6); }

bool valid_pat(std::uint64_t pat) {
    for (unsigned shift = 0; shift < 64; shift += 8) {
        const std::uint64_t type = pat >> shift & 0xff;
        if (!valid_mtrr_type(type) && type != 7) return false;  // 7 = UC- (SDM vol. 3A table 11-10)
    }
    return true;
}

bool valid_fixed_mtrr(std::uint64_t value) {
    for (unsigned shift = 0; shift < 64; shift += 8)
        if (!valid_mtrr_type(value >> shift & 0xff)) return false;
    return true;
}

// 250h, 258h, 259h, 268h..26Fh -> index in mtrr_fixed, or -1.
int fixed_mtrr(std::uint32_t index) {
    if (index == 0x250) return 0;
    if (index == 0x258 || index == 0x259) return static_cast<int>(index - 0x258) + 1;
    if (index >= 0x268 && index <= 0x26f) return static_cast<int>(index - 0x268) + 3;
    return -1;
}

bool has(const Cpu* c, std::uint32_t bits) { return (c->cpuid.model().features & bits) == bits; }
std::uint64_t reserved_physical(const Cpu* c) { return c->cpuid.model().reserved_physical_bits(); }

bool is_variable_mtrr(std::uint32_t index) { return index >= 0x200 && index < 0x200 + 2 * variable_mtrrs; }
bool is_bank(const Cpu* c, std::uint32_t index) {
    return index >= 0x400 && index < 0x400 + 4 * c->cpuid.model().machine_check_banks;
}

// Linear addresses: writing one that is not canonical is #GP (SDM vol. 2B WRMSR).
bool is_address(std::uint32_t index) {
    switch (index) {
        case 0x175:
        case 0x176:
        case 0xc0000082:
        case 0xc0000083:
        case 0xc0000100:
        case 0xc0000101:
        case 0xc0000102:
            return true;
        default:
            return false;
    }
}

// Registers that hold what was written; nullptr for the others.
std::uint64_t* plain_register(Cpu* c, std::uint32_t index) {
    ModelSpecificRegisters& m = c->msr;
    const CpuModel& model = c->cpuid.model();
    switch (index) {
        case 0x174:
            return has(c, feature::sep) ? &m.sysenter_cs : nullptr;
        case 0x175:
            return has(c, feature::sep) ? &m.sysenter_esp : nullptr;
        case 0x176:
            return has(c, feature::sep) ? &m.sysenter_eip : nullptr;
        case 0x17a:
            return has(c, feature::mca) ? &m.mcg_status : nullptr;
        case 0xc0000081:
            return model.long_mode() ? &m.star : nullptr;
        case 0xc0000082:
            return model.long_mode() ? &m.lstar : nullptr;
        case 0xc0000083:
            return model.long_mode() ? &m.cstar : nullptr;
        case 0xc0000084:
            return model.long_mode() ? &m.sfmask : nullptr;
        case 0xc0000100:
            return model.long_mode() ? &segment(c, Seg::fs).base : nullptr;
        case 0xc0000101:
            return model.long_mode() ? &segment(c, Seg::gs).base : nullptr;
        case 0xc0000102:
            return model.long_mode() ? &m.kernel_gs_base : nullptr;
        case 0xc0000103:
            return model.extended(extended_feature::rdtscp) ? &m.tsc_aux : nullptr;
        default:
            return nullptr;
    }
}

constexpr std::uint64_t apic_x2 = 1u << 10, apic_enable = 1u << 11;  // IA32_APIC_BASE.EXTD, EN
constexpr std::uint32_t x2apic_first = 0x800, x2apic_last = 0x8ff;

bool has_x2apic(const Cpu* c) { return (c->cpuid.model().features_ecx & feature_ecx::x2apic) != 0; }
bool is_x2apic(const Cpu* c, std::uint32_t index) {
    return index >= x2apic_first && index <= x2apic_last && (c->apic_base & apic_x2) != 0 && c->bus != nullptr;
}

bool write_apic_base(Cpu* c, std::uint64_t value) {
    // Bits 7:0 and 9 are reserved, and 10 too without x2APIC (SDM vol. 3A 10.4.4).
    const std::uint64_t reserved = has_x2apic(c) ? 0x2ff : 0x6ff;
    if ((value & reserved) != 0 || (value & reserved_physical(c)) != 0) return false;
    // x2APIC mode is entered from xAPIC mode and left by switching the APIC off (SDM vol. 3A 10.12.5).
    const std::uint64_t both = apic_x2 | apic_enable, old_mode = c->apic_base & both, new_mode = value & both;
    if (new_mode == apic_x2) return false;
    if (old_mode == both && new_mode == apic_enable) return false;
    if (old_mode == 0 && new_mode == both) return false;
    c->apic_base = value;
    if (c->bus != nullptr) c->bus->apic_base_written(value);
    return true;
}

bool has_tsc_deadline(const Cpu* c) { return (c->cpuid.model().features_ecx & feature_ecx::tsc_deadline) != 0; }
// Tells the local APIC when, by the clock behind the TSC, the deadline is reached.
void arm_tsc_deadline(Cpu* c) {
    if (c->bus == nullptr) return;
    const std::uint64_t tsc = read_tsc(c), clock = tsc - c->tsc_offset;
    std::uint64_t at = 0;
    if (c->tsc_deadline != 0) {
        const std::uint64_t distance = c->tsc_deadline > tsc ? c->tsc_deadline - tsc : 0;
        at = clock + distance < clock ? ~std::uint64_t{0} : std::max<std::uint64_t>(clock + distance, 1);
    }
    c->bus->write_tsc_deadline(at);
}
void write_tsc(Cpu* c, std::uint64_t value) {
    c->tsc_offset += value - read_tsc(c);
    if (c->bus != nullptr && c->bus->tsc_deadline_armed()) arm_tsc_deadline(c);
}

bool write_efer(Cpu* c, std::uint64_t value) {
    if ((value & ~defined_efer(c)) != 0) return false;
    // LME must not change while paging is on; LMA is the processor's (SDM vol. 3A 2.2.1).
    if (((value ^ c->efer) & efer::lme) != 0 && (c->cr0 & cr0::pg) != 0) return false;
    value = (value & ~efer::lma) | (c->efer & efer::lma);
    if (value == c->efer) return true;
    c->efer = value;
    flush_tlb(c, false);
    return true;
}

bool write_machine_check_bank(Cpu* c, std::uint32_t index, std::uint64_t value) {
    const std::uint32_t which = index % 4;
    // STATUS, ADDR and MISC take zeros only (SDM vol. 3B 15.3.2.2 to 15.3.2.4).
    if (which != 0 && value != 0) return false;
    c->msr.mc_bank[(index - 0x400) / 4][which] = value;
    return true;
}

}  // namespace

bool read_msr(Cpu* c, std::uint32_t index, std::uint64_t& value) {
    const ModelSpecificRegisters& m = c->msr;
    const CpuModel& model = c->cpuid.model();
    if (const std::uint64_t* plain = plain_register(c, index)) {
        value = *plain;
        return true;
    }
    if (has(c, feature::mtrr)) {
        if (is_variable_mtrr(index)) {
            const std::uint32_t n = (index - 0x200) / 2;
            value = index % 2 == 0 ? m.mtrr_phys_base[n] : m.mtrr_phys_mask[n];
            return true;
        }
        if (const int n = fixed_mtrr(index); n >= 0) {
            value = m.mtrr_fixed[static_cast<unsigned>(n)];
            return true;
        }
    }
    if (has(c, feature::mca) && is_bank(c, index)) {
        value = m.mc_bank[(index - 0x400) / 4][index % 4];
        return true;
    }
    if (is_x2apic(c, index)) return c->bus->read_x2apic(index - x2apic_first, value);
    value = 0;
    switch (index) {
        case 0x6e0:
            if (c->bus != nullptr && c->bus->tsc_deadline_armed()) value = c->tsc_deadline;
            return has_tsc_deadline(c);
        case 0x00:
        case 0x01:  // P5_MC_ADDR, P5_MC_TYPE: present in every part with MCE (SDM vol. 4 table 2-2)
            return has(c, feature::mce) && model.intel();
        case 0x10:
            value = read_tsc(c);
            return has(c, feature::tsc);
        case 0x17:
            return model.intel();  // IA32_PLATFORM_ID: processor slot flags 0
        case 0x1b:
            value = c->apic_base;
            return has(c, feature::apic);
        case 0x2a:
            return model.intel();  // EBL_CR_POWERON: no bus options latched at reset
        case 0x3a:
            value = m.feature_control;
            return model.intel();
        case 0x8b:
            value = m.bios_sign_id;
            return true;
        case 0xfe:
            value = 0x508;
            return has(c, feature::mtrr);  // IA32_MTRRCAP: 8 variable, fixed, WC
        case 0x179:
            value = 0x100 | model.machine_check_banks;
            return has(c, feature::mca);  // MCG_CTL present
        case 0x17b:
            value = m.mcg_ctl;
            return has(c, feature::mca);
        case 0x1a0:
            value = m.misc_enable;
            return model.intel();
        case 0x277:
            value = m.pat;
            return has(c, feature::pat);
        case 0x1d9:  // IA32_DEBUGCTL: no branch trace, no branch-single-step
            return model.intel();
        case 0x2ff:
            value = m.mtrr_def_type;
            return has(c, feature::mtrr);
        case 0xc0000080:
            value = c->efer;
            return model.long_mode();
        case 0xc0010015:
        case 0xc001001f:  // HWCR, NB_CFG (AMD BKDG): nothing locked
            return model.amd();
        case 0xc0010111:
            value = c->events.smbase;
            return model.amd();  // SMM_BASE (APM vol. 2 10.2.1)
        default:
            return false;
    }
}

bool write_msr(Cpu* c, std::uint32_t index, std::uint64_t value) {
    ModelSpecificRegisters& m = c->msr;
    const CpuModel& model = c->cpuid.model();
    if (std::uint64_t* plain = plain_register(c, index)) {
        if (model.long_mode() && is_address(index) && !canonical(value)) return false;
        if ((index == 0xc0000084 || index == 0xc0000103) && value >> 32 != 0) return false;
        *plain = value;
        return true;
    }
    if (has(c, feature::mtrr)) {
        if (is_variable_mtrr(index)) {
            const std::uint32_t n = (index - 0x200) / 2;
            if ((value & reserved_physical(c)) != 0) return false;
            if (index % 2 == 0) {  // SDM vol. 3A 11.11.2.3: type in 7:0, 11:8 reserved
                if ((value & 0xf00) != 0 || !valid_mtrr_type(value & 0xff)) return false;
                m.mtrr_phys_base[n] = value;
            } else {  // V is bit 11, 10:0 reserved
                if ((value & 0x7ff) != 0) return false;
                m.mtrr_phys_mask[n] = value;
            }
            return true;
        }
        if (const int n = fixed_mtrr(index); n >= 0) {
            if (!valid_fixed_mtrr(value)) return false;
            m.mtrr_fixed[static_cast<unsigned>(n)] = value;
            return true;
        }
    }
    if (has(c, feature::mca) && is_bank(c, index)) return write_machine_check_bank(c, index, value);
    if (is_x2apic(c, index)) return c->bus->write_x2apic(index - x2apic_first, value);
    switch (index) {
        case 0x6e0:
            if (!has_tsc_deadline(c)) return false;
            c->tsc_deadline = value;
            arm_tsc_deadline(c);
            return true;
        case 0x00:
        case 0x01:
            return has(c, feature::mce) && model.intel();
        case 0x10:
            if (!has(c, feature::tsc)) return false;
            write_tsc(c, value);
            return true;
        case 0x1b:
            return has(c, feature::apic) && write_apic_base(c, value);
        case 0x2a:
            return model.intel();
        case 0x3a:  // lock, VMX in SMX, VMX outside SMX (SDM vol. 3C 23.7); read-only once locked
            if (!model.intel() || (m.feature_control & 1) != 0 || (value & ~std::uint64_t{7}) != 0)
                return false;
            m.feature_control = value;
            return true;
        case 0x79:  // IA32_BIOS_UPDT_TRIG: no update matches this processor, so none is loaded (SDM vol.
                    // 3A 9.11.6)
            return model.intel();
        case 0x8b:
            m.bios_sign_id = value;
            return model.intel();
        case 0x17b:
            if (!has(c, feature::mca) || (value != 0 && value != ~std::uint64_t{0})) return false;
            m.mcg_ctl = value;
            return true;
        case 0x1a0:
            if (!model.intel()) return false;
            m.misc_enable = value;
            return true;
        case 0x1d9:
            return model.intel() && value == 0;
        case 0x277:
            if (!has(c, feature::pat) || !valid_pat(value)) return false;
            m.pat = value;
            return true;
        case 0x2ff:  // type in 7:0, FE bit 10, E bit 11 (SDM vol. 3A 11.11.2.1)
            if (!has(c, feature::mtrr) || (value & ~std::uint64_t{0xcff}) != 0 ||
                !valid_mtrr_type(value & 0xff))
                return false;
            m.mtrr_def_type = value;
            return true;
        case 0xc0000080:
            return model.long_mode() && write_efer(c, value);
        case 0xc0010015:
        case 0xc001001f:
            return model.amd();
        case 0xc0010111:
            if (!model.amd()) return false;
            c->events.smbase = static_cast<std::uint32_t>(value);
            return true;
        default:
            return false;
    }
}

}  // namespace southgate::cpu
