#include "cpu_model/kvm/memory_slots.h"

#include <linux/kvm.h>

#include <algorithm>
#include <cstring>

namespace southgate::cpu::kvm {
namespace {

constexpr std::uint64_t a20 = 1u << 20;

// What an address bus without bit 20 shows: the even megabytes, twice.
std::vector<MemorySlot> without_a20(std::span<const MemorySlot> map) {
    std::vector<MemorySlot> result;
    for (const MemorySlot& slot : map) {
        const std::uint64_t end = slot.guest_physical + slot.size;
        for (std::uint64_t at = slot.guest_physical; at < end;) {
            const std::uint64_t next = std::min(end, (at | (a20 - 1)) + 1);
            if (!(at & a20)) {
                MemorySlot piece = slot;
                piece.host += at - slot.guest_physical;
                piece.size = next - at;
                piece.guest_physical = at;
                result.push_back(piece);
                piece.guest_physical |= a20;
                result.push_back(piece);
            }
            at = next;
        }
    }
    return result;
}

}  // namespace

std::string MemorySlots::apply(std::span<const MemorySlot> map, bool a20_masked) {
    std::vector<MemorySlot> masked;
    if (a20_masked) map = masked = without_a20(map);

    std::vector<Region> wanted;
    for (const MemorySlot& slot : map)
        if (slot.readable) wanted.push_back({slot.guest_physical, slot.size, slot.host, !slot.writable, 0});

    // Old regions go first: regions of a map never overlap, those of two maps may.
    std::vector<Region> kept;
    for (const Region& old : current_) {
        const auto same = std::find_if(wanted.begin(), wanted.end(), [&](const Region& r) { return r.same_place(old); });
        if (same != wanted.end()) {
            kept.push_back(old);
            wanted.erase(same);
            continue;
        }
        if (std::string error = tell(old, 0); !error.empty()) return error;
        used_[old.id] = false;
    }
    current_ = std::move(kept);
    for (Region& region : wanted) {
        if (current_.size() >= limit_) return "the memory map needs more slots than KVM has";
        region.id = free_id();
        if (std::string error = tell(region, region.size); !error.empty()) return error;
        used_[region.id] = true;
        current_.push_back(region);
    }
    return {};
}

std::string MemorySlots::tell(const Region& region, std::uint64_t size) {
    kvm_userspace_memory_region r{};
    r.slot = region.id;
    r.flags = region.read_only && size != 0 ? KVM_MEM_READONLY : 0;
    r.guest_phys_addr = region.guest_physical;
    r.memory_size = size;
    r.userspace_addr = reinterpret_cast<std::uintptr_t>(region.host);
    const int result = control(system_, vm_, KVM_SET_USER_MEMORY_REGION, &r);
    return result < 0 ? std::string("KVM_SET_USER_MEMORY_REGION: ") + std::strerror(-result) : std::string();
}

std::uint32_t MemorySlots::free_id() {
    const auto at = std::find(used_.begin(), used_.end(), false);
    const auto id = static_cast<std::uint32_t>(at - used_.begin());
    if (at == used_.end()) used_.push_back(false);
    return id;
}

}  // namespace southgate::cpu::kvm
