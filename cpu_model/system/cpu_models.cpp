// The processors that exist. A feature bit belongs into a model when, and only when, the engine executes what it
// announces: whoever adds instructions switches their bit on here.
#include "cpu_model/system/cpu_models.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <string>

namespace southgate::cpu {
namespace {

constexpr std::uint32_t integer_ecx = feature_ecx::cx16 | feature_ecx::pcid | feature_ecx::movbe |
                                      feature_ecx::xsave | feature_ecx::rdrand | feature_ecx::x2apic |
                                      feature_ecx::tsc_deadline;
constexpr std::uint32_t leaf7_ebx = feature7::fsgsbase | feature7::smep | feature7::erms | feature7::invpcid |
                                    feature7::rdseed | feature7::smap | feature7::clflushopt;

struct Feature {
    std::string_view name;
    std::uint32_t CpuModel::*word;
    std::uint32_t bit;
};
constexpr Feature features[] = {
    {"vme", &CpuModel::features, feature::vme},
    {"sse3", &CpuModel::features_ecx, feature_ecx::sse3},
    {"pclmulqdq", &CpuModel::features_ecx, feature_ecx::pclmulqdq},
    {"ssse3", &CpuModel::features_ecx, feature_ecx::ssse3},
    {"pcid", &CpuModel::features_ecx, feature_ecx::pcid},
    {"sse4_1", &CpuModel::features_ecx, feature_ecx::sse41},
    {"sse4_2", &CpuModel::features_ecx, feature_ecx::sse42},
    {"x2apic", &CpuModel::features_ecx, feature_ecx::x2apic},
    {"movbe", &CpuModel::features_ecx, feature_ecx::movbe},
    {"popcnt", &CpuModel::features_ecx, feature_ecx::popcnt},
    {"tsc_deadline", &CpuModel::features_ecx, feature_ecx::tsc_deadline},
    {"aes", &CpuModel::features_ecx, feature_ecx::aes},
    {"xsave", &CpuModel::features_ecx, feature_ecx::xsave},
    {"rdrand", &CpuModel::features_ecx, feature_ecx::rdrand},
    {"fsgsbase", &CpuModel::features7_ebx, feature7::fsgsbase},
    {"smep", &CpuModel::features7_ebx, feature7::smep},
    {"invpcid", &CpuModel::features7_ebx, feature7::invpcid},
    {"rdseed", &CpuModel::features7_ebx, feature7::rdseed},
    {"smap", &CpuModel::features7_ebx, feature7::smap},
    {"clflushopt", &CpuModel::features7_ebx, feature7::clflushopt},
    {"sha", &CpuModel::features7_ebx, feature7::sha},
    {"umip", &CpuModel::features7_ecx, feature7::umip},
    {"nx", &CpuModel::extended_features_edx, extended_feature::nx},
    {"pdpe1gb", &CpuModel::extended_features_edx, extended_feature::gigabyte_pages},
    {"rdtscp", &CpuModel::extended_features_edx, extended_feature::rdtscp},
};

std::invalid_argument not_one_of(std::string_view text, std::string_view names) {
    return std::invalid_argument("'" + std::string(text) + "' is not one of " + std::string(names));
}

}  // namespace

CpuModel CpuModel::x86_64() {
    CpuModel m;
    // The signature of an in-order part: this engine does not speculate, and operating systems know of this family
    // that it needs no measures against speculation.
    m.family = 6;
    m.model = 0x1c;
    m.stepping = 10;
    m.brand = "southgate x86-64 processor";
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

CpuModel cpu_model_named(std::string_view text) {
    std::size_t comma = text.find(',');
    const std::string_view name = text.substr(0, comma);
    if (name != "x86_64" && name != "p6")
        throw not_one_of(name, cpu_model_names);
    const CpuModel whole = name == "p6" ? CpuModel{} : CpuModel::x86_64();
    CpuModel model = whole;
    while (comma != text.npos) {
        text.remove_prefix(comma + 1);
        comma = text.find(',');
        const std::string_view change = text.substr(0, comma);
        const bool on = change.starts_with('+');
        if (!on && !change.starts_with('-'))
            throw std::invalid_argument("'" + std::string(change) + "' is no change of a feature: expected -NAME or +NAME");
        const std::string_view wanted = change.substr(1);
        const auto* f = std::find_if(std::begin(features), std::end(features), [&](const Feature& x) { return x.name == wanted; });
        if (f == std::end(features))
            throw not_one_of(wanted, cpu_feature_names);
        if ((whole.*f->word & f->bit) == 0) throw std::invalid_argument(std::string(name) + " has no " + std::string(wanted));
        if (on) model.*f->word |= f->bit;
        else model.*f->word &= ~f->bit;
    }
    return model;
}

}  // namespace southgate::cpu
