// Memory slots by guest-physical address.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cpu_model/vcpu.h"

namespace southgate::cpu {

class MemoryMap {
  public:
    void assign(std::span<const MemorySlot> slots) { slots_.assign(slots.begin(), slots.end()); }
    std::span<const MemorySlot> slots() const { return slots_; }

    // The slot that holds this address, or nullptr (the Bus).
    const MemorySlot* find(std::uint64_t physical) const {
        std::size_t low = 0, high = slots_.size();
        while (low < high) {
            const std::size_t mid = (low + high) / 2;
            const MemorySlot& s = slots_[mid];
            if (physical < s.guest_physical) high = mid;
            else if (physical - s.guest_physical >= s.size) low = mid + 1;
            else return &s;
        }
        return nullptr;
    }

  private:
    std::vector<MemorySlot> slots_;  // sorted, disjoint
};

}  // namespace southgate::cpu
