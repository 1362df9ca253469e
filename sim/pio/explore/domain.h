// What the exploration enumerates: guest modes, port instructions, places, start conditions and userspace actions.
//
// Every list is ordered from plain to special, because "minimal" means earliest in these orders (shrink.h). The
// values are few and chosen for what they collide with: a rip, a linear rip, a vector, a wrap.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "cpu_model/vcpu.h"
#include "sim/pio/lab/guest.h"

namespace southgate::pio::explore {

// The port instructions. `_4` and so on: bytes.
enum class PioKind : std::uint8_t {
    out_imm_1, out_dx_1, out_imm_2, out_dx_2, out_imm_4, out_dx_4,
    in_imm_1, in_dx_1, in_imm_2, in_dx_2, in_imm_4, in_dx_4,
    out_7e_imm, out_7e_dx,
    outsb, insb, rep_outsb, rep_insb,
};
inline constexpr unsigned pio_kind_count = 18;

struct PioTraits {
    std::string_view name;  // assembler notation
    cpu::Direction direction;
    std::uint8_t size;      // bytes an element
    std::uint8_t opcode;
    std::uint16_t port;
    bool immediate, string, repeated;
};
const PioTraits& traits(PioKind kind);
// The instruction in this mode: 66h where the operand size is not the mode's own.
std::vector<std::uint8_t> encode(PioKind kind, GuestMode mode);
// REP starts with this many elements.
inline constexpr std::uint64_t repeat_count = 4;

// Where the port instruction is.
enum class PlaceKind : std::uint8_t {
    plain,             // rip 8000h, base 0: equal to nothing else
    reset_offset,      // rip FFF0h, the offset of the reset vector, in another segment
    zero_offset,       // rip 0, the offset of every start-up vector, linear 8000h
    edge_64k,          // the instruction ends at offset 10000h
    edge_4g,           // it ends at linear 1_0000_0000h
    wrapped_base,      // base + rip wraps at 4 GiB to linear 8000h
    ap_vector,         // 9A00:0000, where the AP of the actions starts
    relocated_vector,  // B000:FFF0
    high_half,         // FFFF8000_00008000h
    above_4g,          // 1_FFFFFFF0h: the reset vector after truncation to 32 bits
    reset_vector,      // linear FFFFFFF0h
};
inline constexpr unsigned place_kind_count = 11;
std::string_view name_of(PlaceKind kind);

struct Place {
    std::uint64_t cs_base = 0, rip = 0;
};
// nullopt: not in this mode. `length` is that of the instruction.
std::optional<Place> place(PlaceKind kind, GuestMode mode, std::uint64_t length);

// What is in force when the guest reaches the instruction.
enum class Condition : std::uint8_t { none, after_sti, trap_flag, guest_debug };
inline constexpr unsigned condition_count = 4;
std::string_view name_of(Condition condition);

// What userspace does while it has the vCPU, and means by it: the same calls can mean different things (same_regs,
// rewind).
enum class Intent : std::uint8_t {
    same_regs,          // KVM_SET_REGS with what KVM_GET_REGS says
    same_sregs,         // the same for the special registers
    write_rax,
    write_rcx,          // to more than REP still has to move
    zero_rcx,
    clear_events,       // KVM_SET_VCPU_EVENTS without interrupt shadow
    step_on,            // KVM_SET_GUEST_DEBUG, single step
    drain,              // KVM_RUN with immediate_exit
    migrate,            // the state goes to a fresh vCPU
    restore,            // the state as it was read at the exit is written back: loadvm
    rewind,             // rip of the instruction is written: run it again
    skip_self,          // rip := rip as read + length of the instruction
    move_rip,           // rip := 9000h
    alias_rip,          // rip := rip as read + 4 GiB, 64-bit code only
    move_base,          // KVM_SET_SREGS: CS.base + 10000h, rip as it is
    move_split,         // another CS.base and rip, same linear rip
    rewrite_code,       // other instructions are put under the pending one, to be run
    reset,              // power-on values by KVM_SET_REGS, KVM_SET_SREGS
    reset_sregs_first,  // the same in the other order
    take_init,          // INIT# taken by the engine itself
    relocated_reset,    // reset, with the vector at B000:FFF0
    ap_start,           // an AP put at 9A00:0000
    ap_start_alias,     // an AP put at 0800:0000, linear 8000h
};
inline constexpr unsigned intent_count = 23;
std::string_view name_of(Intent intent);
// Simpler ones that may show the same failure.
std::vector<Intent> simpler(Intent intent);

// Everything before the first action.
struct Start {
    GuestMode mode = GuestMode::real16;
    Condition condition = Condition::none;
    PlaceKind place = PlaceKind::plain;
    PioKind pio = PioKind::out_imm_1;
    bool operator==(const Start&) const = default;
};
bool valid(const Start& start);
// All of them, simplest first; `modes` empty: every mode.
std::vector<Start> all_starts(const std::vector<GuestMode>& modes);

inline constexpr unsigned max_depth = 4;

struct Sequence {
    Start start;
    std::uint8_t depth = 0;
    std::array<Intent, max_depth> intents{};
    bool operator==(const Sequence&) const = default;
};
// False where an action has no meaning of its own after those before it (a split in 64-bit code, RCX of an instruction
// without REP); such sequences are not counted.
bool applicable(const Sequence& sequence);

}  // namespace southgate::pio::explore
