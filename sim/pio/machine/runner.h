// Runs scenarios on a machine: the same one again and again, under any column, without allocating.
#pragma once

#include <span>
#include <vector>

#include "cpu_model/pio/vmcs_accounting.h"
#include "sim/pio/lab/column.h"
#include "sim/pio/lab/machine.h"
#include "sim/pio/machine/observation.h"
#include "sim/pio/scenario/scenario.h"

namespace southgate::pio {

// Re-entries that return the same I/O before the runner calls it a livelock.
inline constexpr unsigned livelock_runs = 32;

class Runner {
  public:
    // `machine` outlives the runner.
    explicit Runner(Machine& machine) : machine_(machine) {}

    // Makes the scenario the current one; it outlives the runs.
    void load(const Scenario& scenario);
    // The policy for the runs that follow. Engines without policies (KVM) need no call.
    void set_column(unsigned column, cpu::PioAdvance advance);

    // What the scenario's port I/O costs on VMX is counted there, by what userspace does and not by who
    // watches; nullptr: not counted. cost() is that of the last port I/O of the script.
    void set_accounting(cpu::VmcsAccounting* accounting) { accounting_ = accounting; }
    const cpu::VmcsAccess& cost() const { return cost_; }

    // Valid until the next run. A story is written only if asked for.
    const Observation& run(Story* story = nullptr);

  private:
    struct Chunk {
        std::uint64_t at;
        std::vector<std::uint8_t> bytes;
    };
    void add_chunk(std::uint64_t at, std::span<const std::uint8_t> bytes, unsigned margin);
    void restore();
    bool perform(const Action& action, Step* step);
    void note_stop(const cpu::Exit& exit, Step* step);
    void conclude();
    void find_handler();

    Machine& machine_;
    const Scenario* scenario_ = nullptr;
    GuestState state_;
    std::uint64_t port_physical_ = 0, port_linear_ = 0;
    std::vector<Chunk> image_;  // memory of the scenario, with what surrounds its code
    unsigned column_ = column_count;
    cpu::PioAdvance advance_{};
    Observation seen_;
    cpu::Exit last_;
    cpu::VmcsAccounting* accounting_ = nullptr;
    cpu::VmcsAccess cost_;
};

}  // namespace southgate::pio
