#include "cpu_model/system/cpuid.h"

#include <algorithm>
#include <cstring>

#include "cpu_model/interpreter/simd/features.h"

namespace southgate::cpu {
namespace {

std::uint32_t letters(const std::string& text, std::size_t at) {
    char bytes[4] = {};
    if (at < text.size()) std::memcpy(bytes, text.data() + at, std::min<std::size_t>(4, text.size() - at));
    std::uint32_t value;
    std::memcpy(&value, bytes, 4);
    return value;
}

}  // namespace

std::uint32_t CpuModel::signature() const {
    const std::uint32_t base_family = std::min(family, 15u);
    const std::uint32_t extended_family = family > 15 ? family - 15 : 0;
    return (stepping & 0xf) | (model & 0xf) << 4 | base_family << 8 | (model >> 4 & 0xf) << 16 |
           (extended_family & 0xff) << 20;
}

void CpuModel::add_simd() {
    const simd::FeatureBits bits = simd::available_features();
    features |= bits.edx;
    features_ecx |= bits.ecx;
}

CpuidTable::CpuidTable(const CpuModel& model) : model_(model) {
    // Not what this host cannot execute.
    const simd::FeatureBits known = simd::implemented_features(), here = simd::available_features();
    model_.features &= ~(known.edx & ~here.edx);
    model_.features_ecx &= ~(known.ecx & ~here.ecx);
    // SDM vol. 2A: the vendor string is in EBX, EDX, ECX.
    const std::uint32_t last = model.features7_ebx != 0 || model.features7_ecx != 0 ? 7u : model.intel() ? 2u : 1u;
    basic_[0] = {last, letters(model.vendor, 0), letters(model.vendor, 8),
                 letters(model.vendor, 4)};
    // CLFLUSH line size in units of 8 bytes.
    const std::uint32_t clflush_line = (model.features & feature::clflush) != 0 ? 8u << 8 : 0;
    basic_[1] = {model.signature(), std::uint32_t{model.apic_id} << 24 | clflush_line, model_.features_ecx,
                 model_.features};
    // Leaf 2, table 3-12: 01h 4 KiB instruction TLB, 02h/03h its 4 MiB and data parts, 08h/0Ch 16 KiB L1
    // caches, 43h 512 KiB L2. AL = 1: one query is enough.
    if (model.intel()) basic_[2] = {0x03020101, 0, 0, 0x0c040843};
    basic_[7] = {0, model.features7_ebx, model.features7_ecx, 0};

    extended_[0].eax = 0x80000008;
    if (model.amd()) {
        extended_[0].ebx = basic_[0].ebx;
        extended_[0].ecx = basic_[0].ecx;
        extended_[0].edx = basic_[0].edx;
        extended_[1].eax = model.signature();
    }
    extended_[1].edx = model.extended_features_edx;
    extended_[1].ecx = model.extended_features_ecx;
    // AMD mirrors the features of leaf 1 there (APM vol. 3, Fn8000_0001_EDX).
    if (model.amd()) extended_[1].edx |= model_.features & 0x0183f3ff;
    for (std::size_t i = 0; i < 3; ++i) {
        const std::string brand = model.brand.substr(0, 47);
        extended_[2 + i] = {letters(brand, 16 * i), letters(brand, 16 * i + 4), letters(brand, 16 * i + 8),
                            letters(brand, 16 * i + 12)};
    }
    extended_[8].eax = model.physical_address_bits | (model.long_mode() ? 48u : 32u) << 8;
}

CpuidResult CpuidTable::read(std::uint32_t leaf, bool apic_enabled, std::uint32_t subleaf, bool os_xsave) const {
    CpuidResult result;
    if (leaf < basic_.size() && !(leaf == 7 && subleaf != 0)) result = basic_[leaf];
    if (leaf >= 0x80000000 && leaf - 0x80000000 < extended_.size()) result = extended_[leaf - 0x80000000];
    if (!apic_enabled && (leaf == 1 || (leaf == 0x80000001 && extended_[1].eax != 0)))
        result.edx &= ~feature::apic;
    if (leaf == 1 && os_xsave) result.ecx |= feature_ecx::osxsave;
    return result;
}

}  // namespace southgate::cpu
