// The kernel's choice since 45def77ebf79 (2019) and the default: a linear rip other than the snapshot
// cancels. The mode is sampled at both times, so a 64-bit rip of FFFFFFF0h and the reset vector compare
// equal: accepted there.
#pragma once

#include "cpu_model/pio/completion_policy.h"

namespace southgate::cpu {

class LinearRipSnapshot final : public CompletionPolicy {
  public:
    std::string_view name() const override { return name_of(PioPolicyKind::linear_rip_snapshot); }

    AtExit at_exit(PendingPio& pending, PioContext& context) const override {
        return leave(pending, context);
    }
    PioOutcome at_entry(const PendingPio& pending, PioContext& context) const override {
        return enter(pending, context);
    }

    // The same without a virtual call, for the hot path.
    static AtExit leave(PendingPio& pending, PioContext& context) {
        pending.snapshot = context.linear_rip();
        return AtExit::in_place;
    }
    static PioOutcome enter(const PendingPio& pending, PioContext& context) {
        if (context.linear_rip() != pending.snapshot) return PioOutcome::cancelled;
        complete_in_place(pending, context);
        return PioOutcome::completed;
    }
};

}  // namespace southgate::cpu
