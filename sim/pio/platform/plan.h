// What a scenario means on the whole platform: at which port I/O the chipset resets the processor, and how.
//
// Only a reset has a meaning there. The platform is the userspace of its processors, and what it does to them comes out of
// lines: nobody writes single registers, queues events or saves states.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/pio/scenario/scenario.h"

namespace southgate::pio {

// What happens at one I/O exit of the guest.
struct PlatformStage {
    unsigned resets = 0;  // while the exit pends, inside the bus transaction, ...
    bool behind = false;  // ... or by a line that moves when the transaction is over
};

struct PlatformPlan {
    std::vector<PlatformStage> stages;  // one for each I/O exit, the last with a reset
    bool start_up = false;  // the guest is an application processor: INIT, then a start-up IPI
};

// The vector of the start-up IPI: 9A000h.
inline constexpr unsigned start_up_vector = 0x9a;

// nullopt: not applicable; `why` then says so in a few words.
std::optional<PlatformPlan> plan_for(const Scenario& scenario, std::string& why);

}  // namespace southgate::pio
