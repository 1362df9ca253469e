// The processors that exist. A feature bit belongs into a model when, and only when, the engine executes what it
// announces: whoever adds instructions switches their bit on here.
#include "cpu_model/system/cpu_models.h"

namespace southgate::cpu {
namespace {

constexpr std::uint32_t system_edx = feature::fpu | feature::de | feature::pse | feature::tsc | feature::msr |
                                     feature::pae | feature::mce | feature::cx8 | feature::apic | feature::sep |
                                     feature::mtrr | feature::pge | feature::mca | feature::cmov | feature::pat |
                                     feature::pse36;
constexpr std::uint32_t integer_ecx = feature_ecx::cx16 | feature_ecx::pcid | feature_ecx::movbe |
                                      feature_ecx::xsave | feature_ecx::rdrand;
constexpr std::uint32_t leaf7_ebx = feature7::fsgsbase | feature7::smep | feature7::erms | feature7::invpcid |
                                    feature7::rdseed | feature7::smap | feature7::clflushopt;

}  // namespace

CpuModel CpuModel::x86_64() {
    CpuModel m;
    // The signature of an in-order part: this engine does not speculate, and operating systems know of this family
    // that it needs no measures against speculation.
    m.family = 6;
    m.model = 0x1c;
    m.stepping = 10;
    m.brand = "southgate x86-64 processor";
    m.features = system_edx;
    m.features_ecx = integer_ecx;
    m.features7_ebx = leaf7_ebx;
    m.features7_ecx = feature7::umip;
    m.add_simd();
    m.extended_features_edx = extended_feature::syscall | extended_feature::nx | extended_feature::gigabyte_pages |
                              extended_feature::rdtscp | extended_feature::long_mode;
    m.extended_features_ecx = extended_feature::lahf_lm | extended_feature::prefetchw;
    m.physical_address_bits = 40;
    return m;
}

std::optional<CpuModel> cpu_model_named(std::string_view name) {
    if (name == "x86_64") return CpuModel::x86_64();
    if (name == "p6") return CpuModel{};
    return std::nullopt;
}

}  // namespace southgate::cpu
