// Why a run failed: what the vCPU did wrong, and how the guest's place at that moment relates to the instruction's.
//
// Derived from a recording alone: the first moment from which on vCPU and oracle stay apart, and what was written,
// kept and moved up to it. Nothing here knows a policy or a list of failures.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "sim/pio/explore/judge.h"
#include "sim/pio/explore/recording.h"

namespace southgate::pio::explore {

// Instructions that complete by rules of their own.
enum class Group : std::uint8_t {
    io,      // IN, OUT
    out_7e,  // OUT to port 7Eh, where OUT to another port does not fail
    outs,
    ins,
};
inline constexpr unsigned group_count = 4;

enum class Fault : std::uint8_t {
    // At the exit.
    shown_past,     // rip is past the instruction
    early,          // and userspace, who counts from it, ends up elsewhere
    io_exit_lost,   // a step exit takes the place of the I/O exit
    step_swallowed, // the step or trap due with the instruction is lost to the I/O exit
    // By an action.
    trap_dropped,   // a register write drops the queued trap
    shadow_outlives,// a new context keeps the interrupt shadow of the old one
    // At an entry, in the context of the instruction.
    not_carried,    // nothing is pending on a fresh vCPU, nor after a re-entry elsewhere
    dropped,        // the instruction does not complete
    data_dropped,   // it completes, IN data does not arrive
    stale_rip,      // it completes with the next rip of another CS base
    count_followed, // INS stores as many elements as RCX says now
    livelock,       // the same exit comes back for ever
    miscounted,
    // At an entry, in another context.
    completes,      // rip, count, memory, step: the old instruction is completed in it
    data_lands,     // only its data arrives
    unexplained,
    not_repeatable, // it did not happen again: an engine in real time
};
inline constexpr unsigned fault_count = 17;

enum class Relation : std::uint8_t {
    none,
    // The context is the instruction's.
    untouched,        // nothing was written
    reset_vector,     // nor here, and it is at linear FFFFFFF0h
    same_values,      // registers were written with the rip they had
    same_sregs,       // only special registers were written
    other_split,      // another CS base and rip, same linear address
    base_ignored,     // another CS base in 64-bit code, where it does not count
    // Userspace took the guest over.
    moved,            // rip was moved
    moved_base,       // only the CS base: same rip, other code
    upper_half,       // rip differs in the upper 32 bits only
    rewound,          // rip is the instruction's, which is to run again
    rewritten,        // other code is to run there
    // A new context.
    new_context,      // anywhere, the reset vector included
    other_vector,     // not at the reset vector
    same_offset,      // the instruction's offset in another code segment
    same_linear,      // the instruction's linear address by another CS base
    other_mode,       // the same, and the mode is another one
    same_place_reset, // the very place of the instruction: the reset vector
    same_place,       // the very place of the instruction: another vector
};
inline constexpr unsigned relation_count = 19;

struct Mechanism {
    Group group{};
    Fault fault{};
    Relation relation{};
    auto operator<=>(const Mechanism&) const = default;
};

Group group_of(const Sequence& sequence);

// Why this kind of damage came about. The sequence must be minimal for it, or the instruction may not matter.
Mechanism mechanism_of(const Sequence& sequence, Damage damage, const Recording& recording);

// "io.completes.same-offset": for machines, and for docs/pio-explore.md.
std::string id_of(const Mechanism& mechanism);
// A line for people.
std::string name_of(const Mechanism& mechanism);

}  // namespace southgate::pio::explore
