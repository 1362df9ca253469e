#include "cpu_model/kvm/cpuid.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "cpu_model/kvm/abi.h"

namespace southgate::cpu::kvm {
namespace {

constexpr std::uint32_t last_leaf = 0xd;  // behind it: frequencies

class Leaves {
  public:
    Leaves(const CpuModel& model, const abi::Cpuid<256>& supported) : table_(model), supported_(supported) {}

    abi::Cpuid<32>& list() { return list_; }

    void add(std::uint32_t leaf) { put(leaf, 0, 0); }
    void add_subleaves(std::uint32_t leaf, std::uint32_t count) {
        for (std::uint32_t n = 0; n < count; ++n) put(leaf, n, KVM_CPUID_FLAG_SIGNIFCANT_INDEX);
    }

  private:
    kvm_cpuid_entry2 host(std::uint32_t leaf, std::uint32_t subleaf) const {
        for (unsigned i = 0; i < std::min<std::uint32_t>(supported_.count, std::size(supported_.entries)); ++i)
            if (supported_.entries[i].function == leaf && supported_.entries[i].index == subleaf)
                return supported_.entries[i];
        return {};
    }

    void put(std::uint32_t leaf, std::uint32_t subleaf, std::uint32_t flags) {
        const CpuidResult r = table_.read(leaf, true, subleaf);
        const kvm_cpuid_entry2 kernel = host(leaf, subleaf);
        kvm_cpuid_entry2& e = list_.entries[list_.count++];
        e = {};
        e.function = leaf;
        e.index = subleaf;
        e.flags = flags;
        e.eax = r.eax;
        e.ebx = r.ebx;
        e.ecx = r.ecx;
        e.edx = r.edx;
        switch (leaf) {
            case 0: e.eax = std::min(e.eax, last_leaf); break;
            case 1:
                e.ecx &= kernel.ecx & ~(feature_ecx::x2apic | feature_ecx::tsc_deadline);
                // The local APIC is the platform's, not the kernel's: its bit stays whatever the kernel says.
                e.edx &= kernel.edx | feature::apic;
                break;
            case 7:
                e.ebx &= kernel.ebx;
                e.ecx &= kernel.ecx;
                break;
            case 0xd:
                if (!(host(1, 0).ecx & feature_ecx::xsave)) e.eax = e.ebx = e.ecx = e.edx = 0;
                else if (subleaf == 1) e.eax &= kernel.eax;
                break;
            case 0x80000001:
                e.ecx &= kernel.ecx;
                e.edx &= kernel.edx;
                break;
            // It counts while the machine's clocks stand still.
            case 0x80000007: e.edx = 0; break;
            case 0x80000008:
                if (const std::uint32_t bits = kernel.eax & 0xff; bits != 0 && bits < (e.eax & 0xff))
                    e.eax = (e.eax & ~0xffu) | bits;
                // The kernel refuses any linear address width but these two (kvm_check_cpuid), 32 bits included.
                if ((e.eax >> 8 & 0xff) != 57) e.eax = (e.eax & ~0xff00u) | 48u << 8;
                break;
            default: break;
        }
    }

    CpuidTable table_;
    const abi::Cpuid<256>& supported_;
    abi::Cpuid<32> list_;
};

}  // namespace

std::string set_cpuid(System& system, int device_fd, int vcpu_fd, const CpuModel& model) {
    const auto supported = std::make_unique<abi::Cpuid<256>>();
    supported->count = std::size(supported->entries);
    int result = control(system, device_fd, abi::get_supported_cpuid, supported.get());
    if (result < 0) return std::string("KVM_GET_SUPPORTED_CPUID: ") + std::strerror(-result);

    Leaves leaves(model, *supported);
    for (std::uint32_t leaf = 0; leaf <= 2; ++leaf) leaves.add(leaf);
    leaves.add_subleaves(4, 4);
    leaves.add(6);
    leaves.add_subleaves(7, 1);
    leaves.add_subleaves(0xd, 2);
    for (std::uint32_t leaf = 0x80000000; leaf <= 0x80000008; ++leaf) leaves.add(leaf);
    result = control(system, vcpu_fd, abi::set_cpuid2, &leaves.list());
    return result < 0 ? std::string("KVM_SET_CPUID2: ") + std::strerror(-result) : std::string();
}

}  // namespace southgate::cpu::kvm
