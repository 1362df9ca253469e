// KVM's emulator path, which strings, invalid guest states and software vendor modules take on any kernel
// version. OUT has written rip back before the exit. IN is emulated again without decoding: the decoded next
// rip goes over whatever the platform wrote. The emulator works on registers of its own: RAX is that of the exit, with
// the data in it, unless the platform wrote the general registers; then theirs stay and the data is lost.
#pragma once

#include "cpu_model/pio/completion_policy.h"

namespace southgate::cpu {

class FullEmulator final : public CompletionPolicy {
  public:
    std::string_view name() const override { return name_of(PioPolicyKind::full_emulator); }
    bool takes_quirk() const override { return false; }

    AtExit at_exit(PendingPio& pending, PioContext& context) const override {
        context.read_for_decoding();
        if (pending.direction == Direction::in) {
            pending.snapshot = context.rax();
            return AtExit::in_place;
        }
        context.set_rip(pending.next_rip);
        retire(context, false);  // the step test is skipped when an exit is due
        pending.early = true;
        pending.set = false;
        return AtExit::advanced_no_step;
    }

    PioOutcome at_entry(const PendingPio& pending, PioContext& context) const override {
        if (!pending.regs_written)
            context.set_rax(merged_rax(pending.snapshot, pending.first_element(), pending.size));
        context.set_rip(pending.next_rip);
        retire(context);
        return PioOutcome::completed;
    }
};

}  // namespace southgate::cpu
