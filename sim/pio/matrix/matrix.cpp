#include "sim/pio/matrix/matrix.h"

namespace southgate::pio {

Matrix run_matrix(MatrixEngine& engine, std::span<const Scenario* const> scenarios, std::span<const unsigned> columns,
                  std::span<const cpu::PioAdvance> advances, bool stories) {
    Matrix m{std::string(engine.name()), {scenarios.begin(), scenarios.end()}, {columns.begin(), columns.end()},
             {advances.begin(), advances.end()}, {}, 0, 0};
    m.cells.reserve(scenarios.size() * columns.size() * advances.size());
    for (const Scenario* scenario : scenarios) {
        for (const cpu::PioAdvance advance : advances) {
            for (const unsigned column : columns) {
                Cell& cell = m.cells.emplace_back();
                cell.scenario = scenario;
                cell.column = column;
                cell.advance = advance;
                cell.present = engine.has(*scenario, column, advance);
                if (!cell.present) continue;
                cell.result = engine.run(*scenario, column, advance, stories ? &cell.story : nullptr);
                cell.predicted = engine.predicted(*scenario, column, advance);
                ++m.present;
                m.differing += cell.differs();
            }
        }
    }
    return m;
}

}  // namespace southgate::pio
