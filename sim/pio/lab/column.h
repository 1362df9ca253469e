// The columns of the matrix: completion policy, quirk, and how a completion moves rip.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "cpu_model/pio/policy.h"
#include "cpu_model/vcpu.h"

namespace southgate::pio {

// The skip models, in the order of everything indexed by them: cpu::name_of() calls them "vmx" and "svm".
inline constexpr std::array skip_models{cpu::PioAdvance::relative, cpu::PioAdvance::absolute};

struct Column {
    std::string_view name;  // two letters
    cpu::PioPolicyKind kind;
    bool quirk;             // KVM_X86_QUIRK_OUT_7E_INC_RIP
};
inline constexpr std::array<Column, 8> columns{{
    {"CA", cpu::PioPolicyKind::complete_always, false},
    {"SB", cpu::PioPolicyKind::skip_before_exit, false},
    {"AW", cpu::PioPolicyKind::cancel_on_rip_write, false},
    {"RC", cpu::PioPolicyKind::cancel_on_rip_change, false},
    {"RV", cpu::PioPolicyKind::match_reset_vector, false},
    {"LR", cpu::PioPolicyKind::linear_rip_snapshot, false},
    {"LQ", cpu::PioPolicyKind::linear_rip_snapshot, true},
    {"FE", cpu::PioPolicyKind::full_emulator, false},
}};
inline constexpr unsigned column_count = columns.size();

// By letters, or by the policy's long name (the first column that has it).
std::optional<unsigned> parse_column(std::string_view name);

// Policy, skip model and the kernel's string rules, on any engine that has them.
void configure(cpu::Vcpu& cpu, const Column& column, cpu::PioAdvance advance);

}  // namespace southgate::pio
