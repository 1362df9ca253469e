// Minimal failing sequences, grouped by why they fail.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/pio/explore/mechanism.h"
#include "sim/pio/explore/search.h"

namespace southgate::pio::explore {

struct FailureClass {
    Mechanism mechanism;
    std::size_t minimal = 0;    // minimal sequences in it
    std::uint32_t damage = 0;   // as in Finding::damage()
    std::uint32_t kinds = 0;    // bit n: PioKind n
    Minimal representative;     // the simplest
};

// Runs each minimal sequence once more, recorded, on `driver`, which must be set to the subject they were found with.
// Sorted by mechanism.
//
// A coincidence of places is a reason of its own only where the same instructions do not fail without it: the classes
// of a group that need one are joined with the class that needs none.
std::vector<FailureClass> classify(const std::vector<Minimal>& minimal, Driver& driver);

}  // namespace southgate::pio::explore
