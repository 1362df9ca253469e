// From a fault, trap, NMI or INTR to a handler: double fault and shutdown rules (SDM vol. 3A 6.7, 6.15).
#include "cpu_model/interpreter/system.h"
#include "cpu_model/system/debug.h"

namespace southgate::cpu {
namespace {

enum class FaultClass : std::uint8_t { benign, contributory, page_fault };

// SDM vol. 3A table 6-4.
FaultClass class_of(Vector v) {
    switch (v) {
        case Vector::divide_error:
        case Vector::invalid_tss:
        case Vector::segment_not_present:
        case Vector::stack_fault:
        case Vector::general_protection:
            return FaultClass::contributory;
        case Vector::page_fault:
            return FaultClass::page_fault;
        default:
            return FaultClass::benign;
    }
}

// SDM vol. 3A table 6-5.
bool makes_double_fault(Vector first, Vector second) {
    const FaultClass a = class_of(first), b = class_of(second);
    return (a == FaultClass::contributory && b == FaultClass::contributory) ||
           (a == FaultClass::page_fault && b != FaultClass::benign);
}

// Faults restart with RF set, so that an instruction breakpoint on them does not hit twice; the debug
// exception of an instruction breakpoint itself is the exception to that (SDM vol. 3B 17.3.1.1).
bool sets_resume_flag(const Cpu* c, Vector v) {
    if (v == Vector::double_fault || v == Vector::machine_check) return false;
    if (v != Vector::debug) return true;
    return (c->eflags & eflags::rf) != 0 || matching_execution_breakpoints(c, linear_ip(c)) == 0;
}

// Task gates whose tasks fault at once can chain for ever without an instruction being executed; hardware
// would hang there until reset. This many in a row count as that.
constexpr unsigned longest_chain = 64;

TripleFault::Exception noted(const GuestFault& fault) {
    return {static_cast<std::uint8_t>(fault.vector), fault.has_error_code, fault.error_code};
}

void wake(Cpu* c) {
    if (c->events.activity == ActivityState::halted) c->events.activity = ActivityState::running;
}

}  // namespace

void shut_down(Cpu* c, const TripleFault& cause) {
    c->triple_fault = cause;
    c->events.activity = ActivityState::shutdown;
    c->exit_pending = true;
    c->exit_reason = ExitReason::shutdown;
    update_attention(c);
}

void deliver_fault(Cpu* c, const GuestFault& fault) {
    // Breakpoints of an instruction that faults after all hit again when it restarts.
    if (c->events.debug_trap_pending) {
        c->events.debug_trap_pending = false;
        c->debug_hits = 0;
        update_attention(c);
    }
    GuestFault first = fault, current = fault;
    bool benign = false;  // `first` is not `current` but led to it
    TripleFault story;
    for (unsigned i = 0; i < longest_chain; ++i) {
        ++c->statistics.exceptions;
        if (sets_resume_flag(c, current.vector)) c->eflags |= eflags::rf;
        try {
            interrupt(c, static_cast<std::uint8_t>(current.vector), EventKind::exception, c->ip,
                      current.has_error_code, current.error_code);
            return;
        } catch (const GuestFault& second) {
            if (second.in_new_task) {
                first = current = second;  // the one before did reach its task
                benign = false;
            } else if (current.vector == Vector::double_fault) {
                if (story.count != 0) story.add(noted(second));
                return shut_down(c, story);
            } else if (makes_double_fault(current.vector, second.vector)) {
                if (benign) story.add(noted(first));
                story.add(noted(current));
                story.add(noted(second));
                current = {Vector::double_fault, true, 0};
            } else {
                current = second;
                benign = true;
            }
        }
    }
    shut_down(c);
}

void deliver_debug_trap(Cpu* c) {
    // A trap without a noted cause is a single step.
    c->debug.dr6 |= c->debug_hits != 0 ? c->debug_hits : dr6::bs;
    c->debug_hits = 0;
    c->events.debug_trap_pending = false;
    c->events.sti_shadow = false;
    wake(c);
    update_attention(c);
    ++c->statistics.exceptions;
    try {
        interrupt(c, static_cast<std::uint8_t>(Vector::debug), EventKind::exception, c->ip);
    } catch (const GuestFault& f) {
        deliver_fault(c, f);
    }
}

void deliver_external(Cpu* c, std::uint8_t vector) {
    wake(c);
    ++c->statistics.interrupts;
    try {
        interrupt(c, vector, EventKind::external, c->ip);
    } catch (const GuestFault& f) {
        deliver_fault(c, f);
    }
}

void deliver_nmi(Cpu* c) {
    c->events.nmi_pending = false;
    c->events.nmi_blocked = true;
    c->events.activity = ActivityState::running;  // out of shutdown too (SDM vol. 3A 6.15)
    update_attention(c);
    ++c->statistics.interrupts;
    try {
        interrupt(c, static_cast<std::uint8_t>(Vector::nmi), EventKind::nmi, c->ip);
    } catch (const GuestFault& f) {
        deliver_fault(c, f);
    }
}

}  // namespace southgate::cpu
