// The processor models that have a name.
#pragma once

#include <string_view>

#include "cpu_model/system/cpuid.h"

namespace southgate::cpu {

inline constexpr std::string_view cpu_model_names = "x86_64, p6";
inline constexpr std::string_view default_cpu_model = "x86_64";

// The features that can be switched off, by their names in the CPUID tables of the SDM (vol. 2A, CPUID).
inline constexpr std::string_view cpu_feature_names =
    "vme, sse3, pclmulqdq, ssse3, pcid, sse4_1, sse4_2, x2apic, movbe, popcnt, tsc_deadline, aes, xsave, rdrand, fsgsbase, smep, "
    "invpcid, rdseed, smap, clflushopt, sha, umip, nx, pdpe1gb, rdtscp";

// A model and changes to its features: "x86_64", "x86_64,-x2apic,-smap". What CPUID does not announce then is not there: its
// instructions are undefined, its control bits and MSRs reserved. Throws std::invalid_argument with one line for a name that
// does not exist, and for a feature that the model does not have.
CpuModel cpu_model_named(std::string_view text);

}  // namespace southgate::cpu
