#include "sim/pio/platform/plan.h"

#include <algorithm>

namespace southgate::pio {

namespace {

bool is_reset(const Action& a) {
    return a.kind == ActionKind::jam && a.selector == 0xf000 && a.base == 0xffff0000 && a.value == 0xfff0;
}
bool is_start_up(const Action& a) {
    return a.kind == ActionKind::jam && a.selector == start_up_vector << 8 && a.base == start_up_vector << 12 &&
           a.value == 0;
}

// Why no line of a PC does that; empty: one does.
std::string not_by_a_line(const Action& a) {
    switch (a.kind) {
        case ActionKind::nothing:
        case ActionKind::get_state:
        case ActionKind::clear_events:  // a reset does that besides
        case ActionKind::run:
        case ActionKind::drain: return {};
        case ActionKind::jam:
            if (is_reset(a) || is_start_up(a)) return {};
            return "the reset vector of a processor is fixed (SDM vol. 3A 9.1.4)";
        case ActionKind::single_step: return "a debugger steps; the platform has none";
        case ActionKind::queue_irq:
        case ActionKind::queue_nmi: return "an event that userspace queued survives registers it writes, but no reset line";
        case ActionKind::activity:
        case ActionKind::start_up: return "a state of MP_STATE without its registers: INIT# resets both";
        case ActionKind::init: return "the INIT of a local APIC inside the kernel; here the platform performs each";
        case ActionKind::migrate: return "userspace moves the state to a fresh vCPU";
        case ActionKind::rewrite_code:
        case ActionKind::patch_behind: return "userspace patches code";
        default: return "userspace writes registers one by one";
    }
}

}  // namespace

std::optional<PlatformPlan> plan_for(const Scenario& scenario, std::string& why) {
    const bool resets = std::ranges::any_of(scenario.script, [](const Action& a) { return a.kind == ActionKind::jam; });
    PlatformPlan plan;
    bool drained = false;
    bool events_cleared = false;
    for (const Action& action : scenario.script) {
        why = not_by_a_line(action);
        if (!why.empty()) {
            if (!resets) why = "no reset: " + why;
            return std::nullopt;
        }
        switch (action.kind) {
            case ActionKind::run:
                plan.stages.emplace_back();
                drained = false;
                break;
            case ActionKind::drain: drained = true; break;
            case ActionKind::clear_events: events_cleared = true; break;
            case ActionKind::jam:
                plan.stages.back().resets++;
                plan.stages.back().behind |= drained;
                plan.start_up |= is_start_up(action);
                break;
            default: break;
        }
    }
    if (!resets) why = "no reset";
    else if (plan.stages.back().resets == 0) why = "the I/O behind the reset is what counts";
    else if (scenario.right.shadow && !events_cleared)
        why = "userspace forgets to clear the shadow with the registers; a reset line forgets nothing";
    if (!why.empty()) return std::nullopt;
    return plan;
}

}  // namespace southgate::pio
