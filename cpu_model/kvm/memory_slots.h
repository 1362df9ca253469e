// The contract's memory map as KVM memory slots (api.rst 4.35, KVM_SET_USER_MEMORY_REGION): only what changed is
// told to the kernel.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "cpu_model/kvm/system.h"
#include "cpu_model/vcpu.h"

namespace southgate::cpu::kvm {

class MemorySlots {
  public:
    MemorySlots(System& system, int vm_fd, unsigned limit) : system_(system), vm_(vm_fd), limit_(limit) {}

    // Makes the kernel see `map`; `a20_masked` lays every even megabyte over the odd one behind it, since the kernel
    // knows no A20M#. Unreadable slots stay unmapped: their accesses come back as MMIO. Returns an error, or nothing.
    std::string apply(std::span<const MemorySlot> map, bool a20_masked);

  private:
    struct Region {
        std::uint64_t guest_physical, size;
        std::uint8_t* host;
        bool read_only;
        std::uint32_t id;
        bool same_place(const Region& o) const {
            return guest_physical == o.guest_physical && size == o.size && host == o.host && read_only == o.read_only;
        }
    };
    std::string tell(const Region& region, std::uint64_t size);
    std::uint32_t free_id();

    System& system_;
    int vm_;
    unsigned limit_;
    std::vector<Region> current_;
    std::vector<bool> used_;
};

}  // namespace southgate::cpu::kvm
