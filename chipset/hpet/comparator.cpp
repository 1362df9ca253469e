#include "chipset/hpet/comparator.h"

namespace southgate::chipset {

void HpetComparator::set_32_bits(bool narrow) {
    narrow_ = narrow;
    value_ &= mask();
    period_ &= mask();
}

// The comparison is for equality, when the counter steps: the value it holds now matches after a full turn.
std::optional<std::uint64_t> HpetComparator::ticks_to_match() const {
    const std::uint64_t distance = (value_ - counter_) & mask();
    if (distance != 0) return distance;
    if (narrow_) return std::uint64_t{1} << 32;
    return std::nullopt;
}

bool HpetComparator::advance(std::uint64_t position, std::uint64_t counter) {
    if (position < position_) return false;  // an access earlier than one that a processor ahead of time made
    const std::uint64_t passed = position - position_;
    const auto first = ticks_to_match();
    const bool matched = first && passed >= *first;
    // Further matches follow every `period_` ticks.
    if (matched && periodic_ && period_ != 0)
        value_ = (value_ + ((passed - *first) / period_ + 1) * period_) & mask();
    position_ = position;
    counter_ = counter;
    return matched;
}

void HpetComparator::reset() {
    narrow_ = periodic_ = false;
    value_ = ~std::uint64_t{0};
    period_ = 0;
}

}  // namespace southgate::chipset
