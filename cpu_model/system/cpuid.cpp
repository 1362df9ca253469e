#include "cpu_model/system/cpuid.h"

#include <algorithm>
#include <cstring>
#include <numeric>

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

// Leaf 4, deterministic cache parameters: sets of 64-byte lines, one partition, no other processor shares them.
enum class CacheType : std::uint32_t { data = 1, instruction = 2, unified = 3 };
constexpr CpuidResult cache(CacheType type, unsigned level, unsigned ways, unsigned sets) {
    constexpr std::uint32_t self_initialising = 1u << 8, line = 64;
    return {static_cast<std::uint32_t>(type) | level << 5 | self_initialising, (line - 1) | (ways - 1) << 22, sets - 1, 0};
}
constexpr std::array caches{cache(CacheType::data, 1, 8, 64), cache(CacheType::instruction, 1, 8, 64),
                            cache(CacheType::unified, 2, 8, 1024)};

// Leaf 0Dh: x87 and SSE are the state components there are; their image ends behind the header (SDM vol. 1 13.4).
constexpr std::uint32_t state_components = 3, xsave_area = 512 + 64, xsaveopt = 1;

// Leaf 15h: EBX / EAX is the ratio of TSC and crystal, ECX the crystal's frequency. All 0 where software could not
// compute with it: it multiplies EBX by the crystal's kHz in 32 bits (Linux native_calibrate_tsc()), as small numerators
// are what processors have.
CpuidResult frequencies_of(const CpuModel& model) {
    if (model.tsc_hz == 0 || model.crystal_hz == 0) return {};
    constexpr std::uint64_t most = 0xffffffff;
    const std::uint64_t common = std::gcd(model.tsc_hz, model.crystal_hz);
    const std::uint64_t denominator = model.crystal_hz / common, numerator = model.tsc_hz / common;
    if (model.crystal_hz > most || numerator > most / std::max<std::uint64_t>(1, model.crystal_hz / 1000)) return {};
    return {static_cast<std::uint32_t>(denominator), static_cast<std::uint32_t>(numerator),
            static_cast<std::uint32_t>(model.crystal_hz), 0};
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
    features7_ebx |= bits.leaf7_ebx;
}

CpuidTable::CpuidTable(const CpuModel& model) : model_(model) {
    // Not what this host cannot execute.
    const simd::FeatureBits known = simd::implemented_features(), here = simd::available_features();
    model_.features &= ~(known.edx & ~here.edx);
    model_.features_ecx &= ~(known.ecx & ~here.ecx);
    model_.features7_ebx &= ~(known.leaf7_ebx & ~here.leaf7_ebx);
    // SDM vol. 2A: the vendor string is in EBX, EDX, ECX.
    const bool xsave = (model_.features_ecx & feature_ecx::xsave) != 0;
    const CpuidResult frequency_leaf = frequencies_of(model);
    const bool frequencies = frequency_leaf.eax != 0;
    const std::uint32_t last = frequencies                                                  ? 0x15u
                               : xsave                                                      ? 0xdu
                               : (model_.features_ecx & feature_ecx::x2apic) != 0           ? 0xbu
                               : model_.features7_ebx != 0 || model_.features7_ecx != 0     ? 7u
                               : model.intel()                                              ? 2u
                                                                                            : 1u;
    basic_[0] = {last, letters(model.vendor, 0), letters(model.vendor, 8),
                 letters(model.vendor, 4)};
    // CLFLUSH line size in units of 8 bytes.
    const std::uint32_t clflush_line = (model.features & feature::clflush) != 0 ? 8u << 8 : 0;
    basic_[1] = {model.signature(), std::uint32_t{model.apic_id} << 24 | clflush_line, model_.features_ecx,
                 model_.features};
    // Leaf 2, table 3-12: 01h 4 KiB instruction TLB, 02h/03h its 4 MiB and data parts, 08h/0Ch 16 KiB L1
    // caches, 43h 512 KiB L2. AL = 1: one query is enough.
    // With leaf 4, FFh refers to it for the caches.
    if (model.intel()) basic_[2] = last < 4 ? CpuidResult{0x03020101, 0, 0, 0x0c040843} : CpuidResult{0xff030101, 0, 0, 0};
    if (last >= 6) {
        constexpr std::uint32_t always_running_apic_timer = 1u << 2;
        basic_[6].eax = always_running_apic_timer;
    }
    basic_[7] = {0, model_.features7_ebx, model_.features7_ecx, 0};
    if (frequencies) basic_[0x15] = frequency_leaf;

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
    if (model.long_mode()) {
        extended_[6].ecx = 512u << 16 | 6u << 12 | 64;  // L2: 512 KiB, 8 ways, 64-byte lines
        constexpr std::uint32_t invariant_tsc = 1u << 8;
        extended_[7].edx = invariant_tsc;
    }
    extended_[8].eax = model.physical_address_bits | (model.long_mode() ? 48u : 32u) << 8;
}

CpuidResult CpuidTable::read_subleaf(std::uint32_t leaf, std::uint32_t subleaf) const {
    switch (leaf) {
        case 4:
            if (subleaf < caches.size()) return caches[subleaf];
            return {};
        case 0xb: {
            // One thread in a core, one core in a package (SDM vol. 3A 8.9.1).
            constexpr std::uint32_t levels = 2;
            const std::uint32_t type = subleaf < levels ? (subleaf + 1) << 8 : 0;
            return {0, subleaf < levels ? 1u : 0u, type | (subleaf & 0xff), model_.apic_id};
        }
        case 0xd:
            if ((model_.features_ecx & feature_ecx::xsave) == 0) return {};
            if (subleaf == 0) return {state_components, xsave_area, xsave_area, 0};
            return subleaf == 1 ? CpuidResult{xsaveopt, 0, 0, 0} : CpuidResult{};
        default:
            return subleaf == 0 ? basic_[leaf] : CpuidResult{};
    }
}

CpuidResult CpuidTable::read(std::uint32_t leaf, bool apic_enabled, std::uint32_t subleaf, bool os_xsave) const {
    CpuidResult result;
    if (leaf <= last_basic_leaf()) {
        const bool has_subleaves = leaf == 4 || leaf == 7 || leaf == 0xb || leaf == 0xd;
        result = has_subleaves ? read_subleaf(leaf, subleaf) : basic_[leaf];
    }
    if (leaf >= 0x80000000 && leaf - 0x80000000 < extended_.size()) result = extended_[leaf - 0x80000000];
    if (!apic_enabled && (leaf == 1 || (leaf == 0x80000001 && extended_[1].eax != 0)))
        result.edx &= ~feature::apic;
    if (leaf == 1 && os_xsave) result.ecx |= feature_ecx::osxsave;
    return result;
}

}  // namespace southgate::cpu
