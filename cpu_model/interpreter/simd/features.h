// What the SIMD instructions of this folder need from the host, and so what a processor model may announce.
#pragma once

#include <cstdint>

namespace southgate::cpu::simd {

// CPUID.1 and CPUID.(7,0):EBX bits. Each instruction executes through the host's own, so a host without it takes the bit away.
struct FeatureBits {
    std::uint32_t edx = 0, ecx = 0, leaf7_ebx = 0;
};
// All that this folder implements, on any host.
FeatureBits implemented_features();
// Those that this host can execute.
FeatureBits available_features();

}  // namespace southgate::cpu::simd
