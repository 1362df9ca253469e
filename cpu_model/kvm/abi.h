// <linux/kvm.h> for C++. The kernel's header gives structures with a flexible array another size in C++ than in C (the
// empty structure in __DECLARE_FLEX_ARRAY counts one byte there), and the size is part of the request number: those
// structures and requests are stated here as C sees them.
#pragma once

#include <linux/kvm.h>
#include <sys/ioctl.h>

#include <cstddef>
#include <cstdint>

namespace southgate::cpu::kvm::abi {

template <std::size_t capacity>
struct Msrs {  // struct kvm_msrs
    std::uint32_t count = 0, padding = 0;
    kvm_msr_entry entries[capacity]{};
};

template <std::size_t capacity>
struct Cpuid {  // struct kvm_cpuid2
    std::uint32_t count = 0, padding = 0;
    kvm_cpuid_entry2 entries[capacity]{};
};

struct Xsave {  // struct kvm_xsave without its optional tail
    std::uint32_t region[1024]{};
};

inline constexpr std::size_t header = 8;
inline constexpr unsigned long get_msrs = _IOC(_IOC_READ | _IOC_WRITE, KVMIO, 0x88, header);
inline constexpr unsigned long set_msrs = _IOC(_IOC_WRITE, KVMIO, 0x89, header);
inline constexpr unsigned long get_supported_cpuid = _IOC(_IOC_READ | _IOC_WRITE, KVMIO, 0x05, header);
inline constexpr unsigned long set_cpuid2 = _IOC(_IOC_WRITE, KVMIO, 0x90, header);
inline constexpr unsigned long get_xsave = _IOR(KVMIO, 0xa4, Xsave);
inline constexpr unsigned long set_xsave = _IOW(KVMIO, 0xa5, Xsave);

static_assert(offsetof(Msrs<1>, entries) == header && offsetof(Cpuid<1>, entries) == header);
static_assert(sizeof(Xsave) == 4096 && sizeof(kvm_vcpu_events) == 64);
static_assert(get_msrs == 0xc008ae88 && set_msrs == 0x4008ae89);
static_assert(get_supported_cpuid == 0xc008ae05 && set_cpuid2 == 0x4008ae90);
static_assert(get_xsave == 0x9000aea4 && set_xsave == 0x5000aea5);

}  // namespace southgate::cpu::kvm::abi
