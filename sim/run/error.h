// What ends a command before or instead of a run.
#pragma once

#include <stdexcept>

namespace southgate::sim {

// Bad usage or a bad input file: one line for the user, exit status 2.
struct UsageError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

}  // namespace southgate::sim
