#include "chipset/i440fx/dram_map.h"

#include <algorithm>

namespace southgate::chipset {

namespace {
constexpr std::uint64_t top = ~std::uint64_t{0};
constexpr std::uint64_t kib = 1024, mib = 1024 * kib;
constexpr std::uint8_t read_enable = 0x1, write_enable = 0x2;
}  // namespace

bool DramMap::set(const DramMapInputs& inputs) {
    changes_.clear();
    if (inputs == inputs_) return false;
    inputs_ = inputs;
    previous_.swap(spans_);
    build();
    compare(previous_);
    return !changes_.empty();
}

void DramMap::append(std::uint64_t first, std::uint64_t last, bool read_dram, bool write_dram,
                     std::uint64_t delta) {
    if (first > last) return;
    const DramSpan span{first, last, read_dram, write_dram, delta};
    if (!spans_.empty() && spans_.back().same_way(span))
        spans_.back().last = last;
    else
        spans_.push_back(span);
}

void DramMap::build() {
    spans_.clear();
    recent_ = 0;
    const std::uint64_t low = dram_below_4g(inputs_.dram_size);
    const std::uint64_t high = inputs_.dram_size - low;
    // Everything below 1 MiB only as far as there is DRAM behind it.
    const auto segment = [&](std::uint64_t first, std::uint64_t last, unsigned attribute) {
        const bool dram = last < low;
        append(first, last, dram && (attribute & read_enable), dram && (attribute & write_enable), 0);
    };
    const unsigned both = read_enable | write_enable;
    segment(0, 512 * kib - 1, both);
    segment(512 * kib, 640 * kib - 1, inputs_.hole == 1 ? 0 : both);
    segment(0xa0000, 0xbffff, inputs_.smram ? both : 0);
    for (unsigned i = 0; i < 12; ++i) {
        const unsigned attribute = inputs_.pam[1 + i / 2] >> (i % 2 ? 4 : 0);
        segment(0xc0000 + i * 16 * kib, 0xc3fff + i * 16 * kib, attribute);
    }
    segment(0xf0000, 0xfffff, inputs_.pam[0] >> 4);

    const std::uint64_t hole_first = inputs_.hole == 2 ? 15 * mib : low;
    const std::uint64_t hole_last = 16 * mib - 1;
    if (low > mib) {
        append(mib, std::min(low, hole_first) - 1, true, true, 0);
        if (hole_first < low) {
            append(hole_first, std::min(hole_last, low - 1), false, false, 0);
            append(hole_last + 1, low - 1, true, true, 0);
        }
    }
    append(std::max(low, mib), four_gib - 1, false, false, 0);
    if (high > 0) append(four_gib, four_gib + high - 1, true, true, four_gib - low);
    append(four_gib + high, top, false, false, 0);
}

// Walks both maps in step and collects the ranges where they differ.
void DramMap::compare(const std::vector<DramSpan>& before) {
    std::size_t old = 0, now = 0;
    for (std::uint64_t at = 0; old < before.size() && now < spans_.size();) {
        const std::uint64_t last = std::min(before[old].last, spans_[now].last);
        if (!before[old].same_way(spans_[now])) {
            if (!changes_.empty() && changes_.back().last + 1 == at)
                changes_.back().last = last;
            else
                changes_.push_back({at, last});
        }
        if (before[old].last == last) ++old;
        if (spans_[now].last == last) ++now;
        at = last + 1;
    }
}

const DramSpan& DramMap::find(std::uint64_t address) const {
    const DramSpan& recent = spans_[recent_];
    if (recent.first <= address && address <= recent.last) return recent;
    const auto after = std::upper_bound(spans_.begin(), spans_.end(), address,
                                        [](std::uint64_t a, const DramSpan& s) { return a < s.first; });
    recent_ = static_cast<std::size_t>(after - spans_.begin()) - 1;
    return spans_[recent_];
}

}  // namespace southgate::chipset
