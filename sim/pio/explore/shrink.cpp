#include "sim/pio/explore/shrink.h"

#include <algorithm>
#include <tuple>

namespace southgate::pio::explore {

std::vector<PioKind> simpler(PioKind kind) {
    using enum PioKind;
    switch (kind) {
        case out_imm_1: return {};
        case outsb: return {out_imm_1};
        case rep_outsb: return {out_imm_1, outsb};
        case insb: return {out_imm_1, in_imm_1};
        case rep_insb: return {out_imm_1, in_imm_1, insb};
        default:
            if (traits(kind).direction == cpu::Direction::in && kind != in_imm_1) return {out_imm_1, in_imm_1};
            return {out_imm_1};
    }
}

Sequence shrink(Sequence sequence, Damage damage, const Outcome& outcome) {
    Finding finding = outcome(sequence);
    Sequence next;
    const auto take = [&](const Sequence& s) {
        const Finding smaller = outcome(s);
        if (!shows_the_same(smaller, finding, damage)) return false;
        next = s;
        finding = smaller;
        return true;
    };
    while (any_simpler(sequence, take)) sequence = next;
    return sequence;
}

bool simpler_than(const Sequence& a, const Sequence& b) {
    const auto key = [](const Sequence& s) {
        return std::tuple(s.depth, s.start.mode, s.start.condition, s.start.place, s.start.pio);
    };
    if (key(a) != key(b)) return key(a) < key(b);
    return std::lexicographical_compare(a.intents.begin(), a.intents.begin() + a.depth, b.intents.begin(),
                                        b.intents.begin() + b.depth);
}

}  // namespace southgate::pio::explore
