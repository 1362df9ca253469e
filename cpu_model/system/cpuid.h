// What a processor says it is: the CPUID leaves (SDM vol. 2A, CPUID) and the limits the MSR model checks
// against.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace southgate::cpu {

// CPUID.1:EDX feature bits the model knows (SDM vol. 2A, table 3-11).
namespace feature {
inline constexpr std::uint32_t fpu = 1u << 0, vme = 1u << 1, de = 1u << 2, pse = 1u << 3, tsc = 1u << 4,
                               msr = 1u << 5, pae = 1u << 6, mce = 1u << 7, cx8 = 1u << 8, apic = 1u << 9,
                               sep = 1u << 11, mtrr = 1u << 12, pge = 1u << 13, mca = 1u << 14,
                               cmov = 1u << 15, pat = 1u << 16, pse36 = 1u << 17, clflush = 1u << 19,
                               mmx = 1u << 23, fxsr = 1u << 24, sse = 1u << 25, sse2 = 1u << 26;
}  // namespace feature
// CPUID.1:ECX (SDM vol. 2A, table 3-10).
namespace feature_ecx {
inline constexpr std::uint32_t sse3 = 1u << 0, pclmulqdq = 1u << 1, ssse3 = 1u << 9, cx16 = 1u << 13,
                               pcid = 1u << 17, sse41 = 1u << 19, sse42 = 1u << 20, x2apic = 1u << 21,
                               movbe = 1u << 22, popcnt = 1u << 23, tsc_deadline = 1u << 24, aes = 1u << 25,
                               xsave = 1u << 26, osxsave = 1u << 27, rdrand = 1u << 30;
}  // namespace feature_ecx
// CPUID.(7,0):EBX and ECX.
namespace feature7 {
inline constexpr std::uint32_t fsgsbase = 1u << 0, smep = 1u << 7, erms = 1u << 9, invpcid = 1u << 10,
                               rdseed = 1u << 18, smap = 1u << 20, clflushopt = 1u << 23, sha = 1u << 29;  // EBX
inline constexpr std::uint32_t umip = 1u << 2;                                                             // ECX
}  // namespace feature7
// CPUID.80000001h:EDX and ECX.
namespace extended_feature {
inline constexpr std::uint32_t syscall = 1u << 11, nx = 1u << 20, gigabyte_pages = 1u << 26, rdtscp = 1u << 27,
                               long_mode = 1u << 29;      // EDX
inline constexpr std::uint32_t lahf_lm = 1u << 0, prefetchw = 1u << 8;  // ECX
}  // namespace extended_feature

// Configuration of one processor. The default is a P6-class part that advertises exactly what the engine
// executes.
struct CpuModel {
    std::string vendor = "GenuineIntel";  // exactly 12 characters
    std::uint32_t family = 6, model = 6, stepping = 3;
    std::string brand =
        "southgate P6-class processor";  // at most 47 characters; empty: no leaves 80000002h-4h
    std::uint32_t features = feature::fpu | feature::vme | feature::de | feature::pse | feature::tsc | feature::msr |
                             feature::pae | feature::mce | feature::cx8 | feature::apic | feature::sep |
                             feature::mtrr | feature::pge | feature::mca | feature::cmov | feature::pat |
                             feature::pse36;
    std::uint32_t features_ecx = 0;           // CPUID.1:ECX
    std::uint32_t extended_features_edx = 0;  // CPUID.80000001h:EDX
    std::uint32_t extended_features_ecx = 0;  // CPUID.80000001h:ECX
    std::uint32_t features7_ebx = 0;          // CPUID.(7,0):EBX
    std::uint32_t features7_ecx = 0;          // CPUID.(7,0):ECX
    unsigned physical_address_bits = 36;      // MAXPHYADDR
    unsigned machine_check_banks = 5;         // MCG_CAP.Count, at most 10
    std::uint8_t apic_id = 0;                 // initial APIC ID
    bool bootstrap = true;                    // wins the MP protocol
    std::uint32_t microcode_revision = 1;     // what CPUID.1 loads into IA32_BIOS_SIGN_ID
    // Frequencies for leaf 15h: of the time-stamp counter and of the crystal behind it, which is also the clock of the
    // local APIC's timer. 0, or a ratio whose numerator is large: no such leaf, software has to calibrate.
    std::uint64_t tsc_hz = 0;
    std::uint64_t crystal_hz = 0;
    std::uint64_t random_seed = 0;            // of RDRAND and RDSEED; each APIC ID makes a sequence of its own

    bool intel() const { return vendor == "GenuineIntel"; }
    bool amd() const { return vendor == "AuthenticAMD"; }
    // A 64-bit part that advertises exactly what the engine executes.
    static CpuModel x86_64();

    bool extended(std::uint32_t bits) const { return (extended_features_edx & bits) == bits; }
    bool gigabyte_pages() const { return extended(extended_feature::gigabyte_pages); }
    bool long_mode() const { return extended(extended_feature::long_mode); }

    // Announces every MMX and SSE feature that the engine and the host execute.
    void add_simd();

    // CPUID.1:EAX, with the extended family and model fields.
    std::uint32_t signature() const;
    // What EDX holds after reset and INIT: the signature with its extended model, 000n06xxh (SDM vol. 3A table 9-1).
    std::uint32_t reset_edx() const { return signature() & 0xf0fff; }
    // Bits of a physical address the processor does not implement.
    std::uint64_t reserved_physical_bits() const {
        return ~((std::uint64_t{1} << physical_address_bits) - 1);
    }
};

struct CpuidResult {
    std::uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
    bool operator==(const CpuidResult&) const = default;
};

// The leaves of a model, laid out once so that CPUID is a look-up. A leaf the model does not define reads as
// zeros, hypervisor leaves (40000000h) included.
class CpuidTable {
  public:
    explicit CpuidTable(const CpuModel& model);

    const CpuModel& model() const { return model_; }

    // `apic_enabled` is IA32_APIC_BASE.EN, which CPUID.1:EDX.APIC mirrors (SDM vol. 3A 10.4.3); `os_xsave` is
    // CR4.OSXSAVE, mirrored in CPUID.1:ECX bit 27.
    CpuidResult read(std::uint32_t leaf, bool apic_enabled, std::uint32_t subleaf = 0, bool os_xsave = false) const;

    std::uint32_t last_basic_leaf() const { return basic_[0].eax; }

  private:
    CpuidResult read_subleaf(std::uint32_t leaf, std::uint32_t subleaf) const;

    CpuModel model_;
    std::array<CpuidResult, 0x16> basic_{};  // leaves 0..15h, of those with subleaves the first
    std::array<CpuidResult, 9> extended_{};  // leaves 80000000h..80000008h
};

}  // namespace southgate::cpu
