// Cancels if the vCPU is found at the reset vector. Firmware that does port I/O there never gets past it.
#pragma once

#include "cpu_model/pio/completion_policy.h"

namespace southgate::cpu {

class MatchResetVector final : public CompletionPolicy {
    // First fetch after RESET# (SDM vol. 3A 9.1.4).
    static constexpr std::uint64_t reset_vector = 0xfffffff0;

  public:
    std::string_view name() const override { return name_of(PioPolicyKind::match_reset_vector); }

    AtExit at_exit(PendingPio&, PioContext&) const override { return AtExit::in_place; }

    PioOutcome at_entry(const PendingPio& pending, PioContext& context) const override {
        if (context.linear_rip() == reset_vector) return PioOutcome::cancelled;
        complete_in_place(pending, context);
        return PioOutcome::completed;
    }
};

}  // namespace southgate::cpu
