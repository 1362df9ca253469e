// Making a failing sequence minimal.
//
// One step of simplification drops an action or replaces one thing by a simpler one of its kind (domain.h orders them).
// A step is taken if the same damage remains and no coincidence appears that was not there: otherwise one cause of
// failure would be mistaken for another. A sequence that no step makes smaller is minimal.
#pragma once

#include <cstdint>
#include <functional>

#include "sim/pio/explore/domain.h"
#include "sim/pio/explore/judge.h"

namespace southgate::pio::explore {

// Calls `visit` with each simplification of one step until it returns true; returns whether it did.
template <class Visit>
bool any_simpler(const Sequence& sequence, Visit visit);

// What a sequence leads to: looked up or run.
using Outcome = std::function<Finding(const Sequence&)>;

Sequence shrink(Sequence sequence, Damage damage, const Outcome& outcome);

// Whether `smaller` shows this failure of `finding`.
inline bool shows_the_same(Finding smaller, Finding finding, Damage damage) {
    return smaller.has(damage) && (smaller.coincidences() & ~finding.coincidences()) == 0;
}

// Simplicity as an order: actions, mode, condition, place, instruction.
bool simpler_than(const Sequence& a, const Sequence& b);

// Simpler instructions that may show the same failure.
std::vector<PioKind> simpler(PioKind kind);

template <class Visit>
bool any_simpler(const Sequence& sequence, Visit visit) {
    const auto offer = [&](const Sequence& s) { return valid(s.start) && applicable(s) && visit(s); };
    for (unsigned drop = 0; drop < sequence.depth; drop++) {
        Sequence s = sequence;
        for (unsigned n = drop; n + 1 < s.depth; n++) s.intents[n] = s.intents[n + 1];
        s.intents[--s.depth] = {};
        if (offer(s)) return true;
    }
    for (unsigned n = 0; n < sequence.depth; n++) {
        for (const Intent intent : simpler(sequence.intents[n])) {
            Sequence s = sequence;
            s.intents[n] = intent;
            if (offer(s)) return true;
        }
    }
    for (unsigned p = 0; p < static_cast<unsigned>(sequence.start.place); p++) {
        Sequence s = sequence;
        s.start.place = static_cast<PlaceKind>(p);
        if (offer(s)) return true;
    }
    for (const PioKind kind : simpler(sequence.start.pio)) {
        Sequence s = sequence;
        s.start.pio = kind;
        if (offer(s)) return true;
    }
    if (sequence.start.condition != Condition::none) {
        Sequence s = sequence;
        s.start.condition = Condition::none;
        if (offer(s)) return true;
    }
    for (unsigned m = 0; m < static_cast<unsigned>(sequence.start.mode); m++) {
        Sequence s = sequence;
        s.start.mode = static_cast<GuestMode>(m);
        if (offer(s)) return true;
    }
    return false;
}

}  // namespace southgate::pio::explore
