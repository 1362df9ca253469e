// One scenario told step by step, under one column or two side by side.
#pragma once

#include <string>

#include "sim/pio/matrix/engine.h"

namespace southgate::pio {

struct Told {
    unsigned column = 0;
    cpu::PioAdvance advance = cpu::PioAdvance::relative;
    CellResult result;
    std::string predicted;
    Story story;
};
Told tell(MatrixEngine& engine, const Scenario& scenario, unsigned column, cpu::PioAdvance advance);

// Index of the first step that differs; the number of steps of the shorter story if none does.
std::size_t first_divergence(const Story& a, const Story& b);

std::string format_trace(const Scenario& scenario, const Told& told);
// Both up to the first divergence, then both ends.
std::string format_traces(const Scenario& scenario, const Told& left, const Told& right);

}  // namespace southgate::pio
