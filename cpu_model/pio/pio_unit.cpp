#include "cpu_model/pio/pio_unit.h"

#include <algorithm>
#include <utility>

namespace southgate::cpu {

void PioUnit::set_policy(PioPolicyKind kind, bool quirk_out_7e) {
    policy_ = make_completion_policy(kind, quirk_out_7e);
    default_policy_ = kind == PioPolicyKind::linear_rip_snapshot && !quirk_out_7e;
    update_plain();
}

void PioUnit::use_policy(std::shared_ptr<const CompletionPolicy> policy) {
    policy_ = std::move(policy);
    default_policy_ = false;
    update_plain();
}

void PioUnit::set_string_rules(StringRules rules) {
    static const auto architectural = std::make_shared<const ArchitecturalStrings>();
    static const auto kernel = std::make_shared<const KernelStrings>();
    if (rules == StringRules::kernel)
        use_string_rules(kernel);
    else
        use_string_rules(architectural);
}

void PioUnit::use_string_rules(std::shared_ptr<const StringIoRules> rules) {
    strings_ = std::move(rules);
    read_ahead_.fill(0);
}

AtExit PioUnit::begin(Direction direction, std::uint16_t port, unsigned size, std::uint32_t out_data,
                      std::uint64_t next_rip, PioState& state) {
    start_single(direction, port, size, out_data, next_rip, state);
    PioContext context(state, advance_);
    const AtExit at_exit = policy_->at_exit(pending_, context);
    pending_.visible_rip = state.rip;
    if (accounting_) accounting_->pio_exit(advance_, context.reads(), context.writes(), state.real_mode);
    if (observer_) {
        report_exit(state);
        if (!pending_.set) report_outcome(PioOutcome::completed, state);
    }
    return at_exit;
}

PioOutcome PioUnit::enter(PioState& state) {
    pending_.set = false;
    PioContext context(state, advance_);
    const PioOutcome outcome = policy_->at_entry(pending_, context);
    if (accounting_) accounting_->pio_entry(advance_, context.reads(), context.writes(), state.real_mode);
    if (observer_) report_outcome(outcome, state);
    return outcome;
}

// Strings take the emulator's path under every policy.
void PioUnit::account_for_emulator(const PioState& state, bool exit) {
    if (!accounting_) return;
    PioState scratch = state;
    PioContext context(scratch, advance_);
    if (exit) context.read_for_decoding();
    if (!pending_.set) {
        context.set_rip(state.rip);
        retire(context, false);
    }
    if (exit)
        accounting_->pio_exit(advance_, context.reads(), context.writes(), state.real_mode);
    else
        accounting_->pio_entry(advance_, context.reads(), context.writes(), state.real_mode);
}

void PioUnit::begin_string_out(std::uint16_t port, unsigned size, const void* element, std::uint64_t rip,
                               std::uint64_t next_rip, bool owes_step, PioState& state) {
    PioState on_instruction = state;
    on_instruction.rip = rip;
    start(Direction::out, port, size, 1, next_rip, on_instruction);
    pending_.string = true;
    pending_.set = owes_step;
    pending_.early = true;
    std::memcpy(pending_.data.data(), element, size);
    pending_.visible_rip = state.rip;
    pending_.snapshot = linear_rip(state);
    account_for_emulator(state, true);
    if (observer_) {
        report_exit(state);
        report_outcome(PioOutcome::completed, state);
    }
}

bool PioUnit::enter_string_out(const PioState& state) {
    pending_.set = false;
    return linear_rip(state) == pending_.snapshot;
}

void PioUnit::begin_string_in(std::uint16_t port, unsigned size, std::uint32_t count, const PendingIns& ins,
                              std::uint64_t next_rip, PioState& state) {
    start(Direction::in, port, size, count, next_rip, state);
    pending_.string = true;
    pending_.ins = ins;
    std::memset(pending_.data.data(), 0, std::size_t{count} * size);
    account_for_emulator(state, true);
    if (observer_) report_exit(state);
}

InsPlan PioUnit::enter_string_in(PioState& state, InsRegisters now, std::uint64_t budget) {
    InsPlan plan = strings_->enter_ins(pending_, state, now, budget);
    plan.elements =
        std::min<std::uint64_t>(plan.elements, pio_batch_bytes / pending_.size);  // rules from outside
    pending_.set = plan.action == InsPlan::Action::repeat || plan.unfinished;
    if (plan.action != InsPlan::Action::store) return plan;
    const std::size_t done = std::size_t{pending_.ins.stored} * pending_.size;
    const std::size_t fresh = std::size_t{pending_.count} * pending_.size - done;
    std::memcpy(read_ahead_.data(), pending_.data.data() + done, fresh);
    pending_.ins.stored += static_cast<std::uint32_t>(plan.elements);
    return plan;
}

void PioUnit::end_string_in(PioOutcome outcome, const PioState& state) {
    if (outcome == PioOutcome::completed) account_for_emulator(state, false);
    if (observer_) report_outcome(outcome, state);
}

PioEvent PioUnit::event(const PioState& state) const {
    return {pending_.direction,
            pending_.port,
            pending_.size,
            pending_.count,
            pending_.first_element(),
            pending_.linear_rip,
            pending_.visible_rip,
            linear_rip(state),
            state.rip};
}

void PioUnit::report_exit(const PioState& state) { observer_->pio_exit(event(state)); }

void PioUnit::report_outcome(PioOutcome outcome, const PioState& state) {
    switch (outcome) {
        case PioOutcome::completed:
            observer_->pio_complete(event(state));
            break;
        case PioOutcome::cancelled:
            observer_->pio_cancel(event(state));
            break;
        case PioOutcome::nothing:
            break;
    }
}

}  // namespace southgate::cpu
