// The port-I/O part of a vCPU: what is pending, the completion policy in force, and who is told.
//
// An engine calls begin() when IN or OUT leaves it and enter() first thing in run(); string instructions use
// the
// *_string_* functions. The default policy costs no virtual call.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "cpu_model/pio/completion_policy.h"
#include "cpu_model/pio/context.h"
#include "cpu_model/pio/linear_rip_snapshot.h"
#include "cpu_model/pio/pending.h"
#include "cpu_model/pio/policy.h"
#include "cpu_model/pio/string_rules.h"

namespace southgate::cpu {

class PioUnit {
  public:
    PioUnit() {
        set_policy(PioPolicyKind::linear_rip_snapshot, false);
        set_string_rules(StringRules::architectural);
    }

    void set_policy(PioPolicyKind kind, bool quirk_out_7e);
    void use_policy(std::shared_ptr<const CompletionPolicy> policy);
    void set_string_rules(StringRules rules);
    void use_string_rules(std::shared_ptr<const StringIoRules> rules);
    void set_advance(PioAdvance advance) { advance_ = advance; }
    void set_observer(PioObserver* observer) {
        observer_ = observer;
        update_plain();
    }
    void set_accounting(VmcsAccounting* accounting) {
        accounting_ = accounting;
        update_plain();
    }

    const CompletionPolicy& policy() const { return *policy_; }
    const StringIoRules& strings() const { return *strings_; }
    VmcsAccounting* accounting() const { return accounting_; }
    bool is_pending() const { return pending_.set; }
    const PendingPio& pending() const { return pending_; }

    // A fault ended it.
    void drop() { pending_.set = false; }
    // The platform wrote the general registers, or RESET# did: KVM_SET_REGS as the policies see it.
    void note_regs_written() { pending_.regs_written = true; }
    // The processor took INIT: in a kernel no KVM_SET_REGS.
    void note_init() { pending_.was_reset = true; }

    // Nothing but linear-rip-snapshot has to be asked and nobody listens: the *_plain functions will do,
    // inline and on a state that never leaves the caller's registers.
    bool is_plain() const { return plain_; }

    // One non-string IN or OUT leaves the engine. `state.rip` is on the instruction; `out_data` is what OUT
    // writes. Afterwards state holds what the exit shows.
    AtExit begin(Direction direction, std::uint16_t port, unsigned size, std::uint32_t out_data,
                 std::uint64_t next_rip, PioState& state);
    void begin_plain(Direction direction, std::uint16_t port, unsigned size, std::uint32_t out_data,
                     std::uint64_t next_rip, const PioState& state) {
        start_single(direction, port, size, out_data, next_rip, state);
        pending_.snapshot = pending_.linear_rip;
    }

    // Re-entry with a non-string I/O pending.
    PioOutcome enter(PioState& state);
    PioOutcome enter_plain(PioState& state) {
        pending_.set = false;
        PioContext context(state, advance_);
        return LinearRipSnapshot::enter(pending_, context);
    }

    // One OUTS element (`size` bytes at `element`) leaves: state.rip is what the exit shows, `rip` the
    // instruction's. `owes_step`: the debugger's step exit follows at re-entry.
    void begin_string_out(std::uint16_t port, unsigned size, const void* element, std::uint64_t rip,
                          std::uint64_t next_rip, bool owes_step, PioState& state);
    // A batch of INS leaves; state.rip is on the instruction.
    void begin_string_in(std::uint16_t port, unsigned size, std::uint32_t count, const PendingIns& ins,
                         std::uint64_t next_rip, PioState& state);
    // Re-entry with INS pending: what to store, where to go. `repeat` keeps it pending.
    InsPlan enter_string_in(PioState& state, InsRegisters now, std::uint64_t budget);
    // Element `index` of those the plan stores; pending().size bytes.
    const std::uint8_t* element(std::uint64_t index) const {
        return read_ahead_.data() + index * pending_.size;
    }
    // `elements` were stored (state after it), or the batch was dropped.
    void end_string_in(PioOutcome outcome, const PioState& state);
    // Re-entry behind an OUTS that owed a step exit. True: it is due now.
    bool enter_string_out(const PioState& state);

    // What to hand to the platform. The buffer lives until the next exit.
    PioExit exit_payload() {
        return {pending_.direction, pending_.port,        pending_.size,      pending_.count,
                pending_.string,    pending_.data.data(), pending_.linear_rip};
    }

  private:
    void start(Direction direction, std::uint16_t port, unsigned size, std::uint32_t count,
               std::uint64_t next_rip, const PioState& state) {
        PendingPio& p = pending_;
        p.set = true;
        p.regs_written = p.was_reset = false;
        p.early = false;
        p.direction = direction;
        p.size = static_cast<std::uint8_t>(size);
        p.length = static_cast<std::uint8_t>(next_rip - state.rip);
        p.port = port;
        p.count = count;
        p.rip = state.rip;
        p.next_rip = state.code64 ? next_rip : static_cast<std::uint32_t>(next_rip);
        p.linear_rip = linear_rip(state);
        p.visible_rip = state.rip;
    }
    void start_single(Direction direction, std::uint16_t port, unsigned size, std::uint32_t out_data,
                      std::uint64_t next_rip, const PioState& state) {
        start(direction, port, size, 1, next_rip, state);
        pending_.string = false;
        const std::uint32_t data = direction == Direction::out ? out_data : 0;
        std::memcpy(pending_.data.data(), &data, sizeof data);
    }
    void update_plain() { plain_ = default_policy_ && observer_ == nullptr && accounting_ == nullptr; }
    void account_for_emulator(const PioState& state, bool exit);
    PioEvent event(const PioState& state) const;
    void report_exit(const PioState& state);
    void report_outcome(PioOutcome outcome, const PioState& state);

    bool default_policy_ = true;  // linear-rip-snapshot without the quirk
    bool plain_ = true;
    PioAdvance advance_ = PioAdvance::relative;
    PioObserver* observer_ = nullptr;
    VmcsAccounting* accounting_ = nullptr;
    std::shared_ptr<const CompletionPolicy> policy_;
    std::shared_ptr<const StringIoRules> strings_;
    PendingPio pending_;
    // The buffer INS elements are stored from. Never cleared, like that of the kernel's emulator: what an
    // earlier batch left there is what StringRules::kernel stores if RCX grew. Choosing string rules makes it
    // a fresh one.
    alignas(8) std::array<std::uint8_t, pio_batch_bytes> read_ahead_{};
};

}  // namespace southgate::cpu
