// What the mutants of completion policies are made with: a real policy, one half of it replaced.
#pragma once

#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cpu_model/pio/completion.h"
#include "mutants.h"

namespace southgate::pio::test {

using cpu::AtExit;
using cpu::CompletionPolicy;
using cpu::Direction;
using cpu::PendingPio;
using cpu::PioAdvance;
using cpu::PioContext;
using cpu::PioOutcome;
using cpu::PioState;

using Exit = std::function<AtExit(const CompletionPolicy& real, PendingPio&, PioContext&)>;
using Entry = std::function<PioOutcome(const CompletionPolicy& real, const PendingPio&, PioContext&)>;

// A real policy with one or both halves replaced.
class Broken final : public CompletionPolicy {
  public:
    Broken(std::unique_ptr<CompletionPolicy> real, Exit exit, Entry entry)
        : real_(std::move(real)), exit_(std::move(exit)), entry_(std::move(entry)) {}
    std::string_view name() const override { return "broken"; }
    AtExit at_exit(PendingPio& pending, PioContext& context) const override {
        return exit_ ? exit_(*real_, pending, context) : real_->at_exit(pending, context);
    }
    PioOutcome at_entry(const PendingPio& pending, PioContext& context) const override {
        return entry_ ? entry_(*real_, pending, context) : real_->at_entry(pending, context);
    }

  private:
    std::unique_ptr<CompletionPolicy> real_;
    Exit exit_;
    Entry entry_;
};

class Collector {
  public:
    void in(std::string_view column) { column_ = column; }
    void add(std::string rule, Exit exit, Entry entry, PioAdvance advance = PioAdvance::relative) {
        const Column& column = columns[*parse_column(column_)];
        auto real = cpu::make_completion_policy(column.kind, column.quirk);
        list_.push_back({std::move(rule), std::string(column_), advance,
                         std::make_shared<Broken>(std::move(real), std::move(exit), std::move(entry)),
                         nullptr});
    }
    std::vector<Mutant> take() { return std::move(list_); }

  private:
    std::string_view column_;
    std::vector<Mutant> list_;
};

inline PioOutcome complete(const PendingPio& pending, PioContext& context) {
    cpu::complete_in_place(pending, context);
    return PioOutcome::completed;
}
inline bool is_in(const PendingPio& pending) { return pending.direction == Direction::in; }
inline PioContext other_model(PioState& state, const PioContext& context) {
    return {state, context.advance() == PioAdvance::relative ? PioAdvance::absolute : PioAdvance::relative};
}
// The state behind the context, as the accessors show it.
inline PioState copy_of(PioContext& context) {
    PioState state;
    state.rip = context.rip();
    state.rax = context.rax();
    state.cs_base = context.cs_base();
    state.code64 = context.code64();
    return state;
}

// An entry that first decides by the real policy, then does something wrong when the outcome is `when`.
inline Entry after(PioOutcome when, std::function<void(const PendingPio&, PioContext&)> wrong) {
    return [=](const CompletionPolicy& real, const PendingPio& pending, PioContext& context) {
        const PioOutcome outcome = real.at_entry(pending, context);
        if (outcome == when) wrong(pending, context);
        return outcome;
    };
}
// An exit that only remembers something else.
inline Exit snapshot(std::function<std::uint64_t(const PendingPio&, PioContext&)> what) {
    return [=](const CompletionPolicy&, PendingPio& pending, PioContext& context) {
        pending.snapshot = what(pending, context);
        return AtExit::in_place;
    };
}
// An entry that cancels under another condition.
inline Entry cancel_if(std::function<bool(const PendingPio&, PioContext&)> condition) {
    return [=](const CompletionPolicy&, const PendingPio& pending, PioContext& context) {
        return condition(pending, context) ? PioOutcome::cancelled : complete(pending, context);
    };
}
inline std::function<bool(const PendingPio&, PioContext&)> unlike(
    std::function<std::uint64_t(const PendingPio&, PioContext&)> what) {
    return [=](const PendingPio& pending, PioContext& context) {
        return what(pending, context) != pending.snapshot;
    };
}

// The policies that are done, or partly done, before the exit.
void early_policies(Collector& m);

}  // namespace southgate::pio::test
