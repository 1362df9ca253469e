// The exhaustive search over one subject: every sequence up to a depth is run and judged; what is left are the minimal
// failing sequences.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "sim/pio/explore/driver.h"

namespace southgate::pio::explore {

struct SearchOptions {
    std::vector<GuestMode> modes;  // empty: all
    unsigned depth = 3;
    std::uint64_t budget = std::numeric_limits<std::uint64_t>::max();  // sequences, the simplest first
    unsigned jobs = 2;
};

// A minimal failing sequence and the one kind of damage it is minimal for.
struct Minimal {
    Sequence sequence;
    Damage damage{};
    Finding finding;
};

struct SearchResult {
    std::uint64_t sequences = 0;  // run
    std::uint64_t failing = 0;    // with any damage
    std::uint64_t states = 0;     // distinct states at the end, for each start
    std::array<std::uint64_t, damage_count> by_damage{};
    std::vector<Minimal> minimal;  // simplest first
    bool complete = true;          // false: the budget ended the search
};

// Called from the searching threads, one at a time, with the share done; for progress displays only.
using Progress = std::function<void(double)>;

// Does not depend on the number of jobs.
SearchResult search(const Subject& subject, const SearchOptions& options, const VcpuFactory& factory,
                    const Progress& progress = {});

}  // namespace southgate::pio::explore
