// Any write of rip by the platform cancels, even of the same value; a segment write is not a write of rip.
#pragma once

#include "cpu_model/pio/completion_policy.h"

namespace southgate::cpu {

class CancelOnRipWrite final : public CompletionPolicy {
  public:
    std::string_view name() const override { return name_of(PioPolicyKind::cancel_on_rip_write); }

    AtExit at_exit(PendingPio&, PioContext&) const override { return AtExit::in_place; }

    PioOutcome at_entry(const PendingPio& pending, PioContext& context) const override {
        if (pending.regs_written || pending.was_reset) return PioOutcome::cancelled;
        complete_in_place(pending, context);
        return PioOutcome::completed;
    }
};

}  // namespace southgate::cpu
