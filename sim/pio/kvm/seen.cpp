#include "sim/pio/kvm/seen.h"

#include <fmt/format.h>

namespace southgate::pio {

namespace {

std::string_view name_of(cpu::ExitReason reason) {
    switch (reason) {
        case cpu::ExitReason::pio: return "port I/O";
        case cpu::ExitReason::hlt: return "halted";
        case cpu::ExitReason::shutdown: return "shutdown";
        case cpu::ExitReason::budget_end: return "no exit";
        case cpu::ExitReason::interrupt_window: return "interrupt window";
        case cpu::ExitReason::debug: return "debug";
        case cpu::ExitReason::internal_error: return "internal error";
        case cpu::ExitReason::wait_for_sipi: return "not started";
        case cpu::ExitReason::pause: return "pause";
        case cpu::ExitReason::frozen: return "frozen";
    }
    return "?";
}

}  // namespace

Seen describe(const Scenario& scenario, const Observation& o) {
    Seen seen;
    for (unsigned i = 0; i < o.stop_count; ++i) {
        const Stop& stop = o.stops[i];
        seen.emplace_back(fmt::format("stop {}", i + 1), fmt::format("{}, rip {:X}, RAX {:X}, RCX {:X}", name_of(stop.reason),
                                                                     stop.rip, stop.rax, stop.rcx));
    }
    seen.emplace_back("end", fmt::format("rip {:X}, RAX {:X}, RCX {:X}, RDI {:X}", o.rip, o.rax, o.rcx, o.rdi));
    seen.emplace_back("exits", fmt::format("{} IN, {} OUT", o.reads, o.writes));
    if (scenario.right.cs_base) seen.emplace_back("CS base", fmt::format("{:X}", o.cs_base));
    if (scenario.right.shadow) seen.emplace_back("shadow", o.shadow ? "yes" : "no");
    if (o.vector) seen.emplace_back("vector", fmt::format("{:X}", *o.vector));
    if (o.pushed) seen.emplace_back("pushed", fmt::format("{:X}", *o.pushed));
    if (o.issued_again) seen.emplace_back("then", "the port I/O is issued again");
    if (o.livelock) seen.emplace_back("then", "every re-entry returns the same I/O");
    if (!scenario.right.memory.empty()) seen.emplace_back("memory", o.memory_right ? "right" : "wrong");
    return seen;
}

}  // namespace southgate::pio
