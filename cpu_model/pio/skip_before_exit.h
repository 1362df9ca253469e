// Advances before the exit: KVM from 0967b7bf1c22 (2007) to 45def77ebf79 (2019). Right for OUT; IN data is
// written to RAX at re-entry whatever happened in between, so a reset during IN finds its RAX polluted.
#pragma once

#include "cpu_model/pio/completion_policy.h"

namespace southgate::cpu {

class SkipBeforeExit final : public CompletionPolicy {
  public:
    std::string_view name() const override { return name_of(PioPolicyKind::skip_before_exit); }

    AtExit at_exit(PendingPio& pending, PioContext& context) const override {
        skip_instruction(pending, context);
        pending.early = true;
        pending.set = pending.direction == Direction::in;
        return AtExit::advanced;
    }

    PioOutcome at_entry(const PendingPio& pending, PioContext& context) const override {
        merge_in_data(pending, context);
        return PioOutcome::completed;
    }
};

}  // namespace southgate::cpu
