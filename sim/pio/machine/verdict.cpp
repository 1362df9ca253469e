#include "sim/pio/machine/verdict.h"

#include <charconv>

namespace southgate::pio {

namespace {

constexpr std::array codes{
    Code{"ok", "right"},
    Code{"SK x", "advanced by the instruction's length at the new place, to rip x"},
    Code{"JN x", "jumped to the old next rip x"},
    Code{"JO x", "jumped back onto the old port instruction at x"},
    Code{"RP x", "the I/O is issued again, from rip x"},
    Code{"NR x", "the wanted second execution does not happen; rip is x"},
    Code{"RX", "IN data written over an RAX it must not touch"},
    Code{"LD", "IN data lost"},
    Code{"DL", "a debug exit is lost"},
    Code{"DB x", "a debug exit at x that should not be"},
    Code{"IL", "an I/O exit is lost"},
    Code{"TL", "the trap or interrupt is lost"},
    Code{"LT x", "the #DB trap comes late and pushes x"},
    Code{"SH", "the interrupt shadow is wrong at the end"},
    Code{"CX", "RCX or RDI is wrong"},
    Code{"MW", "memory is wrong: a dead batch was stored, or the wrong bytes were patched"},
    Code{"EA", "completed although the processor was not started"},
    Code{"RT n", "n instructions were counted as retired"},
    Code{"WG", "wedged: every re-entry returns the same I/O"},
    Code{"RA x", "RAX is x, from nowhere"},
    Code{"XX x", "rip is x, from nowhere"},
    Code{"wr", "rip at the exit is not that of the port instruction"},
};

class Parts {
  public:
    explicit Parts(std::string& out) : out_(out) { out_.clear(); }
    bool empty() const { return out_.empty(); }
    void add(std::string_view code) {
        if (!out_.empty()) out_ += '+';
        out_ += code;
    }
    void add(std::string_view code, std::uint64_t value, int base = 16) {
        add(code);
        out_ += ' ';
        char figures[24];
        const auto end = std::to_chars(figures, figures + sizeof figures, value, base).ptr;
        for (const char* c = figures; c != end; ++c) out_ += *c >= 'a' ? static_cast<char>(*c - 'a' + 'A') : *c;
    }

  private:
    std::string& out_;
};

std::uint64_t next_rip(const Scenario& s) {
    const std::uint64_t rip = s.port_rip() + s.port_length;
    return s.guest.mode == GuestMode::long64 ? rip : static_cast<std::uint32_t>(rip);
}

// A rip that is not the right one.
void name_rip(const Scenario& s, std::uint64_t rip, std::uint64_t right, Parts& parts) {
    if (rip == right + s.port_length) parts.add("SK", rip);
    else if (rip == next_rip(s)) parts.add("JN", rip);
    else if (rip == s.port_rip()) parts.add("JO", rip);
    else parts.add("XX", rip);
}

bool issued_too_often(const Scenario& s, const Observation& seen) {
    const Right& right = s.right;
    return (seen.issued_again && right.again == Again::no) || (right.reads && seen.reads > *right.reads) ||
           (right.writes && seen.writes > *right.writes);
}

void judge_rip(const Scenario& s, const Observation& seen, bool again, Parts& parts) {
    const Right& right = s.right;
    const bool right_rip = !right.rip || seen.rip == *right.rip;
    const bool right_base = !right.cs_base || seen.cs_base == *right.cs_base;
    if (again) parts.add("RP", seen.rip);
    else if (!right_rip && right.again == Again::yes) parts.add("NR", seen.rip);
    else if (!right_rip) name_rip(s, seen.rip, *right.rip, parts);
    else if (!right_base) parts.add("XX", seen.rip);
}

// The part of RAX that the data of an IN shows in.
std::uint64_t data_mask(const Scenario& s) { return (std::uint64_t{1} << (8 * s.port_size)) - 1; }

void judge_rax(const Scenario& s, const Observation& seen, Parts& parts) {
    if (!s.right.rax || seen.rax == *s.right.rax) return;
    const std::uint64_t mask = data_mask(s), data = s.in_data & mask;
    if (s.port_is_in && (*s.right.rax & mask) == data) parts.add("LD");
    else if (s.port_is_in && (seen.rax & mask) == data) parts.add("RX");
    else parts.add("RA", seen.rax);
}

void judge_frame(const Scenario& s, const Observation& seen, bool again, Parts& parts) {
    const Right& right = s.right;
    if (right.vector && seen.vector != right.vector) {
        if (!again) parts.add("TL");
        return;
    }
    if (!right.pushed || seen.pushed == right.pushed) return;
    constexpr std::uint8_t debug_vector = 1;
    if (!seen.pushed) parts.add("TL");
    else if (right.vector == debug_vector) parts.add("LT", *seen.pushed);
    else name_rip(s, *seen.pushed, *right.pushed, parts);
}

void judge_exits(const Scenario& s, const Observation& seen, Parts& parts) {
    const Right& right = s.right;
    const bool io_lost = (right.reads && seen.reads < *right.reads) || (right.writes && seen.writes < *right.writes);
    if (io_lost) parts.add("IL");
    if (!right.debug) return;
    const auto stopped_at = [&](std::uint64_t rip) {
        for (unsigned i = 0; i < seen.stop_count; ++i)
            if (seen.stops[i].reason == cpu::ExitReason::debug && seen.stops[i].rip == rip) return true;
        return false;
    };
    for (const std::uint64_t rip : *right.debug)
        if (!stopped_at(rip)) return parts.add("DL");
    if (io_lost) return;
    for (unsigned i = 0; i < seen.stop_count; ++i) {
        const Stop& stop = seen.stops[i];
        if (stop.reason != cpu::ExitReason::debug) continue;
        bool wanted = false;
        for (const std::uint64_t rip : *right.debug) wanted |= rip == stop.rip;
        if (!wanted) parts.add("DB", stop.rip);
    }
}

bool counts_right(const Right& right, const Observation& seen) {
    if ((right.rcx && seen.rcx != *right.rcx) || (right.rdi && seen.rdi != *right.rdi)) return false;
    std::size_t exits = 0;
    for (unsigned i = 0; i < seen.stop_count && exits < right.exit_rcx.size(); ++i)
        if (seen.stops[i].reason == cpu::ExitReason::pio && seen.stops[i].rcx != right.exit_rcx[exits++]) return false;
    return exits == right.exit_rcx.size();
}

bool waited(const Observation& seen) {
    if (seen.stop_count < 2) return false;
    const Stop &at_exit = seen.stops[0], &re_entered = seen.stops[1];
    return re_entered.reason == cpu::ExitReason::wait_for_sipi && re_entered.rip == at_exit.rip &&
           re_entered.rax == at_exit.rax;
}

}  // namespace

std::span<const Code> verdict_codes() { return codes; }

void judge(const Scenario& s, const Observation& seen, std::string& out) {
    Parts parts(out);
    if (seen.livelock) return parts.add("WG");
    const Right& right = s.right;
    const bool again = issued_too_often(s, seen);
    judge_rip(s, seen, again, parts);
    judge_rax(s, seen, parts);
    judge_frame(s, seen, again, parts);
    judge_exits(s, seen, parts);
    if (right.shadow && seen.shadow != *right.shadow) parts.add("SH");
    if (!counts_right(right, seen)) parts.add("CX");
    if (!seen.memory_right) parts.add("MW");
    if (right.postponed && !waited(seen)) parts.add("EA");
    if (parts.empty() && right.retired && seen.retired != *right.retired) parts.add("RT", seen.retired, 10);
    const Stop* exit = seen.first_io();
    const bool shown_wrong = exit && exit->rip != right.exit_rip.value_or(s.port_rip());
    // A scenario that only asks what the exit shows has no final state to be right.
    if (parts.empty() && !(shown_wrong && right.exit_rip)) parts.add("ok");
    if (shown_wrong) parts.add("wr");
}

}  // namespace southgate::pio
