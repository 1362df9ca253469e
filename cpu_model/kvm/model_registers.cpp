#include "cpu_model/kvm/model_registers.h"

#include <vector>

#include "cpu_model/kvm/abi.h"

namespace southgate::cpu::kvm {
namespace {

constexpr std::uint32_t ia32_tsc = 0x10;

// Calls f(index, member) for each register of the group (SDM vol. 4, chapter 2).
template <class Values, class F>
void each(Values& m, F f) {
    f(0x277, m.pat);
    f(0x174, m.sysenter_cs);
    f(0x175, m.sysenter_esp);
    f(0x176, m.sysenter_eip);
    f(0xc0000081, m.star);
    f(0xc0000082, m.lstar);
    f(0xc0000083, m.cstar);
    f(0xc0000084, m.sfmask);
    f(0xc0000102, m.kernel_gs_base);
    f(0xc0000103, m.tsc_aux);
    f(0x1a0, m.misc_enable);
    f(0x3a, m.feature_control);
    f(0x8b, m.bios_sign_id);
    f(0x2ff, m.mtrr_def_type);
    constexpr std::uint32_t fixed[] = {0x250, 0x258, 0x259, 0x268, 0x269, 0x26a, 0x26b, 0x26c, 0x26d, 0x26e, 0x26f};
    for (std::size_t i = 0; i < m.mtrr_fixed.size(); ++i) f(fixed[i], m.mtrr_fixed[i]);
    for (std::uint32_t i = 0; i < m.mtrr_phys_base.size(); ++i) {
        f(0x200 + 2 * i, m.mtrr_phys_base[i]);
        f(0x201 + 2 * i, m.mtrr_phys_mask[i]);
    }
    f(0x17a, m.mcg_status);
    f(0x17b, m.mcg_ctl);
    for (std::uint32_t bank = 0; bank < m.mc_bank.size(); ++bank)
        for (std::uint32_t i = 0; i < 4; ++i) f(0x400 + 4 * bank + i, m.mc_bank[bank][i]);
}

}  // namespace

bool ModelRegisters::get(std::uint32_t index, std::uint64_t& value) const {
    abi::Msrs<1> one{1};
    one.entries[0].index = index;
    if (control(system_, vcpu_, abi::get_msrs, &one) != 1) return false;
    value = one.entries[0].data;
    return true;
}

bool ModelRegisters::set(std::uint32_t index, std::uint64_t value) {
    abi::Msrs<1> one{1};
    one.entries[0].index = index;
    one.entries[0].data = value;
    return control(system_, vcpu_, abi::set_msrs, &one) == 1;
}

ModelSpecificRegisters ModelRegisters::read() const {
    each(kept_, [&](std::uint32_t index, std::uint64_t& value) { get(index, value); });
    return kept_;
}

void ModelRegisters::write(const ModelSpecificRegisters& values) {
    read();
    ModelSpecificRegisters wanted = values;
    std::vector<std::uint64_t*> kept;
    each(kept_, [&](std::uint32_t, std::uint64_t& value) { kept.push_back(&value); });
    auto at = kept.begin();
    each(wanted, [&](std::uint32_t index, std::uint64_t& value) {
        std::uint64_t& old = **at++;
        if (old == value) return;
        set(index, value);
        old = value;
    });
}

std::uint64_t ModelRegisters::tsc() const {
    std::uint64_t value = 0;
    get(ia32_tsc, value);
    return value;
}

void ModelRegisters::set_tsc(std::uint64_t value) { set(ia32_tsc, value); }

}  // namespace southgate::cpu::kvm
