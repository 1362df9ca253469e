#include "sim/pio/explore/classes.h"

#include <algorithm>
#include <map>
#include <optional>

#include "sim/pio/explore/shrink.h"

namespace southgate::pio::explore {
namespace {

void join(FailureClass& to, const FailureClass& from) {
    if (to.minimal == 0 || simpler_than(from.representative.sequence, to.representative.sequence))
        to.representative = from.representative;
    to.minimal += from.minimal;
    to.damage |= from.damage;
    to.kinds |= from.kinds;
}

// The relation that asks for less of the same context.
std::optional<Relation> weaker(Relation relation) {
    switch (relation) {
        case Relation::moved_base:
        case Relation::upper_half: return Relation::moved;
        case Relation::other_vector:
        case Relation::same_offset:
        case Relation::same_linear:
        case Relation::other_mode:
        case Relation::same_place_reset:
        case Relation::same_place: return Relation::new_context;
        default: return std::nullopt;
    }
}

}  // namespace

std::vector<FailureClass> classify(const std::vector<Minimal>& minimal, Driver& driver) {
    std::map<Mechanism, FailureClass> classes;
    Recording recording;
    for (const Minimal& m : minimal) {
        // A kernel on a busy host need not do twice what it did once; the recording then shows nothing to explain.
        const bool again = driver.record(m.sequence, recording).has(m.damage);
        const Mechanism mechanism = again ? mechanism_of(m.sequence, m.damage, recording)
                                          : Mechanism{group_of(m.sequence), Fault::not_repeatable, Relation::none};
        const Finding damage = [&] {
            Finding one;
            one.add(m.damage);
            return one;
        }();
        join(classes[mechanism], {mechanism, 1, damage.damage(), 1u << static_cast<unsigned>(m.sequence.start.pio), m});
    }
    for (auto it = classes.begin(); it != classes.end();) {
        const Mechanism& m = it->first;
        const auto than = m.fault == Fault::early ? std::nullopt : weaker(m.relation);
        const auto general = than ? classes.find({m.group, m.fault, *than}) : classes.end();
        if (general == classes.end()) {
            it->second.mechanism = m;
            ++it;
            continue;
        }
        join(general->second, it->second);
        it = classes.erase(it);
    }
    std::vector<FailureClass> result;
    for (auto& [mechanism, c] : classes) result.push_back(std::move(c));
    return result;
}

}  // namespace southgate::pio::explore
