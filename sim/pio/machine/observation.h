// What one run of a scenario showed.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cpu_model/pio/policy.h"
#include "cpu_model/vcpu.h"
#include "sim/pio/lab/action.h"

namespace southgate::pio {

// The vCPU as userspace sees it after a run() returned.
struct Stop {
    cpu::ExitReason reason = cpu::ExitReason::budget_end;
    std::uint64_t rip = 0, rax = 0, rcx = 0;
};

struct Observation {
    static constexpr unsigned most_stops = 8;

    std::array<Stop, most_stops> stops;  // of the runs and drains of the script, in order
    unsigned stop_count = 0;
    std::uint64_t rip = 0, rax = 0, rcx = 0, rdi = 0, cs_base = 0;  // at the end
    bool shadow = false;
    std::uint64_t retired = 0;
    std::uint32_t reads = 0, writes = 0;   // I/O exits
    std::optional<std::uint8_t> vector;    // of the handler the vCPU halted in
    std::optional<std::uint64_t> pushed;   // rip in its frame; at an internal error the rip of then
    bool issued_again = false;             // the next step repeats the port instruction
    bool livelock = false;                 // re-entry keeps returning the same I/O
    bool memory_right = true;              // Right::memory

    const Stop* first_io() const {
        for (unsigned i = 0; i < stop_count; ++i)
            if (stops[i].reason == cpu::ExitReason::pio) return &stops[i];
        return nullptr;
    }
};

// One step of the story: an action, what came of it, and what the completion code reported meanwhile.
struct Step {
    enum class Fate : std::uint8_t { none, completed, cancelled };

    Action action;
    std::uint64_t rip = 0, linear = 0, rax = 0, rcx = 0, cs_base = 0;  // as userspace reads it afterwards
    bool shadow = false;
    std::optional<cpu::Exit> exit;       // of run and drain (the data pointer is not kept)
    std::uint32_t data = 0;              // first element of a port exit: written, or supplied by the device
    Fate fate = Fate::none;              // of what was pending, when this step re-entered
    bool early = false;                  // completed before the exit: the fate is that of this step's own I/O
    std::uint64_t snapshot = 0, found = 0;  // linear rips that were compared, for a fate
    unsigned repeats = 0;                // further re-entries that returned the same I/O (livelock)
    bool operator==(const Step&) const;
};

struct Story {
    std::vector<Step> steps;
};

}  // namespace southgate::pio
