// The difference between the machine as it is and as it must be, as a set of kinds of damage.
#pragma once

#include <cstdint>
#include <string_view>

#include "cpu_model/vcpu.h"
#include "sim/pio/explore/oracle.h"

namespace southgate::pio::explore {

enum class Damage : std::uint8_t {
    // seen at the exit
    shown_past,      // rip is not on the instruction
    io_exit_lost,    // another exit came in its place
    wedged,          // every KVM_RUN returns the same I/O exit
    // the context was kept
    repeated,        // the instruction takes effect again
    wrong_rip,
    data_lost,       // IN or INS data does not arrive
    wrong_count,     // RCX or RDI of a string instruction
    trap_lost,       // the TF trap does not come with the instruction
    step_lost,       // nor does the single-step exit
    shadow_stays,    // interrupts stay blocked behind the instruction
    wrong_retired,   // not counted exactly once
    // the context is a new one, or userspace took it over
    code_skipped,    // rip moved on by the length of the old instruction
    old_next_rip,    // rip is the old instruction's next one
    old_rip,         // rip is the old instruction's
    moved_rip,       // rip is something else
    not_again,       // userspace wanted what is at rip to run
    rax_overwritten, // by the old IN's data
    rax_changed,     // otherwise
    memory_written,  // by the old INS
    registers_changed,  // RCX, RDI
    shadow_survives,
    trap_survives,
    step_leaks,      // a step exit nobody is due
    retires,         // an instruction is counted
};
inline constexpr unsigned damage_count = 24;
std::string_view name_of(Damage damage);

// A set of damage, and what the target has in common with the place of the instruction.
class Finding {
  public:
    static constexpr std::uint32_t other_mode_bit = 1u << 28, same_rip_bit = 1u << 30, same_linear_bit = 1u << 31;
    static constexpr std::uint32_t damage_mask = (1u << damage_count) - 1;

    Finding() = default;
    explicit Finding(std::uint32_t bits) : bits_(bits) {}

    void add(Damage damage) { bits_ |= bit(damage); }
    bool has(Damage damage) const { return (bits_ & bit(damage)) != 0; }
    bool failed() const { return (bits_ & damage_mask) != 0; }
    std::uint32_t damage() const { return bits_ & damage_mask; }

    // Coincidences: the guest was put where the instruction's rip, or its linear rip, already was; the same linear
    // rip in 64-bit code and outside of it is a coincidence of its own.
    void set_same_rip() { bits_ |= same_rip_bit; }
    void set_same_linear(bool same_mode) { bits_ |= same_mode ? same_linear_bit : other_mode_bit; }
    std::uint32_t coincidences() const { return bits_ & (same_rip_bit | same_linear_bit | other_mode_bit); }

    std::uint32_t bits() const { return bits_; }
    bool operator==(const Finding&) const = default;

  private:
    static std::uint32_t bit(Damage damage) { return 1u << static_cast<unsigned>(damage); }
    std::uint32_t bits_ = 0;
};

// What a sequence did, gathered by the driver.
struct Observation {
    std::uint64_t shown_rip = 0;  // at the exit
    bool io_exit = true;
    bool wedged = false;
    std::uint64_t rip = 0, linear_rip = 0, rax = 0, rcx = 0, rdi = 0;  // at the end
    bool shadow = false, trap = false;
    bool step_missing = false, step_extra = false;  // against Oracle::enter()
    bool issued_again = false;      // the same port exit came again when the guest went on
    std::uint32_t stored = 0;       // bytes at the INS destination that are INS data
    bool memory_changed = false;    // anything else there, or there at all
    bool counted = true;            // the two below mean something
    std::uint64_t retired = 0;      // over all runs
    std::uint64_t retired_at_end = 0;  // by the last entry
};

Finding judge(const Oracle& oracle, const Observation& seen);

}  // namespace southgate::pio::explore
