// Policies that do the right thing and look at too much or too little for it, and hosts that count otherwise.
#include "mutant_builder.h"

namespace southgate::pio::test {

namespace {

// The real policy, with something read before one of its halves.
Exit reads_at_exit(void (*look)(const PendingPio&, PioContext&)) {
    return [look](const CompletionPolicy& real, PendingPio& pending, PioContext& context) {
        look(pending, context);
        return real.at_exit(pending, context);
    };
}
Entry reads_at_entry(void (*look)(const PendingPio&, PioContext&)) {
    return [look](const CompletionPolicy& real, const PendingPio& pending, PioContext& context) {
        look(pending, context);
        return real.at_entry(pending, context);
    };
}

void rip(const PendingPio&, PioContext& c) { (void)c.rip(); }
void mode(const PendingPio&, PioContext& c) { (void)c.code64(); }
void base(const PendingPio&, PioContext& c) { (void)c.cs_base(); }
void linear(const PendingPio&, PioContext& c) { (void)c.linear_rip(); }
void length(const PendingPio& p, PioContext& c) { (void)c.instruction_length(p); }

}  // namespace

std::vector<Mutant> cost_mutants() {
    Collector m;
    m.in("CA");
    m.add("remembers rip it never compares", reads_at_exit(rip), nullptr);
    m.add("looks at the mode at re-entry", nullptr, reads_at_entry(mode));
    m.in("SB");
    m.add("IN looks at rip at re-entry", nullptr, reads_at_entry(base));
    m.add("takes a snapshot nobody needs", reads_at_exit(linear), nullptr);
    m.in("AW");
    m.add("compares rip, too", reads_at_exit(rip), nullptr);
    m.add("a cancelled one reads the length", nullptr, reads_at_entry(length));
    m.in("RC");
    m.add("remembers the linear rip", reads_at_exit(linear), nullptr);
    m.add("looks at the mode", reads_at_exit(mode), nullptr);
    m.in("RV");
    m.add("takes a snapshot", reads_at_exit(linear), nullptr);
    m.add("reads the CS base in 64-bit mode, too", nullptr, reads_at_entry(base));
    m.in("LR");
    m.add("reads the CS base in 64-bit mode, too", reads_at_exit(base), nullptr);
    m.add("reads the length at the exit already", reads_at_exit(length), nullptr);
    m.add("a cancelled one reads the length", nullptr, reads_at_entry(length));
    m.add("reads the CS base at the re-entry of 64-bit code, too", nullptr, reads_at_entry(base));
    m.add("the snapshot is free: everything is read at re-entry",
          [](const CompletionPolicy&, PendingPio& pending, PioContext&) {
              pending.snapshot = pending.linear_rip;
              return AtExit::in_place;
          },
          nullptr);
    m.in("LQ");
    m.add("the quirk takes a snapshot before it skips", reads_at_exit(linear), nullptr);
    m.in("FE");
    m.add("OUT reads the length instead of decoding", reads_at_exit(length), nullptr);
    std::vector<Mutant> list = m.take();

    const auto host = [&](std::string rule, const cpu::VmcsOptions& options) {
        Mutant mutant;
        mutant.rule = std::move(rule);
        mutant.column = "LR";
        mutant.host = options;
        list.push_back(std::move(mutant));
    };
    host("the access rights of CS are free", {.cs_ar_precached = true});
    host("real mode takes the base from the selector", {.unrestricted_guest = false});
    host("every exit reads the interruptibility", {.userspace_irqchip = true});
    for (Mutant& mutant : list) {
        mutant.costs = true;
        mutant.rule = "VMREADs: " + mutant.rule;
    }
    return list;
}

}  // namespace southgate::pio::test
