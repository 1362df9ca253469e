#include "mutant_builder.h"

namespace southgate::pio::test {

namespace {

void linear_rip_comparison(Collector& m) {
    const auto both = [&](std::string rule, auto what) {
        m.add(std::move(rule), snapshot(what), cancel_if(unlike(what)));
    };
    const auto linear = [](const PendingPio&, PioContext& c) { return c.linear_rip(); };
    m.in("LR");
    both("compares rip, not linear rip", [](const PendingPio&, PioContext& c) { return c.rip(); });
    both("the linear rip is not cut to 32 bits outside 64-bit mode",
         [](const PendingPio&, PioContext& c) { return c.code64() ? c.rip() : c.cs_base() + c.rip(); });
    both("the linear rip is cut to 32 bits in 64-bit mode too", [](const PendingPio&, PioContext& c) {
        return std::uint64_t{static_cast<std::uint32_t>(c.linear_rip())};
    });
    both("the linear rip wraps at 1 MiB", [](const PendingPio&, PioContext& c) {
        return c.code64() ? c.rip() : (c.cs_base() + c.rip()) & 0xfffff;
    });
    both("the CS base counts in 64-bit mode", [](const PendingPio&, PioContext& c) {
        return c.code64() ? c.cs_base() + c.rip() : c.linear_rip();
    });
    both("the CS base does not count outside 64-bit mode",
         [](const PendingPio&, PioContext& c) { return std::uint64_t{static_cast<std::uint32_t>(c.rip())}; });
    both("only the CS base is compared", [](const PendingPio&, PioContext& c) { return c.cs_base(); });
    m.add("the snapshot is that of the next instruction",
          snapshot([](const PendingPio& p, PioContext& c) { return c.linear_rip() + p.length; }), nullptr);
    m.add("the mode of the exit counts at re-entry", snapshot([](const PendingPio&, PioContext& c) {
              return c.linear_rip() | std::uint64_t{c.code64()} << 63;
          }),
          cancel_if([](const PendingPio& p, PioContext& c) {
              const bool was64 = p.snapshot >> 63 != 0 && p.rip >> 63 == 0;
              const std::uint64_t was = was64 ? p.snapshot & ~(std::uint64_t{1} << 63) : p.snapshot;
              return (was64 ? c.rip() : c.linear_rip()) != was;
          }));
    m.add("the mode of the re-entry counts for the snapshot",
          snapshot([](const PendingPio&, PioContext& c) { return c.rip(); }),
          cancel_if([](const PendingPio& p, PioContext& c) {
              return c.code64() ? c.rip() != p.snapshot
                                : static_cast<std::uint32_t>(p.snapshot) !=
                                      static_cast<std::uint32_t>(c.linear_rip());
          }));
    m.add("never cancels", nullptr, cancel_if([](const PendingPio&, PioContext&) { return false; }));
    m.add("always cancels", nullptr, cancel_if([](const PendingPio&, PioContext&) { return true; }));
    m.add("IN is never cancelled", nullptr, cancel_if([=](const PendingPio& p, PioContext& c) {
              return !is_in(p) && linear(p, c) != p.snapshot;
          }));
    m.add("OUT is never cancelled", nullptr, cancel_if([=](const PendingPio& p, PioContext& c) {
              return is_in(p) && linear(p, c) != p.snapshot;
          }));
    m.add("a write of the same rip cancels", nullptr, cancel_if([=](const PendingPio& p, PioContext& c) {
              return p.regs_written || linear(p, c) != p.snapshot;
          }));
    m.add("a higher linear rip does not cancel", nullptr,
          cancel_if([=](const PendingPio& p, PioContext& c) { return linear(p, c) < p.snapshot; }));
    m.add("a lower linear rip does not cancel", nullptr,
          cancel_if([=](const PendingPio& p, PioContext& c) { return linear(p, c) > p.snapshot; }));
    m.add("the reset vector cancels as well", nullptr, cancel_if([=](const PendingPio& p, PioContext& c) {
              return linear(p, c) != p.snapshot || linear(p, c) == 0xfffffff0;
          }));
}

void completion(Collector& m) {
    const auto replace_rax = [&](std::string rule, auto merged) {
        m.add(std::move(rule), nullptr,
              [=](const CompletionPolicy& real, const PendingPio& pending, PioContext& context) {
                  const std::uint64_t before = context.rax();
                  const PioOutcome outcome = real.at_entry(pending, context);
                  if (outcome == PioOutcome::completed && is_in(pending))
                      context.set_rax(merged(pending, before, context.rax()));
                  return outcome;
              });
    };
    m.in("LR");
    m.add("IN data is merged on cancel", nullptr,
          after(PioOutcome::cancelled, [](const PendingPio& p, PioContext& c) {
              if (is_in(p)) cpu::merge_in_data(p, c);
          }));
    replace_rax("IN data is not merged on completion",
                [](const PendingPio&, std::uint64_t before, std::uint64_t) { return before; });
    replace_rax("32-bit data is merged", [](const PendingPio& p, std::uint64_t before, std::uint64_t right) {
        return p.size == 4 ? (before >> 32 << 32) | right : right;
    });
    replace_rax("32-bit data is sign-extended", [](const PendingPio& p, std::uint64_t, std::uint64_t right) {
        return p.size == 4 ? right | 0xffffffff00000000 : right;
    });
    replace_rax("8-bit data is zero-extended", [](const PendingPio& p, std::uint64_t, std::uint64_t right) {
        return p.size == 1 ? right & 0xff : right;
    });
    replace_rax("16-bit data is zero-extended", [](const PendingPio& p, std::uint64_t, std::uint64_t right) {
        return p.size == 2 ? right & 0xffff : right;
    });
    replace_rax("16-bit data is zero-extended to 32 bits",
                [](const PendingPio& p, std::uint64_t before, std::uint64_t right) {
                    return p.size == 2 ? (before >> 32 << 32) | (right & 0xffff) : right;
                });
    replace_rax("8-bit data fills AX", [](const PendingPio& p, std::uint64_t, std::uint64_t right) {
        return p.size == 1 ? (right & ~std::uint64_t{0xff00}) | (right & 0xff) << 8 : right;
    });
    replace_rax("16-bit data reaches AL only",
                [](const PendingPio& p, std::uint64_t before, std::uint64_t right) {
                    return p.size == 2 ? (before & ~std::uint64_t{0xff}) | (right & 0xff) : right;
                });
    m.add(
        "data is merged into the RAX of the exit",
        [](const CompletionPolicy& real, PendingPio& pending, PioContext& context) {
            // The second half of the buffer is free for a single transfer.
            const std::uint64_t rax = context.rax();
            std::memcpy(pending.data.data() + 512, &rax, sizeof rax);
            return real.at_exit(pending, context);
        },
        after(PioOutcome::completed, [](const PendingPio& p, PioContext& c) {
            std::uint64_t rax;
            std::memcpy(&rax, p.data.data() + 512, sizeof rax);
            if (is_in(p)) c.set_rax(cpu::merged_rax(rax, p.first_element(), p.size));
        }));
    m.add("OUT writes RAX too", nullptr, after(PioOutcome::completed, [](const PendingPio& p, PioContext& c) {
              if (!is_in(p)) c.set_rax(0);
          }));
    const auto wrong_advance = [](const CompletionPolicy& real, const PendingPio& pending,
                                  PioContext& context) {
        PioState state = copy_of(context);
        PioContext wrong = other_model(state, context);
        const PioOutcome outcome = real.at_entry(pending, wrong);
        if (outcome != PioOutcome::completed) return outcome;
        context.set_rax(state.rax);
        context.set_rip(state.rip);
        cpu::retire(context);
        return outcome;
    };
    m.add("the skip is absolute on VMX", nullptr, wrong_advance);
    m.add("the skip is relative on SVM", nullptr, wrong_advance, PioAdvance::absolute);
    const auto move_rip = [&](std::string rule, auto to) {
        m.add(std::move(rule), nullptr,
              after(PioOutcome::completed, [=](const PendingPio& p, PioContext& c) { c.set_rip(to(p, c)); }));
    };
    move_rip("the new rip keeps its carry out of bit 31 outside 64-bit mode",
             [](const PendingPio& p, PioContext& c) {
                 return c.rip() < p.length ? c.rip() + 0x100000000 : c.rip();
             });
    move_rip("the new rip is cut to 32 bits in 64-bit mode",
             [](const PendingPio&, PioContext& c) { return c.rip() & 0xffffffff; });
    move_rip("the new rip wraps at 64 KiB",
             [](const PendingPio&, PioContext& c) { return c.rip() == 0x10000 ? 0 : c.rip(); });
    move_rip("prefixes do not count in the length",
             [](const PendingPio& p, PioContext& c) { return p.length == 3 ? c.rip() - 1 : c.rip(); });
    move_rip("every port instruction is two bytes long",
             [](const PendingPio& p, PioContext& c) { return c.rip() + 2 - p.length; });
    move_rip("rip stays on the instruction",
             [](const PendingPio& p, PioContext& c) { return c.rip() - p.length; });
    move_rip("advances twice", [](const PendingPio& p, PioContext& c) { return c.rip() + p.length; });
    const auto retire_state = [&](std::string rule, PioOutcome when, auto change) {
        m.add(std::move(rule), nullptr,
              [=](const CompletionPolicy& real, const PendingPio& pending, PioContext& context) {
                  PioState scratch = copy_of(context);
                  PioContext trial(scratch, context.advance());
                  const PioOutcome outcome = real.at_entry(pending, trial);
                  if (outcome != when) return real.at_entry(pending, context);
                  context.set_rax(scratch.rax);
                  context.set_rip(scratch.rip);
                  change(context);
                  return outcome;
              });
    };
    retire_state("the shadow stays on completion", PioOutcome::completed,
                 [](PioContext& c) { c.count_retired(true); });
    retire_state("the shadow ends on cancel", PioOutcome::cancelled, [](PioContext& c) { c.clear_shadow(); });
    retire_state("a completion is not counted", PioOutcome::completed,
                 [](PioContext& c) { c.clear_shadow(); });
    retire_state("a completion counts twice", PioOutcome::completed, [](PioContext& c) {
        cpu::retire(c);
        c.count_retired(true);
    });
    retire_state("a cancelled PIO steps", PioOutcome::cancelled,
                 [](PioContext& c) { c.count_retired(true); });
    retire_state("the single step is lost", PioOutcome::completed,
                 [](PioContext& c) { cpu::retire(c, false); });
}

void other_policies(Collector& m) {
    m.in("RC");
    m.add("compares linear rip", snapshot([](const PendingPio&, PioContext& c) { return c.linear_rip(); }),
          cancel_if(unlike([](const PendingPio&, PioContext& c) { return c.linear_rip(); })));
    m.add("the snapshot is the next rip",
          snapshot([](const PendingPio& p, PioContext&) { return p.next_rip; }), nullptr);
    m.add("a rip of zero never differs", nullptr, cancel_if([](const PendingPio& p, PioContext& c) {
              return c.rip() != p.snapshot && c.rip() != 0;
          }));

    m.in("AW");
    m.add("a write of the same value is not noticed", nullptr,
          cancel_if([](const PendingPio& p, PioContext& c) { return p.regs_written && c.rip() != p.rip; }));
    m.add("a segment write counts as a write of rip", nullptr,
          cancel_if([](const PendingPio& p, PioContext& c) {
              return p.regs_written || c.linear_rip() != p.linear_rip;
          }));
    m.add("INIT is no write of rip", nullptr, cancel_if([](const PendingPio& p, PioContext&) { return p.regs_written; }));
    m.add("no write is noticed", nullptr, cancel_if([](const PendingPio&, PioContext&) { return false; }));
    m.add("IN survives a write of rip", nullptr,
          cancel_if([](const PendingPio& p, PioContext&) { return p.regs_written && !is_in(p); }));

    m.in("RV");
    m.add("compares the offset FFF0 only", nullptr,
          cancel_if([](const PendingPio&, PioContext& c) { return c.rip() == 0xfff0; }));
    m.add("tests the place of the port instruction", nullptr,
          cancel_if([](const PendingPio& p, PioContext&) { return p.linear_rip == 0xfffffff0; }));
    m.add("the start-up vector counts as well", nullptr, cancel_if([](const PendingPio&, PioContext& c) {
              return c.linear_rip() == 0xfffffff0 || c.rip() == 0;
          }));
    m.add("an instruction at the reset vector itself completes", nullptr,
          cancel_if([](const PendingPio& p, PioContext& c) {
              return c.linear_rip() == 0xfffffff0 && p.linear_rip != 0xfffffff0;
          }));

    m.in("CA");
    m.add("another rip cancels", nullptr,
          cancel_if([](const PendingPio& p, PioContext& c) { return c.rip() != p.rip; }));
    m.add("the skip is absolute on VMX", nullptr,
          [](const CompletionPolicy&, const PendingPio& p, PioContext& c) {
              if (is_in(p)) cpu::merge_in_data(p, c);
              c.set_rip(p.next_rip);
              cpu::retire(c);
              return PioOutcome::completed;
          });
    m.add("IN data is dropped when rip changed", nullptr,
          [](const CompletionPolicy&, const PendingPio& p, PioContext& c) {
              const std::uint64_t rax = c.rax();
              const bool moved = c.rip() != p.rip;
              complete(p, c);
              if (moved) c.set_rax(rax);
              return PioOutcome::completed;
          });
}

}  // namespace

std::vector<Mutant> policy_mutants() {
    Collector collector;
    linear_rip_comparison(collector);
    completion(collector);
    other_policies(collector);
    early_policies(collector);
    return collector.take();
}

}  // namespace southgate::pio::test
