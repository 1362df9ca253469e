// The CPU module's view of memory it may touch directly: DMI grants, merged and cut into page-aligned slots.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cpu_model/vcpu.h"

namespace southgate::platform {

class MemoryMap {
  public:
    // Adds a grant for guest-physical [start, end] (inclusive) backed by `host`. Only whole, host-aligned
    // pages count; parts already covered are kept. Returns true when the map changed.
    bool add(std::uint64_t start, std::uint64_t end, std::uint8_t* host, bool readable, bool writable);
    // Removes every grant in [start, end] (inclusive). Returns true when the map changed.
    bool remove(std::uint64_t start, std::uint64_t end);

    std::span<const cpu::MemorySlot> slots() const { return slots_; }

  private:
    void merge();
    std::vector<cpu::MemorySlot> slots_;  // sorted, disjoint
};

}  // namespace southgate::platform
