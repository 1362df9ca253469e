// A different rip cancels. Blind to a reset from the same offset in another code segment.
#pragma once

#include "cpu_model/pio/completion_policy.h"

namespace southgate::cpu {

class CancelOnRipChange final : public CompletionPolicy {
  public:
    std::string_view name() const override { return name_of(PioPolicyKind::cancel_on_rip_change); }

    AtExit at_exit(PendingPio& pending, PioContext& context) const override {
        pending.snapshot = context.rip();
        return AtExit::in_place;
    }

    PioOutcome at_entry(const PendingPio& pending, PioContext& context) const override {
        if (context.rip() != pending.snapshot) return PioOutcome::cancelled;
        complete_in_place(pending, context);
        return PioOutcome::completed;
    }
};

}  // namespace southgate::cpu
