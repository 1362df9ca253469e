#include "sim/pio/explore/judge.h"

#include <array>

namespace southgate::pio::explore {
namespace {

constexpr std::array<std::string_view, damage_count> names{
    "shown-past",   "io-exit-lost", "wedged",        "repeated",      "wrong-rip",      "data-lost",
    "wrong-count",  "trap-lost",    "step-lost",     "shadow-stays",  "wrong-retired",  "code-skipped",
    "old-next-rip", "old-rip",      "moved-rip",     "not-again",     "rax-overwritten", "rax-changed",
    "memory-written", "registers-changed", "shadow-survives", "trap-survives", "step-leaks", "retires"};

// The guest is where it was: the instruction must have taken effect once.
void judge_kept(const Oracle& oracle, const Observation& seen, Finding& found) {
    const Ideal& must = oracle.ideal();
    const PioTraits& t = traits(oracle.instruction().kind);
    if (seen.rip != must.rip) {
        // Everything else follows from that: the instruction has yet to run.
        found.add(seen.issued_again && seen.rip == oracle.rip_before() ? Damage::repeated : Damage::wrong_rip);
        return;
    }
    if (seen.rax != must.rax || seen.stored < must.stored) found.add(Damage::data_lost);
    if (seen.stored > must.stored) found.add(Damage::memory_written);
    if (t.string && (seen.rcx != must.rcx || seen.rdi != must.rdi)) found.add(Damage::wrong_count);
    if (must.trap && seen.trap != *must.trap) found.add(*must.trap ? Damage::trap_lost : Damage::trap_survives);
    if (seen.step_missing) found.add(Damage::step_lost);
    if (seen.step_extra) found.add(Damage::step_leaks);
    if (must.shadow && seen.shadow && !*must.shadow) found.add(Damage::shadow_stays);
    if (seen.counted && !t.string && seen.retired != must.retired) found.add(Damage::wrong_retired);
}

void judge_new(const Oracle& oracle, const Observation& seen, Finding& found) {
    const Ideal& must = oracle.ideal();
    const PioTraits& t = traits(oracle.instruction().kind);
    if (seen.rip != must.rip) {
        if (must.again) found.add(Damage::not_again);
        else if (seen.rip == Oracle::truncate(must.rip + oracle.instruction().length, must.code64))
            found.add(Damage::code_skipped);
        else if (seen.rip == oracle.next_rip()) found.add(Damage::old_next_rip);
        else if (seen.rip == oracle.instruction_rip()) found.add(Damage::old_rip);
        else found.add(Damage::moved_rip);
    } else if (seen.retired_at_end != 0) {
        found.add(Damage::retires);
    }
    if (seen.rax != must.rax) {
        const std::uint64_t mask = t.size == 1 ? 0xff : t.size == 2 ? 0xffff : ~std::uint64_t{0};
        const bool data = t.direction == cpu::Direction::in &&
                          seen.rax == ((must.rax & ~mask) | (oracle.instruction().in_data & mask));
        found.add(data ? Damage::rax_overwritten : Damage::rax_changed);
    }
    if (seen.memory_changed && seen.stored != must.stored) found.add(Damage::memory_written);
    if (t.string && (seen.rcx != must.rcx || seen.rdi != must.rdi)) found.add(Damage::registers_changed);
    if (must.shadow && seen.shadow != *must.shadow) found.add(Damage::shadow_survives);
    if (must.trap && seen.trap != *must.trap) found.add(Damage::trap_survives);
    if (seen.step_extra) found.add(Damage::step_leaks);
}

}  // namespace

std::string_view name_of(Damage damage) { return names[static_cast<unsigned>(damage)]; }

Finding judge(const Oracle& oracle, const Observation& seen) {
    Finding found;
    if (!seen.io_exit) {
        found.add(Damage::io_exit_lost);
        return found;
    }
    const Ideal& must = oracle.ideal();
    if (seen.shown_rip != oracle.instruction_rip()) found.add(Damage::shown_past);
    if (must.context != Context::same) {
        // Where it was put, before anything moved it.
        if (must.rip == oracle.instruction_rip()) found.set_same_rip();
        if (must.linear_rip() == oracle.instruction_linear_rip())
            found.set_same_linear(must.code64 == (oracle.instruction().mode == GuestMode::long64));
    }
    if (seen.wedged) found.add(Damage::wedged);
    else if (must.context == Context::same) judge_kept(oracle, seen, found);
    else judge_new(oracle, seen, found);
    return found;
}

}  // namespace southgate::pio::explore
