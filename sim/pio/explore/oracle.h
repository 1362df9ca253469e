// The oracle: what must happen, whatever the policy.
//
// It is a model of an ideal machine that knows what userspace *means*. It runs beside the real vCPU, is told the same
// intents, and is compared with it at the end. It knows no policy, no snapshot and no list of failures; it has three
// rules.
//
//   1. A port instruction belongs to the guest context that executed it. As long as userspace keeps that context
//      (Context::same) the instruction takes effect exactly once: its data arrives, rip moves behind it, the interrupt
//      shadow ends, one instruction retires, a single step or TF trap that was due comes. Writing values back,
//      another split of the same linear address, draining and moving to another vCPU all keep the context: none of
//      them is visible to a guest on hardware.
//   2. A jam makes a new context (Context::fresh): reset, INIT, the start of an AP. Nothing of the old context may
//      reach it: not rip, RAX, RCX, RDI, memory, interrupt shadow, trap, step exit or instruction count.
//   3. Where userspace writes another rip or moves CS, it takes the guest over (Context::taken_over): rip and
//      registers are what it wrote, and what was pending is over. Putting other code under the instruction, and
//      writing its rip in order to run it again, are taken over as well: the guest continues *at* that rip.
//
// Values keep their API meaning: before anything else a guest that executes IN or OUT is shown on the instruction, so
// "rip as read" is its rip; RAX written by userspace is the RAX that IN data is merged into; RCX written during REP is
// the number of elements still to move. The state read at the exit, written back later, brings the old context back
// as long as the instruction is not over.
//
// Not judged: interrupt shadow and traps of a context that was taken over (the API leaves them to userspace), what is
// shown of RSI and RCX at an OUTS exit, the instruction count of string instructions.
#pragma once

#include <cstdint>
#include <optional>

#include "sim/pio/explore/domain.h"

namespace southgate::pio::explore {

enum class Context : std::uint8_t { same, taken_over, fresh };

// Vectors the jams go to, shared with the driver that performs them.
struct Vector {
    std::uint16_t selector = 0;
    std::uint64_t base = 0, rip = 0;
};
// The target of a jam; nullopt for everything else.
std::optional<Vector> jam_target(Intent intent);
inline constexpr std::uint64_t moved_rip = 0x9000, rip_alias_distance = 0x100000000, base_distance = 0x10000;
inline constexpr std::uint64_t written_rax = 0xaabbccdd, written_rcx = 9;
// move_split: rip ^ this, and CS.base the other way.
inline constexpr std::uint64_t split_bit = 0x4000;

// The machine as it must be.
struct Ideal {
    Context context = Context::same;
    bool owed = false;   // the instruction has not taken effect yet
    bool again = false;  // taken over in order to run what is at rip
    bool code64 = false;
    bool step = false;   // single step is on
    std::uint64_t cs_base = 0;
    std::uint64_t rip = 0, rax = 0, rcx = 0, rdi = 0;
    std::uint32_t stored = 0;      // elements INS has put into memory
    std::optional<bool> shadow;    // interrupt shadow; nullopt: not judged
    std::optional<bool> trap;      // a TF trap is due
    std::uint32_t retired = 0;

    std::uint64_t linear_rip() const { return code64 ? rip : static_cast<std::uint32_t>(cs_base + rip); }
};

class Oracle {
  public:
    struct Instruction {
        PioKind kind = PioKind::out_imm_1;
        GuestMode mode = GuestMode::real16;
        std::uint64_t length = 0;
        std::uint32_t in_data = 0;  // of the first element
        bool sti = false, trap_flag = false, step = false;
    };

    // The guest stands on the instruction, `at_exit` being its registers, and has left for userspace.
    Oracle(const Instruction& instruction, const Place& place, std::uint64_t rax, std::uint64_t rcx, std::uint64_t rdi);

    void apply(Intent intent);
    // KVM_RUN: what is owed takes effect. True if a step exit is due.
    bool enter();

    const Ideal& ideal() const { return now_; }
    // rip before the last enter() that made something take effect.
    std::uint64_t rip_before() const { return rip_before_; }
    std::uint64_t instruction_rip() const { return at_exit_.rip; }
    std::uint64_t next_rip() const { return truncate(at_exit_.rip + instruction_.length, at_exit_.code64); }
    std::uint64_t instruction_linear_rip() const { return at_exit_.linear_rip(); }
    const Instruction& instruction() const { return instruction_; }

    static std::uint64_t truncate(std::uint64_t rip, bool code64) {
        return code64 ? rip : static_cast<std::uint32_t>(rip);
    }

  private:
    void take_over(std::uint64_t rip);
    void jam(const Vector& to);
    void restore();

    Instruction instruction_;
    Ideal at_exit_, now_;
    bool over_ = false;       // it took effect
    bool rewritten_ = false;  // other code is in its place
    std::uint64_t rip_before_ = 0;
};

}  // namespace southgate::pio::explore
