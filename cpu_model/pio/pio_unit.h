// The port-I/O part of a vCPU: what is pending, the completion policy in force, and who is told.
//
// An engine calls begin() when IN or OUT leaves it and enter() first thing in run(); string instructions use
// the
// *_string_* pair. The default policy costs no virtual call.
#pragma once

#include <cstdint>
#include <memory>

#include "cpu_model/pio/completion_policy.h"
#include "cpu_model/pio/linear_rip_snapshot.h"
#include "cpu_model/pio/pending.h"
#include "cpu_model/pio/policy.h"
#include "cpu_model/pio/quirk_out_7e.h"
#include "cpu_model/pio/string_pio.h"

namespace southgate::cpu {

class PioUnit {
  public:
    PioUnit() { set_policy(PioPolicyKind::linear_rip_snapshot, false); }

    void set_policy(PioPolicyKind kind, bool quirk_out_7e);
    void use_policy(std::shared_ptr<const CompletionPolicy> policy);
    void set_string_rules(StringRules rules) { string_rules_ = rules; }
    void set_advance(PioAdvance advance) { advance_ = advance; }
    void set_observer(PioObserver* observer) { observer_ = observer; }

    const CompletionPolicy& policy() const { return *policy_; }
    StringRules string_rules() const { return string_rules_; }
    bool is_pending() const { return pending_.set; }
    const PendingPio& pending() const { return pending_; }
    PendingPio& pending() { return pending_; }

    // The platform wrote the general registers, or a reset did: KVM_SET_REGS as the policies see it.
    void note_regs_written() { pending_.regs_written = true; }
    // Forgets what is pending, as a fresh vCPU would.
    void forget() { pending_.set = false; }

    // One non-string IN or OUT leaves the engine. `context.rip` is on the instruction; `out_data` is what OUT
    // writes. Afterwards context holds what the exit shows.
    AtExit begin(Direction direction, std::uint16_t port, unsigned size, std::uint32_t out_data,
                 std::uint64_t next_rip, PioContext& context) {
        PendingPio& p = pending_;
        start(direction, port, size, 1, next_rip, context);
        p.string = false;
        const std::uint32_t data = direction == Direction::out ? out_data : 0;
        std::memcpy(p.data.data(), &data, sizeof data);
        if (inline_default_ && !(quirk_ && QuirkOut7e::applies(p))) [[likely]] {
            if (observer_) [[unlikely]]
                report_exit(context);
            return AtExit::in_place;
        }
        return begin_by_policy(context);
    }

    // Re-entry with a non-string I/O pending.
    PioOutcome enter(PioContext& context) {
        pending_.set = false;
        const PioOutcome outcome = inline_default_ ? LinearRipSnapshot::enter(pending_, context, advance_)
                                                   : policy_->at_entry(pending_, context, advance_);
        if (observer_) [[unlikely]]
            report_outcome(outcome, context);
        return outcome;
    }

    // One OUTS element (`size` bytes at `element`) leaves: context.rip is what the exit shows, `rip` the
    // instruction's.
    void begin_string_out(std::uint16_t port, unsigned size, const void* element, std::uint64_t rip,
                          std::uint64_t next_rip, const PioContext& context);
    // A batch of INS leaves; context.rip is on the instruction.
    void begin_string_in(std::uint16_t port, unsigned size, std::uint32_t count, const PendingIns& ins,
                         std::uint64_t next_rip, const PioContext& context);
    // Re-entry with INS pending: what to store, where to go. `repeat` keeps it pending.
    InsPlan enter_string_in(const PioContext& context, InsRegisters now);
    // The batch was stored (context after it) or dropped.
    void end_string_in(PioOutcome outcome, const PioContext& context) {
        if (observer_) report_outcome(outcome, context);
    }

    // What to hand to the platform. The buffer lives until the next exit.
    PioExit exit_payload() {
        return {pending_.direction, pending_.port,        pending_.size,    pending_.count,
                pending_.string,    pending_.data.data(), pending_.snapshot};
    }

  private:
    void start(Direction direction, std::uint16_t port, unsigned size, std::uint32_t count,
               std::uint64_t next_rip, const PioContext& context) {
        PendingPio& p = pending_;
        p.set = true;
        p.regs_written = false;
        p.early = false;
        p.direction = direction;
        p.size = static_cast<std::uint8_t>(size);
        p.length = static_cast<std::uint8_t>(next_rip - context.rip);
        p.port = port;
        p.count = count;
        p.rip = context.rip;
        p.next_rip = truncate_rip(next_rip, context.code64);
        p.snapshot = linear_rip(context);
        p.visible_rip = context.rip;
    }
    AtExit begin_by_policy(PioContext& context);
    PioEvent event(const PioContext& context) const;
    void report_exit(const PioContext& context);
    void report_outcome(PioOutcome outcome, const PioContext& context);

    bool inline_default_ = true;
    bool quirk_ = false;
    PioAdvance advance_ = PioAdvance::relative;
    StringRules string_rules_ = StringRules::architectural;
    PioObserver* observer_ = nullptr;
    std::shared_ptr<const CompletionPolicy> policy_;
    PendingPio pending_;
};

}  // namespace southgate::cpu
