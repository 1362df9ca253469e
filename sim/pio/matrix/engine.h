// What can run a cell of the matrix: the interpreter, the SystemC platform, the host's KVM.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "cpu_model/pio/vmcs_accounting.h"
#include "sim/pio/lab/column.h"
#include "sim/pio/machine/observation.h"
#include "sim/pio/scenario/scenario.h"

namespace southgate::pio {

struct CellResult {
    std::string code;  // verdict.h
    std::uint64_t rip = 0, rax = 0;  // at the end
    std::string note;  // more for a reader: VMREADs, what the host did; may be empty
    std::optional<cpu::VmcsAccess> cost;  // of the last port I/O, on a VMX host; only where the engine can count
    bool not_runnable = false;  // the engine found out that it cannot run the scenario; the note says why
};

class MatrixEngine {
  public:
    virtual ~MatrixEngine() = default;

    virtual std::string_view name() const = 0;
    // Why the scenario has no meaning on this engine; empty: it has one. Such rows are shown with the reason.
    virtual std::string not_applicable(const Scenario& scenario) const {
        (void)scenario;
        return {};
    }
    // Whether the engine can run the scenario in this column at all; other cells stay out of the matrix.
    virtual bool has(const Scenario& scenario, unsigned column, cpu::PioAdvance advance) const {
        (void)scenario, (void)column, (void)advance;
        return true;
    }
    // The prediction the cell is compared with; empty: none. An engine with a column of its own overrides it.
    virtual std::string_view predicted(const Scenario& scenario, unsigned column, cpu::PioAdvance advance) const {
        return scenario.cells[static_cast<unsigned>(advance)][column];
    }
    // Runs one cell. The scenario outlives the engine's next call; the story is filled in if there is one.
    virtual CellResult run(const Scenario& scenario, unsigned column, cpu::PioAdvance advance, Story* story) = 0;
};

// How a command finds its engines by name. `make` throws southgate::sim::UsageError if there is none on this host.
struct EngineEntry {
    std::string_view name;
    std::unique_ptr<MatrixEngine> (*make)();
};

std::unique_ptr<MatrixEngine> make_interpreter_engine();

}  // namespace southgate::pio
