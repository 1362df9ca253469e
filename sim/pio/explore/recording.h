// What one run looked like from outside at every moment: the material for telling why it failed (mechanism.h).
#pragma once

#include <cstdint>
#include <vector>

#include "sim/pio/explore/oracle.h"

namespace southgate::pio::explore {

// What userspace can read of the vCPU.
struct Seen {
    std::uint64_t rip = 0, rax = 0, rcx = 0, rdi = 0, cs_base = 0;
    bool code64 = false, shadow = false, trap = false;
    std::uint32_t stored = 0;  // bytes of INS data at the destination

    std::uint64_t linear_rip() const { return code64 ? rip : static_cast<std::uint32_t>(cs_base + rip); }
    bool operator==(const Seen&) const = default;
};

enum class MomentKind : std::uint8_t { exit, action, entry };

struct Moment {
    MomentKind kind{};
    Seen seen;    // behind it
    Ideal ideal;  // as it must be then
    // Of an action: the state groups it wrote.
    bool wrote_regs = false, wrote_sregs = false, migrated = false;
    // Of an entry.
    bool stepped = false;  // a step exit came
    std::uint64_t retired = 0;
};

struct Recording {
    std::vector<Moment> moments;  // the exit, the actions, the last entry
    bool rewritten = false;       // other code was put under the instruction
};

}  // namespace southgate::pio::explore
