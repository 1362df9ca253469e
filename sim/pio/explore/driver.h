// Runs sequences on a real vCPU, the oracle beside it. One driver a thread: the vCPUs, their memory and the decoded code
// of the current start live as long as it does.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "sim/pio/explore/judge.h"
#include "sim/pio/explore/oracle.h"
#include "sim/pio/explore/recording.h"
#include "sim/pio/lab/action.h"
#include "sim/pio/lab/column.h"
#include "sim/pio/lab/machine.h"

namespace southgate::pio::explore {

// What is explored: a policy with its quirk, skip model and string rules. An engine that completes by rules of its own
// ignores them.
struct Subject {
    cpu::PioPolicyKind policy{};
    bool quirk_out_7e = false;
    cpu::PioAdvance advance{};
    cpu::StringRules strings = cpu::StringRules::kernel;
    // False: the engine cannot count, and nothing is concluded from its numbers.
    bool counts_instructions = true;
    // Called on every vCPU last: rules from outside. The oracle is that of the sequence being run.
    std::function<void(cpu::Vcpu&, const std::optional<Oracle>&)> customise;
};

class Driver {
  public:
    explicit Driver(VcpuFactory factory);

    void set_subject(const Subject& subject);

    Finding run(const Sequence& sequence);
    // The same, and keeps what it looked like.
    Finding record(const Sequence& sequence, Recording& recording);

    // Of the last run.
    const Observation& observation() const { return seen_; }

  private:
    void configure(cpu::Vcpu& cpu) const;
    void prepare(const Start& start);
    // To the exit of the instruction; false if another exit came.
    bool reach_exit();
    void perform(Intent intent);
    void enter();
    void observe();
    void put_back();
    std::uint32_t stored() const;
    void remember(MomentKind kind, const cpu::Exit* entry = nullptr);
    std::uint64_t retired(const cpu::Exit& exit) const { return subject_.counts_instructions ? exit.retired : 0; }

    Machine machine_;
    Subject subject_;

    std::optional<Start> start_;  // prepared
    Place place_;
    std::vector<std::uint8_t> code_;
    std::uint64_t code_at_ = 0;  // physical
    GuestState initial_;
    Oracle::Instruction instruction_;

    std::optional<Oracle> oracle_;
    Observation seen_;
    Recording* recording_ = nullptr;
    cpu::GeneralRegisters exit_regs_;
    cpu::SpecialRegisters exit_sregs_;
    cpu::EventState exit_events_;
    bool sregs_written_ = true, rewritten_ = false;
};

}  // namespace southgate::pio::explore
