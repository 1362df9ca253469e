#include "cpu_model/interpreter/simd/features.h"

#include <cpuid.h>

#include "cpu_model/system/cpuid.h"

namespace southgate::cpu::simd {

FeatureBits implemented_features() {
    return {feature::clflush | feature::mmx | feature::fxsr | feature::sse | feature::sse2,
            feature_ecx::sse3 | feature_ecx::pclmulqdq | feature_ecx::ssse3 | feature_ecx::sse41 |
                feature_ecx::sse42 | feature_ecx::popcnt | feature_ecx::aes,
            feature7::sha};
}

FeatureBits available_features() {
    // SSE2 is part of the x86-64 baseline.
    FeatureBits bits = implemented_features();
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx)) ecx = 0;
    bits.ecx &= ecx;
    if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) ebx = 0;
    bits.leaf7_ebx &= ebx;
    return bits;
}

}  // namespace southgate::cpu::simd
