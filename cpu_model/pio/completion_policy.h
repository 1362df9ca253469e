// What a port-I/O completion policy decides. One small class each, in the file of its name.
//
// Policies rule the non-string instructions; string I/O has rules of its own (cpu_model/pio/string_rules.h),
// as in the kernel, where it always takes the emulator's path.
#pragma once

#include <memory>
#include <string_view>

#include "cpu_model/pio/completion.h"
#include "cpu_model/pio/pending.h"
#include "cpu_model/pio/policy.h"

namespace southgate::cpu {

// What the policy did with rip at the exit, and what becomes of a single step that is due with it.
enum class AtExit : std::uint8_t {
    in_place,  // rip stays on the instruction; everything happens at re-entry
    advanced,  // rip is past it; a guest TF trap is queued, a debugger's step exit is lost to the I/O exit
    advanced_no_step,  // rip is past it; no step processing at all (the emulator's OUT)
    advanced_or_step,  // rip is past it; a debugger's step exit replaces the I/O exit (the port-7Eh quirk)
};

enum class PioOutcome : std::uint8_t {
    nothing,  // nothing was owed
    completed,
    cancelled,
};

class CompletionPolicy {
  public:
    virtual ~CompletionPolicy() = default;

    // The name on the command line, or that of a policy from elsewhere.
    virtual std::string_view name() const = 0;
    // The port-7Eh quirk may be laid over it; the emulator's path knows no quirk.
    virtual bool takes_quirk() const { return true; }

    // At the exit: `pending` is filled in, rip is on the instruction. May advance it, and clears
    // `pending.set` if nothing is owed afterwards. What it must remember goes into `pending.snapshot`.
    virtual AtExit at_exit(PendingPio& pending, PioContext& context) const = 0;

    // At re-entry, with `pending.set`: completes or cancels. The caller clears `pending.set`.
    virtual PioOutcome at_entry(const PendingPio& pending, PioContext& context) const = 0;
};

std::unique_ptr<CompletionPolicy> make_completion_policy(PioPolicyKind kind, bool quirk_out_7e);

}  // namespace southgate::cpu
