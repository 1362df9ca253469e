#include "cpu_model/pio/pio_unit.h"

#include <utility>

namespace southgate::cpu {

void PioUnit::set_policy(PioPolicyKind kind, bool quirk_out_7e) {
    policy_ = make_completion_policy(kind, quirk_out_7e);
    inline_default_ = kind == PioPolicyKind::linear_rip_snapshot;
    quirk_ = quirk_out_7e;
}

void PioUnit::use_policy(std::shared_ptr<const CompletionPolicy> policy) {
    policy_ = std::move(policy);
    inline_default_ = quirk_ = false;
}

AtExit PioUnit::begin_by_policy(PioContext& context) {
    const AtExit at_exit = policy_->at_exit(pending_, context);
    pending_.visible_rip = context.rip;
    if (observer_) {
        report_exit(context);
        if (!pending_.set) report_outcome(PioOutcome::completed, context);
    }
    return at_exit;
}

void PioUnit::begin_string_out(std::uint16_t port, unsigned size, const void* element, std::uint64_t rip,
                               std::uint64_t next_rip, const PioContext& context) {
    PioContext on_instruction = context;
    on_instruction.rip = rip;
    start(Direction::out, port, size, 1, next_rip, on_instruction);
    pending_.string = true;
    pending_.set = false;
    pending_.early = true;
    std::memcpy(pending_.data.data(), element, size);
    pending_.visible_rip = context.rip;
    if (observer_) {
        report_exit(context);
        report_outcome(PioOutcome::completed, context);
    }
}

void PioUnit::begin_string_in(std::uint16_t port, unsigned size, std::uint32_t count, const PendingIns& ins,
                              std::uint64_t next_rip, const PioContext& context) {
    start(Direction::in, port, size, count, next_rip, context);
    pending_.string = true;
    pending_.ins = ins;
    // The bytes beyond the batch are cleared too: full-emulator may store them after a jam.
    pending_.data.fill(0);
    if (observer_) report_exit(context);
}

InsPlan PioUnit::enter_string_in(const PioContext& context, InsRegisters now) {
    const InsPlan plan = plan_ins(pending_, context, now, string_rules_ == StringRules::kernel);
    pending_.set = plan.action == InsPlan::Action::repeat;
    return plan;
}

PioEvent PioUnit::event(const PioContext& context) const {
    return {pending_.direction,
            pending_.port,
            pending_.size,
            pending_.count,
            pending_.first_element(),
            pending_.snapshot,
            pending_.visible_rip,
            linear_rip(context),
            context.rip};
}

void PioUnit::report_exit(const PioContext& context) { observer_->pio_exit(event(context)); }

void PioUnit::report_outcome(PioOutcome outcome, const PioContext& context) {
    switch (outcome) {
        case PioOutcome::completed:
            observer_->pio_complete(event(context));
            break;
        case PioOutcome::cancelled:
            observer_->pio_cancel(event(context));
            break;
        case PioOutcome::nothing:
            break;
    }
}

}  // namespace southgate::cpu
