// KVM_X86_QUIRK_OUT_7E_INC_RIP (8764ed55c970): OUT to port 7Eh advances before the exit, because QEMU's
// kvmvapic patches the instruction before rip. Decorates any policy; IN, string I/O and other ports are as
// without it.
#pragma once

#include <memory>
#include <utility>

#include "cpu_model/pio/completion_policy.h"

namespace southgate::cpu {

class QuirkOut7e final : public CompletionPolicy {
  public:
    static constexpr std::uint16_t port = 0x7e;

    explicit QuirkOut7e(std::unique_ptr<CompletionPolicy> base) : base_(std::move(base)) {}

    static bool applies(const PendingPio& pending) {
        return pending.direction == Direction::out && pending.port == port;
    }

    std::string_view name() const override { return base_->name(); }

    AtExit at_exit(PendingPio& pending, PioContext& context) const override {
        // The emulator path knows no quirk: it is past the instruction anyway.
        if (!applies(pending) || !base_->takes_quirk()) return base_->at_exit(pending, context);
        skip_instruction(pending, context);
        pending.early = true;
        pending.set = false;
        return AtExit::advanced_or_step;
    }

    PioOutcome at_entry(const PendingPio& pending, PioContext& context) const override {
        return base_->at_entry(pending, context);
    }

  private:
    std::unique_ptr<CompletionPolicy> base_;
};

}  // namespace southgate::cpu
