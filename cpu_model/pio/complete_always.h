// Advances at re-entry whatever happened in between: KVM before 0967b7bf1c22 (2007). Skips bytes after a
// reset.
#pragma once

#include "cpu_model/pio/completion_policy.h"

namespace southgate::cpu {

class CompleteAlways final : public CompletionPolicy {
  public:
    std::string_view name() const override { return name_of(PioPolicyKind::complete_always); }

    AtExit at_exit(PendingPio&, PioContext&) const override { return AtExit::in_place; }

    PioOutcome at_entry(const PendingPio& pending, PioContext& context) const override {
        complete_in_place(pending, context);
        return PioOutcome::completed;
    }
};

}  // namespace southgate::cpu
