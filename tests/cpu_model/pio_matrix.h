// Matrix A of port-I/O completion: one row per scenario, one predicted cell per policy. Data only; run on the
// policies alone (pio_policy_test.cpp) and on a whole engine (pio_matrix_engine_test.cpp).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "cpu_model/pio/policy.h"

namespace southgate::cpu::test {

enum class Mode : std::uint8_t { real, protected32, long64 };

// What the platform does between the exit and the re-entry. Fields left out are not written.
struct PlatformAction {
    bool writes_regs = false;              // KVM_SET_REGS, even if with the values just read
    std::optional<std::uint64_t> rip;      // new rip
    std::optional<std::uint64_t> rip_add;  // new rip = the one read at the exit + this
    std::optional<std::uint64_t> rax;
    std::optional<std::uint16_t> cs_selector;
    std::optional<std::uint64_t> cs_base;  // KVM_SET_SREGS
    bool to_real_mode = false;             // the rest of a reset: real mode
};

// The columns: the six policies, linear-rip-snapshot with the port-7Eh quirk, the full emulator.
struct MatrixColumn {
    std::string_view name;
    PioPolicyKind kind;
    bool quirk;
};
inline constexpr std::array<MatrixColumn, 8> matrix_columns{{
    {"CA", PioPolicyKind::complete_always, false},
    {"SB", PioPolicyKind::skip_before_exit, false},
    {"AW", PioPolicyKind::cancel_on_rip_write, false},
    {"RC", PioPolicyKind::cancel_on_rip_change, false},
    {"RV", PioPolicyKind::match_reset_vector, false},
    {"LR", PioPolicyKind::linear_rip_snapshot, false},
    {"LQ", PioPolicyKind::linear_rip_snapshot, true},
    {"FE", PioPolicyKind::full_emulator, false},
}};

// Cells: "ok" right; "SK x" advanced at the new place to rip x; "JN x" jumped to the old next rip x ("JN"
// alone: to the old next rip); "RP x" issued again at x; "NR x" the wanted re-run does not happen, rip x;
// "+RX" IN data written over RAX; "+LD" IN data lost; "+wr" the rip seen at the exit is past the instruction.
struct MatrixRow {
    std::string_view id;
    std::vector<std::uint8_t> code;
    Mode mode;
    std::uint64_t cs_base;
    std::uint64_t rip;
    PlatformAction action;
    std::uint64_t right_rip;
    std::uint64_t right_rax;
    std::array<std::string_view, matrix_columns.size()> cells;
    std::uint64_t rax = 0x7788;
    std::uint32_t data = 0x5a5a5a5a;  // of IN
    std::uint16_t dx = 0x80;

    bool is_in() const;
    unsigned size() const;  // bytes of the transfer
    std::uint16_t port() const;
    std::uint64_t next_rip() const;  // as decoded, truncated for the mode
};

// The final state a cell predicts.
struct Prediction {
    std::uint64_t visible_rip;
    std::uint64_t rip;
    std::uint64_t rax;
};
Prediction predict(const MatrixRow& row, std::string_view cell);

std::span<const MatrixRow> matrix_a();

// Cells that differ when completion advances to an absolute next rip (AMD SVM).
struct AbsoluteCell {
    std::string_view row;
    std::string_view column;
    std::string_view cell;
};
std::span<const AbsoluteCell> matrix_a_absolute();

}  // namespace southgate::cpu::test
