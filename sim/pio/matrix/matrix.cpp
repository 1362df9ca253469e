#include "sim/pio/matrix/matrix.h"

#include <algorithm>

namespace southgate::pio {

namespace {

// Columns and skip models the engine has for none of the scenarios are left out.
template <class T, class Has>
std::vector<T> present_ones(std::span<const T> all, Has has) {
    std::vector<T> result;
    for (const T& one : all)
        if (has(one)) result.push_back(one);
    return result;
}

}  // namespace

Matrix run_matrix(MatrixEngine& engine, std::span<const Scenario* const> scenarios, std::span<const unsigned> columns,
                  std::span<const cpu::PioAdvance> advances, bool stories) {
    const auto some_scenario = [&](auto has) { return std::any_of(scenarios.begin(), scenarios.end(), has); };
    const auto has_column = [&](unsigned column) {
        return some_scenario([&](const Scenario* s) {
            return std::any_of(advances.begin(), advances.end(), [&](auto a) { return engine.has(*s, column, a); });
        });
    };
    const auto has_advance = [&](cpu::PioAdvance advance) {
        return some_scenario([&](const Scenario* s) {
            return std::any_of(columns.begin(), columns.end(), [&](auto c) { return engine.has(*s, c, advance); });
        });
    };
    Matrix m{std::string(engine.name()), {scenarios.begin(), scenarios.end()}, present_ones(columns, has_column),
             present_ones(advances, has_advance), {}, 0, 0, {}};
    m.cells.reserve(scenarios.size() * m.columns.size() * m.advances.size());
    for (const Scenario* scenario : scenarios) {
        const bool applicable = m.not_applicable.emplace_back(engine.not_applicable(*scenario)).empty();
        for (const cpu::PioAdvance advance : m.advances) {
            for (const unsigned column : m.columns) {
                Cell& cell = m.cells.emplace_back();
                cell.scenario = scenario;
                cell.column = column;
                cell.advance = advance;
                cell.present = applicable && engine.has(*scenario, column, advance);
                if (!cell.present) continue;
                cell.result = engine.run(*scenario, column, advance, stories ? &cell.story : nullptr);
                cell.present = !cell.result.not_runnable;
                if (!cell.present) continue;
                cell.predicted = engine.predicted(*scenario, column, advance);
                if (cell.result.cost && advance == cpu::PioAdvance::relative)
                    cell.predicted_cost = scenario->vmreads[column];
                ++m.present;
                m.differing += cell.differs();
            }
        }
    }
    return m;
}

}  // namespace southgate::pio
