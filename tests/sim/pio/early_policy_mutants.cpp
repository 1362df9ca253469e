// skip-before-exit, the port-7Eh quirk and the emulator, each with one rule broken.
#include "mutant_builder.h"

namespace southgate::pio::test {

void early_policies(Collector& m) {
    const auto in_place = [](const CompletionPolicy&, PendingPio&, PioContext&) { return AtExit::in_place; };
    const auto late = [](const CompletionPolicy&, const PendingPio& p, PioContext& c) {
        return complete(p, c);
    };
    const auto as = [](AtExit how) {
        return [how](const CompletionPolicy& real, PendingPio& pending, PioContext& context) {
            const AtExit real_way = real.at_exit(pending, context);
            return real_way == AtExit::in_place ? real_way : how;
        };
    };
    m.in("SB");
    m.add("rip stays on the instruction until re-entry", in_place, late);
    m.add("IN data is checked against the linear rip", nullptr,
          [](const CompletionPolicy& real, const PendingPio& p, PioContext& c) {
              return c.rip() == p.next_rip ? real.at_entry(p, c) : PioOutcome::cancelled;
          });
    m.add("IN data is lost", nullptr,
          [](const CompletionPolicy&, const PendingPio&, PioContext&) { return PioOutcome::completed; });
    m.add("IN skips again at re-entry", nullptr, late);
    m.add(
        "OUT skips again at re-entry",
        [](const CompletionPolicy& real, PendingPio& pending, PioContext& context) {
            const AtExit how = real.at_exit(pending, context);
            pending.set = true;
            return how;
        },
        [](const CompletionPolicy& real, const PendingPio& p, PioContext& c) {
            return is_in(p) ? real.at_entry(p, c) : complete(p, c);
        });
    m.add("the step exit replaces the I/O exit", as(AtExit::advanced_or_step), nullptr);
    m.add(
        "the trap of TF is lost at the exit",
        [](const CompletionPolicy&, PendingPio& pending, PioContext& context) {
            context.set_rip(pending.next_rip);
            cpu::retire(context, false);
            pending.set = is_in(pending);
            return AtExit::advanced_no_step;
        },
        nullptr);

    m.in("LQ");
    const auto quirk_if = [](auto applies) {
        return [applies](const CompletionPolicy&, PendingPio& pending, PioContext& context) {
            if (!applies(pending)) {
                pending.snapshot = context.linear_rip();
                return AtExit::in_place;
            }
            cpu::skip_instruction(pending, context);
            pending.set = false;
            return AtExit::advanced_or_step;
        };
    };
    m.add("the quirk takes IN as well", quirk_if([](const PendingPio& p) { return p.port == 0x7e; }),
          nullptr);
    m.add("the quirk takes every port", quirk_if([](const PendingPio& p) { return !is_in(p); }), nullptr);
    m.add("the quirk takes port 7Fh as well",
          quirk_if([](const PendingPio& p) { return !is_in(p) && (p.port | 1) == 0x7f; }), nullptr);
    m.add("the quirk takes 8 bits only",
          quirk_if([](const PendingPio& p) { return !is_in(p) && p.port == 0x7e && p.size == 1; }), nullptr);
    m.add("the quirk is off", quirk_if([](const PendingPio&) { return false; }), nullptr);
    m.add("the I/O exit survives a single step", as(AtExit::advanced), nullptr);
    m.add(
        "the quirk loses the trap of TF",
        [](const CompletionPolicy& real, PendingPio& pending, PioContext& context) {
            if (is_in(pending) || pending.port != 0x7e) return real.at_exit(pending, context);
            context.set_rip(pending.next_rip);
            cpu::retire(context, false);
            pending.set = false;
            return AtExit::advanced_no_step;
        },
        nullptr);
    m.add(
        "the quirk leaves the completion pending",
        [](const CompletionPolicy& real, PendingPio& pending, PioContext& context) {
            const AtExit how = real.at_exit(pending, context);
            pending.set = true;
            return how;
        },
        [](const CompletionPolicy& real, const PendingPio& p, PioContext& c) {
            return !is_in(p) && p.port == 0x7e ? complete(p, c) : real.at_entry(p, c);
        });

    m.in("FE");
    const auto emulated_in = [&](std::string rule, auto entry) { m.add(std::move(rule), nullptr, entry); };
    emulated_in("IN data survives a write of the registers",
                [](const CompletionPolicy&, const PendingPio& p, PioContext& c) {
                    cpu::merge_in_data(p, c);
                    c.set_rip(p.next_rip);
                    cpu::retire(c);
                    return PioOutcome::completed;
                });
    emulated_in("IN data is lost after a segment write",
                [](const CompletionPolicy& real, const PendingPio& p, PioContext& c) {
                    const std::uint64_t rax = c.rax();
                    const bool moved = c.linear_rip() != p.linear_rip;
                    const PioOutcome outcome = real.at_entry(p, c);
                    if (moved) c.set_rax(rax);
                    return outcome;
                });
    emulated_in("IN data is always lost",
                [](const CompletionPolicy& real, const PendingPio& p, PioContext& c) {
                    const std::uint64_t rax = c.rax();
                    const PioOutcome outcome = real.at_entry(p, c);
                    c.set_rax(rax);
                    return outcome;
                });
    emulated_in("rip advances relative to what it is now",
                [](const CompletionPolicy&, const PendingPio& p, PioContext& c) {
                    if (!p.regs_written) cpu::merge_in_data(p, c);
                    c.set_rip(c.rip() + p.length);
                    cpu::retire(c);
                    return PioOutcome::completed;
                });
    emulated_in("another linear rip cancels",
                [](const CompletionPolicy& real, const PendingPio& p, PioContext& c) {
                    return c.linear_rip() == p.linear_rip ? real.at_entry(p, c) : PioOutcome::cancelled;
                });
    emulated_in("the single step over IN is lost",
                [](const CompletionPolicy&, const PendingPio& p, PioContext& c) {
                    if (!p.regs_written) cpu::merge_in_data(p, c);
                    c.set_rip(p.next_rip);
                    cpu::retire(c, false);
                    return PioOutcome::completed;
                });
    emulated_in("the shadow behind IN stays",
                [](const CompletionPolicy&, const PendingPio& p, PioContext& c) {
                    if (!p.regs_written) cpu::merge_in_data(p, c);
                    c.set_rip(p.next_rip);
                    c.count_retired(true);
                    return PioOutcome::completed;
                });
    m.add(
        "OUT shows the instruction and is completed at re-entry",
        [](const CompletionPolicy& real, PendingPio& pending, PioContext& context) {
            return is_in(pending) ? real.at_exit(pending, context) : AtExit::in_place;
        },
        [](const CompletionPolicy& real, const PendingPio& p, PioContext& c) {
            return is_in(p) ? real.at_entry(p, c) : complete(p, c);
        });
    m.add(
        "the trap behind OUT comes in time",
        [](const CompletionPolicy& real, PendingPio& pending, PioContext& context) {
            const AtExit how = real.at_exit(pending, context);
            if (!is_in(pending)) context.count_retired(true);
            return is_in(pending) ? how : AtExit::advanced;
        },
        nullptr);
    m.add(
        "IN shows the next instruction",
        [](const CompletionPolicy& real, PendingPio& pending, PioContext& context) {
            const AtExit how = real.at_exit(pending, context);
            if (!is_in(pending)) return how;
            context.set_rip(pending.next_rip);
            cpu::retire(context);
            return AtExit::advanced;
        },
        [](const CompletionPolicy&, const PendingPio& p, PioContext& c) {
            if (!p.regs_written) cpu::merge_in_data(p, c);
            return PioOutcome::completed;
        });
}

}  // namespace southgate::pio::test
