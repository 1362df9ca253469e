// One scenario on the machine `pc`: cell after cell in one simulation, each from its start state to the first fetch behind
// the last reset.
//
// SystemC elaborates once in a process, so a bench is the only one of its process. What the interpreter's machine does
// with calls happens here by itself: the CPU module runs the guest, its port I/O is a transaction on the I/O socket, and in
// that transaction the chipset resets the processor. A probe on the I/O port watches, answers for the scenario's
// device and makes the reset cycles that are not the guest's own.
#pragma once

#include <optional>
#include <span>
#include <systemc>
#include <vector>

#include "cpu_model/pio/policy.h"
#include "platform/machines/pc.h"
#include "sim/pio/lab/guest.h"
#include "sim/pio/machine/observation.h"
#include "sim/pio/platform/plan.h"
#include "sim/pio/platform/reset_source.h"

namespace southgate::pio {

struct PlatformRequest {
    unsigned column = 0;
    cpu::PioAdvance advance{};
    ResetSource source{};
};

struct PlatformCell {
    bool ended = false;  // false: it never came to its last first fetch, nor to a halt
    Observation seen;
    Story story;
};

class PlatformBench : public sc_core::sc_module, private cpu::PioObserver {
  public:
    // The scenario outlives the bench.
    PlatformBench(const sc_core::sc_module_name& name, const Scenario& scenario, const PlatformPlan& plan);

    // One cell for each request. Once only: it runs the simulation.
    std::vector<PlatformCell> run(std::span<const PlatformRequest> requests);

  private:
    using Bus = tlm::tlm_blocking_transport_if<>;
    enum class Phase : std::uint8_t {
        between,    // the next start of the processor begins a cell
        running,    // up to the last reset
        again,      // behind it, on the port instruction: will it go out again?
        repeating,  // behind it, and the old I/O is still there
    };

    platform::PcConfig machine_config();
    void build_image();
    // --- the guest ---
    void started(unsigned cpu);
    void begin();
    void restore_memory();
    void observe();
    void finish();
    // Brings the processor to the start of the next cell.
    void restart(BusAgent& agent);
    // --- its I/O ---
    void cycle(unsigned cpu, tlm::tlm_generic_payload& trans, sc_core::sc_time& delay, Bus& bus);
    void port_io(tlm::tlm_generic_payload& trans, sc_core::sc_time& delay, Bus& bus);
    void note_exit(const tlm::tlm_generic_payload& trans);
    void reset(BusAgent& agent, bool guest_did_it);
    void late_reset();

    void pio_exit(const cpu::PioEvent& event) override;
    void pio_complete(const cpu::PioEvent& event) override { note_fate(event, Step::Fate::completed); }
    void pio_cancel(const cpu::PioEvent& event) override { note_fate(event, Step::Fate::cancelled); }
    void note_fate(const cpu::PioEvent& event, Step::Fate fate);
    Step& add_step(ActionKind kind);
    void show(Step& step);  // the processor of now

    platform::CpuModule& subject() { return machine_.cpu(subject_); }
    cpu::Vcpu& vcpu() { return subject().vcpu(); }

    const Scenario& scenario_;
    PlatformPlan plan_;
    unsigned subject_;  // number of the processor that is the guest
    GuestMemory memory_;  // as every cell starts
    std::uint64_t port_linear_;
    platform::Pc machine_;
    std::uint8_t* ram_ = nullptr;
    sc_core::sc_event late_reset_;

    std::span<const PlatformRequest> requests_;
    std::vector<PlatformCell> cells_;
    std::size_t current_ = 0;
    Phase phase_ = Phase::between;
    bool own_cycle_ = false;     // the probe's own
    std::size_t stage_ = 0;      // of the plan
    unsigned element_ = 0;       // elements of the exit that were on the bus
    unsigned repeats_ = 0;
    cpu::PioEvent exit_{};       // the last one
    std::uint64_t retired_before_ = 0;
    Step::Fate fate_ = Step::Fate::none;  // of the last completion
    std::uint64_t snapshot_ = 0, found_ = 0;
    bool exited_ = false, early_ = false;
    bool late_ = false;          // the reset came when the transaction was over
    std::optional<std::size_t> drain_step_;  // of the story: waits for the completion in front of a late reset
};

}  // namespace southgate::pio
