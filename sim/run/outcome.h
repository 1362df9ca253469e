// How a run ended.
#pragma once

#include <optional>
#include <string>

namespace southgate::sim {

// Exit statuses of `southgate run`.
inline constexpr int exit_ok = 0;  // stop condition met, or the guest powered off
inline constexpr int exit_internal_error = 1;
inline constexpr int exit_usage = 2;          // bad usage or bad input file
inline constexpr int exit_limit = 3;          // a limit was reached, or the guest stopped for good, first
inline constexpr int exit_no_kvm = 4;         // there is no usable /dev/kvm
inline constexpr int exit_interrupted = 130;  // SIGINT or SIGTERM

struct Outcome {
    int status = exit_ok;
    std::string why;  // one line for the user
};

}  // namespace southgate::sim
