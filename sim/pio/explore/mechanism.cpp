#include "sim/pio/explore/mechanism.h"

#include <array>

namespace southgate::pio::explore {
namespace {

constexpr std::uint64_t reset_linear = 0xfffffff0;

// What of the state a kind of damage is about.
enum class Aspect : std::uint8_t { exit, rip, rax, memory, counts, trap, step, shadow, retired };

Aspect aspect_of(Damage damage, bool string) {
    switch (damage) {
        case Damage::shown_past:
        case Damage::io_exit_lost:
        case Damage::wedged: return Aspect::exit;
        case Damage::repeated:
        case Damage::wrong_rip:
        case Damage::code_skipped:
        case Damage::old_next_rip:
        case Damage::old_rip:
        case Damage::moved_rip:
        case Damage::not_again: return Aspect::rip;
        case Damage::data_lost: return string ? Aspect::memory : Aspect::rax;
        case Damage::rax_overwritten:
        case Damage::rax_changed: return Aspect::rax;
        case Damage::memory_written: return Aspect::memory;
        case Damage::wrong_count:
        case Damage::registers_changed: return Aspect::counts;
        case Damage::trap_lost:
        case Damage::trap_survives: return Aspect::trap;
        case Damage::step_lost:
        case Damage::step_leaks: return Aspect::step;
        case Damage::shadow_stays:
        case Damage::shadow_survives: return Aspect::shadow;
        case Damage::wrong_retired:
        case Damage::retires: return Aspect::retired;
    }
    return Aspect::exit;
}

class Investigation {
  public:
    Investigation(const Sequence& sequence, Damage damage, const Recording& recording)
        : traits_(traits(sequence.start.pio)), damage_(damage), recording_(recording),
          aspect_(aspect_of(damage, traits_.string)), moments_(recording.moments) {
        group_ = group_of(sequence);
    }

    Mechanism result() const {
        const auto [fault, relation] = why();
        return {group_, fault, relation};
    }

  private:
    struct Answer {
        Fault fault;
        Relation relation = Relation::none;
    };

    const Moment& exit() const { return moments_.front(); }
    bool past_at_exit() const { return exit().seen.rip != exit().ideal.rip; }

    Answer why() const {
        if (damage_ == Damage::shown_past) return {Fault::shown_past};
        if (damage_ == Damage::io_exit_lost) return {Fault::io_exit_lost};
        if (damage_ == Damage::wedged) return {Fault::livelock};
        if (damage_ == Damage::trap_lost && trap_was_dropped()) return {Fault::trap_dropped};
        const std::size_t m = aspect_ == Aspect::step || aspect_ == Aspect::retired ? entry_of_count() : parting();
        if (m == 0) return {Fault::early, taken_over(moments_.back(), moments_.back())};
        const Moment& before = moments_[m - 1];
        const Moment& at = moments_[m];
        if (at.kind == MomentKind::action) return by_action(at);
        return before.ideal.owed ? in_its_context(before, at, m) : in_another(before, at);
    }

    // A trap of the instruction was queued and a register write ended it.
    bool trap_was_dropped() const {
        for (std::size_t n = 1; n < moments_.size(); n++)
            if (moments_[n].kind == MomentKind::action && moments_[n].wrote_regs && moments_[n - 1].seen.trap &&
                !moments_[n].seen.trap && moments_[n - 1].ideal.context == Context::same)
                return true;
        return false;
    }

    static bool acted(const Moment& before, const Moment& at) {
        return before.seen != at.seen || at.retired != 0 || at.stepped;
    }

    bool apart(const Moment& m) const {
        const Seen& s = m.seen;
        const Ideal& i = m.ideal;
        switch (aspect_) {
            case Aspect::rip: return s.rip != i.rip;
            case Aspect::rax: return s.rax != i.rax;
            case Aspect::memory: return s.stored != i.stored;
            case Aspect::counts: return s.rcx != i.rcx || s.rdi != i.rdi;
            case Aspect::trap: return i.trap && s.trap != *i.trap;
            case Aspect::shadow: return i.shadow && s.shadow != *i.shadow;
            default: return false;
        }
    }
    // The moment from which on they stay apart.
    std::size_t parting() const {
        std::size_t m = moments_.size() - 1;
        while (m > 0 && apart(moments_[m - 1])) --m;
        return m;
    }
    // The entry where the step exit, or the count, went wrong.
    std::size_t entry_of_count() const {
        for (std::size_t m = 1; m < moments_.size(); m++) {
            if (moments_[m].kind != MomentKind::entry) continue;
            const bool owed = moments_[m - 1].ideal.owed;
            if (aspect_ == Aspect::retired ? owed != (moments_[m].retired != 0)
                                           : (owed && moments_[m - 1].ideal.step) != moments_[m].stepped)
                return m;
        }
        return moments_.size() - 1;
    }

    Answer by_action(const Moment& at) const {
        if (aspect_ == Aspect::shadow) return {Fault::shadow_outlives};
        if (aspect_ == Aspect::rip && past_at_exit()) return {Fault::early, taken_over(at, at)};
        return {Fault::unexplained};
    }

    // `at` should have completed the instruction.
    Answer in_its_context(const Moment& before, const Moment& at, std::size_t m) const {
        bool regs = false, sregs = false, migrated = false;
        for (std::size_t n = 1; n < m; n++) {
            regs |= moments_[n].wrote_regs;
            sregs |= moments_[n].wrote_sregs;
            migrated |= moments_[n].migrated;
        }
        const bool idle = !acted(before, at);
        if (idle && migrated) return {Fault::not_carried};
        // A re-entry in another context has completed or dropped it before.
        for (std::size_t n = 1; idle && n < m; n++) {
            if (moments_[n].kind != MomentKind::entry || moments_[n - 1].ideal.owed) continue;
            if (acted(moments_[n - 1], moments_[n])) return in_another(moments_[n - 1], moments_[n]);
            return {Fault::not_carried};
        }
        if (damage_ == Damage::step_lost || damage_ == Damage::trap_lost) return {Fault::step_swallowed};
        if (idle) return {Fault::dropped, kept(before, regs, sregs)};
        switch (aspect_) {
            case Aspect::rip: return {Fault::stale_rip, kept(before, regs, sregs)};
            case Aspect::rax: return {Fault::data_dropped, kept(before, regs, sregs)};
            case Aspect::memory:
            case Aspect::counts:
                if (before.seen.rcx != exit().seen.rcx) return {Fault::count_followed};
                return {Fault::unexplained};
            case Aspect::retired: return {Fault::miscounted};
            default: return {Fault::unexplained};
        }
    }

    // `at` should have left the guest alone.
    Answer in_another(const Moment& before, const Moment& at) const {
        const bool only_data = at.retired == 0 && !at.stepped && at.seen.rip == before.seen.rip;
        return {only_data ? Fault::data_lands : Fault::completes, taken_over(before, at)};
    }

    // How the guest stands to the instruction while the context is the same.
    Relation kept(const Moment& now, bool regs, bool sregs) const {
        const Seen& s = now.seen;
        const Ideal& i = exit().ideal;
        if (s.cs_base != i.cs_base) return s.code64 ? Relation::base_ignored : Relation::other_split;
        if (!regs && !sregs) return s.linear_rip() == reset_linear ? Relation::reset_vector : Relation::untouched;
        return regs ? Relation::same_values : Relation::same_sregs;
    }

    // And when it is not. `now` is where userspace left it, `end` what came of it.
    Relation taken_over(const Moment& now, const Moment& end) const {
        const Ideal& to = now.ideal;
        const Ideal& from = exit().ideal;
        const bool same_linear = to.linear_rip() == from.linear_rip(), same_rip = to.rip == from.rip;
        if (to.context == Context::same) return Relation::other_split;
        if (to.again) return recording_.rewritten ? Relation::rewritten : Relation::rewound;
        if (to.context == Context::taken_over) {
            if (same_rip || end.ideal.cs_base != from.cs_base) return Relation::moved_base;
            if (static_cast<std::uint32_t>(to.rip) == static_cast<std::uint32_t>(from.rip)) return Relation::upper_half;
            return Relation::moved;
        }
        if (same_linear) {
            if (to.code64 != from.code64) return Relation::other_mode;
            if (!same_rip) return Relation::same_linear;
            return to.linear_rip() == reset_linear ? Relation::same_place_reset : Relation::same_place;
        }
        if (same_rip) return Relation::same_offset;
        return to.linear_rip() == reset_linear ? Relation::new_context : Relation::other_vector;
    }

    const PioTraits& traits_;
    Damage damage_;
    const Recording& recording_;
    Aspect aspect_;
    const std::vector<Moment>& moments_;
    Group group_{};
};

struct Words {
    std::string_view id, text;
};
constexpr std::array<Words, group_count> group_words{{
    {"io", "IN, OUT"},
    {"out-7e", "OUT 7Eh"},
    {"outs", "OUTS"},
    {"ins", "INS"},
}};
constexpr std::array<Words, fault_count> fault_words{{
    {"shown-past", "rip is past the instruction at the exit"},
    {"early", "rip was past the instruction at the exit, and what userspace made of it is wrong"},
    {"io-exit-lost", "the step exit takes the place of the I/O exit"},
    {"step-swallowed", "the step exit or trap due with the instruction is lost to the I/O exit"},
    {"trap-dropped", "a register write drops the queued TF trap"},
    {"shadow-outlives", "the interrupt shadow outlives its context"},
    {"not-carried", "what pends is in no state: a fresh vCPU, or one restored after a re-entry, knows nothing of it"},
    {"dropped", "the instruction is not completed"},
    {"data-dropped", "the IN data is lost"},
    {"stale-rip", "rip becomes the old next rip"},
    {"count-followed", "a larger RCX makes INS store more than was read"},
    {"livelock", "with RCX = 0, which a reset writes, the same exit comes back for ever"},
    {"miscounted", "the instruction count is wrong"},
    {"completes", "the old instruction completes in another context"},
    {"data-lands", "the data of the old instruction lands in another context"},
    {"unexplained", "unexplained"},
    {"not-repeatable", "it did not happen again"},
}};
constexpr std::array<Words, relation_count> relation_words{{
    {"", ""},
    {"untouched", "though nothing was written"},
    {"reset-vector", "where it lies at the reset vector itself"},
    {"same-values", "after registers were written with the same rip"},
    {"same-sregs", "after the special registers were written back"},
    {"other-split", "after CS base and rip were written as another split of the same linear address"},
    {"base-ignored", "after the CS base changed in 64-bit code, where it does not count"},
    {"moved", "userspace moved rip"},
    {"moved-base", "userspace moved the CS base"},
    {"upper-half", "userspace moved rip by a multiple of 4 GiB"},
    {"rewound", "rip was written back for the instruction to run again"},
    {"rewritten", "other code was put under it to be run"},
    {"new-context", "any new context, one at the reset vector included"},
    {"other-vector", "a new context that does not start at the reset vector"},
    {"same-offset", "the new context starts at the same offset in another code segment"},
    {"same-linear", "the new context starts at the same linear address, by another CS base"},
    {"other-mode", "the new context starts at the same linear address, in another mode"},
    {"same-place-reset", "the instruction lies at the reset vector itself"},
    {"same-place", "the instruction lies at the very vector of the new context"},
}};

template <class E, std::size_t n>
const Words& words(const std::array<Words, n>& table, E value) {
    return table[static_cast<std::size_t>(value)];
}

}  // namespace

Group group_of(const Sequence& sequence) {
    const PioTraits& t = traits(sequence.start.pio);
    if (t.string) return t.direction == cpu::Direction::in ? Group::ins : Group::outs;
    return sequence.start.pio == PioKind::out_7e_imm || sequence.start.pio == PioKind::out_7e_dx ? Group::out_7e : Group::io;
}

Mechanism mechanism_of(const Sequence& sequence, Damage damage, const Recording& recording) {
    return Investigation(sequence, damage, recording).result();
}

std::string id_of(const Mechanism& m) {
    std::string id(words(group_words, m.group).id);
    id += '.';
    id += words(fault_words, m.fault).id;
    if (m.relation != Relation::none) (id += '.') += words(relation_words, m.relation).id;
    return id;
}

std::string name_of(const Mechanism& m) {
    std::string name(words(fault_words, m.fault).text);
    if (m.relation != Relation::none) (name += ": ") += words(relation_words, m.relation).text;
    return name;
}

}  // namespace southgate::pio::explore
