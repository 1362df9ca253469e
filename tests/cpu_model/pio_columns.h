// The completion policies every port-I/O test goes through.
#pragma once

#include <array>
#include <string_view>

#include "cpu_model/pio/policy.h"

namespace southgate::cpu::test {

// The six policies, linear-rip-snapshot with the port-7Eh quirk, the full emulator.
struct PioColumn {
    std::string_view name;
    PioPolicyKind kind;
    bool quirk;
};
inline constexpr std::array<PioColumn, 8> pio_columns{{
    {"CA", PioPolicyKind::complete_always, false},
    {"SB", PioPolicyKind::skip_before_exit, false},
    {"AW", PioPolicyKind::cancel_on_rip_write, false},
    {"RC", PioPolicyKind::cancel_on_rip_change, false},
    {"RV", PioPolicyKind::match_reset_vector, false},
    {"LR", PioPolicyKind::linear_rip_snapshot, false},
    {"LQ", PioPolicyKind::linear_rip_snapshot, true},
    {"FE", PioPolicyKind::full_emulator, false},
}};

}  // namespace southgate::cpu::test
