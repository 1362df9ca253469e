#include "platform/memory_map.h"

#include <algorithm>

namespace southgate::platform {

namespace {

constexpr std::uint64_t page = 4096;

bool same_rights(const cpu::MemorySlot& a, const cpu::MemorySlot& b) {
    return a.readable == b.readable && a.writable == b.writable;
}

cpu::MemorySlot part(const cpu::MemorySlot& slot, std::uint64_t start, std::uint64_t end) {
    cpu::MemorySlot s = slot;
    s.guest_physical = start;
    s.size = end - start;
    s.host = slot.host + (start - slot.guest_physical);
    return s;
}

}  // namespace

bool MemoryMap::add(std::uint64_t start, std::uint64_t end, std::uint8_t* host, bool readable,
                    bool writable) {
    if (end < start || !host || (!readable && !writable)) return false;
    // Physical addresses end at 2^52; a grant "to the end of the address space" must not overflow below.
    end = std::min<std::uint64_t>(end, (std::uint64_t{1} << 52) - 1);
    const std::uint64_t first = (start + page - 1) & ~(page - 1);
    const std::uint64_t last = (end + 1) & ~(page - 1);
    if (first >= last) return false;
    host += first - start;
    if (reinterpret_cast<std::uintptr_t>(host) % page != 0) return false;

    const cpu::MemorySlot grant{first, last - first, host, readable, writable, false};
    std::vector<cpu::MemorySlot> pieces;
    std::uint64_t at = first;
    for (const auto& slot : slots_) {
        const std::uint64_t slot_end = slot.guest_physical + slot.size;
        if (slot_end <= at) continue;
        if (slot.guest_physical >= last) break;
        if (slot.guest_physical > at) pieces.push_back(part(grant, at, slot.guest_physical));
        at = std::max(at, slot_end);
    }
    if (at < last) pieces.push_back(part(grant, at, last));
    if (pieces.empty()) return false;
    slots_.insert(slots_.end(), pieces.begin(), pieces.end());
    merge();
    return true;
}

bool MemoryMap::remove(std::uint64_t start, std::uint64_t end) {
    const std::uint64_t first = start & ~(page - 1);
    const std::uint64_t last = end >= ~std::uint64_t{0} - page ? ~std::uint64_t{0} : (end | (page - 1)) + 1;
    bool changed = false;
    std::vector<cpu::MemorySlot> kept;
    kept.reserve(slots_.size() + 1);
    for (const auto& slot : slots_) {
        const std::uint64_t slot_end = slot.guest_physical + slot.size;
        if (slot_end <= first || slot.guest_physical >= last) {
            kept.push_back(slot);
            continue;
        }
        changed = true;
        if (slot.guest_physical < first) kept.push_back(part(slot, slot.guest_physical, first));
        if (slot_end > last) kept.push_back(part(slot, last, slot_end));
    }
    if (changed) slots_ = std::move(kept);
    return changed;
}

void MemoryMap::merge() {
    std::sort(slots_.begin(), slots_.end(),
              [](const auto& a, const auto& b) { return a.guest_physical < b.guest_physical; });
    std::size_t out = 0;
    for (std::size_t i = 1; i < slots_.size(); ++i) {
        auto& last = slots_[out];
        const auto& slot = slots_[i];
        if (last.guest_physical + last.size == slot.guest_physical && last.host + last.size == slot.host &&
            same_rights(last, slot)) {
            last.size += slot.size;
        } else {
            slots_[++out] = slot;
        }
    }
    if (!slots_.empty()) slots_.resize(out + 1);
}

}  // namespace southgate::platform
