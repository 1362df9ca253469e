// The matrix: scenarios by columns by skip models, run on an engine, beside what is predicted.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "sim/pio/machine/cost.h"
#include "sim/pio/matrix/engine.h"

namespace southgate::pio {

struct Cell {
    const Scenario* scenario = nullptr;
    unsigned column = 0;
    cpu::PioAdvance advance = cpu::PioAdvance::relative;
    bool present = false;  // the engine has it
    CellResult result;
    std::string predicted;  // empty: nothing is predicted
    std::string predicted_cost;  // vmread_letters(); empty: nothing is predicted, or the engine does not count
    Story story;            // only if asked for

    bool cost_differs() const {
        return present && !predicted_cost.empty() && predicted_cost != vmread_letters(*result.cost);
    }
    bool differs() const {
        return present && ((!predicted.empty() && predicted != result.code) || cost_differs());
    }
};

struct Matrix {
    std::string engine;
    std::vector<const Scenario*> scenarios;
    std::vector<unsigned> columns;
    std::vector<cpu::PioAdvance> advances;
    std::vector<Cell> cells;  // [scenario][advance][column]
    std::size_t present = 0, differing = 0;
    std::vector<std::string> not_applicable;  // [scenario]: why it has no cells; empty: it has

    const Cell& cell(std::size_t scenario, std::size_t advance, std::size_t column) const {
        return cells[(scenario * advances.size() + advance) * columns.size() + column];
    }
    // Some cell says what it costs.
    bool counts_costs() const {
        return std::ranges::any_of(cells, [](const Cell& cell) { return cell.result.cost.has_value(); });
    }
    std::size_t applicable() const {
        return static_cast<std::size_t>(std::ranges::count(not_applicable, std::string()));
    }
};

Matrix run_matrix(MatrixEngine& engine, std::span<const Scenario* const> scenarios, std::span<const unsigned> columns,
                  std::span<const cpu::PioAdvance> advances, bool stories);

// For people; with colour the escape sequences of a terminal.
// `vmreads`: what the port I/O costs in the place of the final rip and RAX.
std::string format_table(const Matrix& matrix, bool colour, bool vmreads = false);
std::string format_json(const Matrix& matrix);

}  // namespace southgate::pio
