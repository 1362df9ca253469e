#include "sim/pio/explore/oracle.h"

#include <algorithm>

namespace southgate::pio::explore {

std::optional<Vector> jam_target(Intent intent) {
    switch (intent) {
        case Intent::reset:
        case Intent::reset_sregs_first:
        case Intent::take_init: return Vector{0xf000, 0xffff0000, 0xfff0};
        case Intent::relocated_reset: return Vector{0xb000, 0xb0000, 0xfff0};
        case Intent::ap_start: return Vector{0x9a00, 0x9a000, 0};
        case Intent::ap_start_alias: return Vector{0x0800, 0x8000, 0};
        default: return std::nullopt;
    }
}

Oracle::Oracle(const Instruction& instruction, const Place& place, std::uint64_t rax, std::uint64_t rcx,
               std::uint64_t rdi)
    : instruction_(instruction) {
    const PioTraits& t = traits(instruction.kind);
    Ideal& m = at_exit_;
    m.code64 = instruction.mode == GuestMode::long64;
    m.step = instruction.step;
    m.cs_base = place.cs_base;
    m.rip = place.rip;
    m.rax = rax;
    m.rcx = rcx;
    m.rdi = rdi;
    m.owed = true;
    if (instruction.sti) m.shadow = true;
    // Each element of REP OUTS is over when userspace has it: the guest is between two elements, on the instruction.
    if (t.repeated && t.direction == cpu::Direction::out) {
        m.owed = false;
        --m.rcx;
        m.shadow = false;
        over_ = true;
    }
    now_ = m;
    rip_before_ = m.rip;
}

void Oracle::take_over(std::uint64_t rip) {
    if (now_.context != Context::fresh) {
        now_.context = Context::taken_over;
        now_.shadow.reset();
        now_.trap.reset();
    }
    now_.owed = now_.again = false;
    now_.rip = rip;
}

void Oracle::jam(const Vector& to) {
    const Ideal before = now_;
    now_ = Ideal{};
    now_.context = Context::fresh;
    now_.step = before.step;
    now_.stored = before.stored;  // a reset keeps memory
    now_.cs_base = to.base;
    now_.rip = to.rip;
    now_.shadow = now_.trap = false;
}

void Oracle::restore() {
    const Ideal before = now_;
    now_ = at_exit_;
    now_.step = before.step;
    now_.stored = before.stored;
    now_.retired = before.retired;
    const bool rep_outs = !at_exit_.owed;
    if (rep_outs) return;
    if (!over_ && !rewritten_) return;
    // Rolled back to before an instruction that is over: it runs again.
    take_over(at_exit_.rip);
    now_.again = true;
}

void Oracle::apply(Intent intent) {
    using enum Intent;
    switch (intent) {
        case same_regs:
        case same_sregs:
        case drain:    // by enter()
        case migrate:  // the same guest, elsewhere
            return;
        case write_rax: now_.rax = written_rax; return;
        case write_rcx: now_.rcx = written_rcx; return;
        case zero_rcx: now_.rcx = 0; return;
        case clear_events:
            now_.shadow = false;
            // Nothing is queued any more; what is owed still brings its trap.
            now_.trap.reset();
            return;
        case step_on: now_.step = true; return;
        case restore: return this->restore();
        case rewind:
            take_over(at_exit_.rip);
            now_.again = true;
            return;
        case skip_self: return take_over(now_.rip + instruction_.length);
        case move_rip: return take_over(moved_rip);
        case alias_rip: return take_over(now_.rip + rip_alias_distance);
        case move_base:
            now_.cs_base += base_distance;
            // The base does not count in 64-bit code (SDM vol. 3A 3.4.4).
            if (!now_.code64) take_over(now_.rip);
            return;
        case move_split:
            now_.cs_base = static_cast<std::uint32_t>(now_.cs_base + now_.rip - (now_.rip ^ split_bit));
            now_.rip ^= split_bit;
            return;
        case rewrite_code:
            rewritten_ = true;
            if (!now_.owed) return;
            take_over(now_.rip);
            now_.again = true;
            return;
        case reset:
        case reset_sregs_first:
        case take_init:
        case relocated_reset:
        case ap_start:
        case ap_start_alias: return jam(*jam_target(intent));
    }
}

bool Oracle::enter() {
    if (!now_.owed) return false;
    const PioTraits& t = traits(instruction_.kind);
    rip_before_ = now_.rip;
    std::uint64_t elements = 1;
    if (t.repeated) {
        elements = std::min(now_.rcx, at_exit_.rcx);
        now_.rcx -= elements;
    }
    if (t.direction == cpu::Direction::in && !t.string) {
        const std::uint64_t mask = t.size == 1 ? 0xff : t.size == 2 ? 0xffff : ~std::uint64_t{0};
        now_.rax = (now_.rax & ~mask) | (instruction_.in_data & mask);
    } else if (t.direction == cpu::Direction::in) {
        now_.rdi += elements;
        now_.stored += static_cast<std::uint32_t>(elements);
    }
    if (!t.repeated) now_.rip = truncate(now_.rip + instruction_.length, now_.code64);
    now_.shadow = false;
    now_.trap = instruction_.trap_flag;
    now_.owed = false;
    now_.retired += 1;
    over_ = true;
    return now_.step;
}

}  // namespace southgate::pio::explore
