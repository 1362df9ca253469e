// The processors of a machine take turns on one time line.
//
// One thread runs them all, one at a time, and the order in which they run is the order of simulated time: a
// processor starts its turn at the time where the one before it stopped. So nobody is ever ahead of anybody,
// time-stamp counters agree, and what one wrote (memory, an IPI) the others see later, never earlier. An
// instruction with LOCK is atomic because nothing else runs meanwhile.
//
// A processor alone (the others halted, shut down or waiting for a start-up IPI) runs until one of them wakes.
// With n of them running, a quantum is cut into n turns; in its turn a processor executes what its speed allows
// in a whole quantum, n times as fast. Each runs at its full speed over a quantum, in bursts. Events for a
// processor whose turn it is not are taken at the start of its next one, less than a quantum later (unless
// devices and their delays made turns longer). PAUSE gives the rest of a turn away.
//
// RESET# and INIT# are looked at before anybody's turn goes on, so that all processors start from one moment.
#pragma once

#include <cstdint>
#include <functional>
#include <systemc>
#include <vector>

namespace southgate::platform {

class CpuModule;

class CpuScheduler : public sc_core::sc_module {
  public:
    static constexpr std::uint64_t default_quantum_ps = 10'000'000;  // 10 us

    explicit CpuScheduler(const sc_core::sc_module_name& name,
                          std::uint64_t quantum_ps = default_quantum_ps);

    // In the order of their numbers; each adds itself.
    const std::vector<CpuModule*>& cpus() const { return cpus_; }

    // Ends the simulation: processors stop at the next instruction boundary.
    void stop();
    bool stopped() const { return stopping_; }
    // Everything stops exactly after `limit` retired instructions and `reached` is called. 0: no limit.
    void limit_instructions(std::uint64_t limit, std::function<void()> reached);

    // Every processor is halted, shut down, held in reset or waiting for a start-up IPI.
    bool all_waiting() const;
    // The time line, ps, and instructions retired by all processors since power-on; exact inside transactions.
    std::uint64_t local_time_ps() const;
    std::uint64_t instructions() const;

  private:
    friend class CpuModule;
    void thread();
    void settle();
    CpuModule* next();
    // A line of `cpu` moved, or an IPI arrived.
    void notice(const CpuModule& cpu);

    std::vector<CpuModule*> cpus_;
    std::uint64_t quantum_ps_;
    std::uint64_t line_ps_ = 0;     // where the last turn ended
    CpuModule* active_ = nullptr;   // whose turn it is
    std::size_t last_ = 0;          // who had the last turn
    unsigned sharing_ = 0;          // how many want to run
    bool give_way_ = false;         // the turn ends at the next instruction boundary
    bool idle_ = false;             // nobody can run
    bool stopping_ = false;
    sc_core::sc_event wake_event_;
    std::uint64_t retired_ = 0;     // by all, before the current run() of the active one
    std::uint64_t instruction_limit_ = 0;
    std::function<void()> limit_reached_;
};

}  // namespace southgate::platform
