// run(): budget, events between instructions, exits.
#include <utility>

#include "cpu_model/interpreter/control.h"
#include "cpu_model/interpreter/interpreter.h"
#include "cpu_model/interpreter/port_io.h"
#include "cpu_model/interpreter/system.h"
#include "cpu_model/system/debug.h"
#include "cpu_model/system/virtual_interrupt.h"

namespace southgate::cpu {
namespace {

[[gnu::always_inline]] inline void follow(Cpu* c, const Uop* u) {
    while (u) u = u->handler(c, u);
}

bool shadowed(const Cpu& c) { return c.events.sti_shadow || c.events.mov_ss_shadow; }

}  // namespace

Exit Interpreter::run(const Budget& budget) {
    Cpu& c = c_;
    constexpr auto most = std::uint64_t{1} << 62;
    c.budget = c.left = static_cast<std::int64_t>(budget.instructions < most ? budget.instructions : most);
    c.stash = 0;
    c.exit_pending = false;
    running_ = true;
    frozen_ = false;
    if (c.attention & attention::exit) update_attention(&c);
    if (c.events.activity == ActivityState::uninitialized) [[unlikely]] return leave(ExitReason::wait_for_sipi);
    if (c.pio.is_pending()) {
        c.left -= static_cast<std::int64_t>(complete_pio(&c, budget.immediate_exit));
        c.io_boundary = instructions_retired(&c);
    }
    if (budget.immediate_exit && !c.exit_pending) return leave(ExitReason::budget_end);
    if (code_.overfull()) code_.clear(&c);

    for (;;) {
        c.left += c.stash;
        c.stash = 0;
        if (c.exit_pending) return leave(c.exit_reason);
        if (c.left <= 0) return leave(ExitReason::budget_end);
        if (c.attention != 0) {
            if (take_events()) {
                frozen_ = false;
                continue;
            }
            if (c.attention & attention::inactive) {
                switch (c.events.activity) {
                    case ActivityState::halted: return leave(ExitReason::hlt);
                    case ActivityState::shutdown: return leave(ExitReason::shutdown);
                    default: return leave(ExitReason::wait_for_sipi);
                }
            }
        }
        if (frozen_) return leave(ExitReason::frozen);
        execute();
    }
}

// Called when some attention bit is set, between instructions. True: something was done, look again. The order is that
// of SDM vol. 3A table 6-2.
bool Interpreter::take_events() {
    Cpu& c = c_;
    if (c.reset_pending) {
        c.reset_pending = false;
        take_reset(&c, c.reset_power_up);
        c.pio.note_regs_written();
        return true;
    }
    const bool blocked = shadowed(c);
    const bool waiting = c.events.activity == ActivityState::wait_for_sipi;
    if ((c.attention & attention::smi) && !blocked && !waiting) {
        enter_smm(&c);
        update_attention(&c);
        return true;
    }
    if (c.attention & attention::init) {
        c.events.init_pending = false;
        take_init(&c);
        c.pio.note_init();
        return true;
    }
    if (waiting) return false;
    if (c.events.activity == ActivityState::sipi_received) {
        c.events.activity = ActivityState::wait_for_sipi;
        take_start_up(&c, c.events.sipi_vector);
        return true;
    }
    // STI holds off interrupts only; MOV SS debug traps as well (SDM vol. 3A 6.8.3).
    if ((c.attention & attention::debug_trap) && !c.events.mov_ss_shadow) {
        deliver_debug_trap(&c);
        update_attention(&c);
        return true;
    }
    if (blocked) return false;
    if (c.attention & attention::nmi) {
        deliver_nmi(&c);
        update_attention(&c);
        return true;
    }
    if ((c.attention & attention::intr) && c.events.activity != ActivityState::shutdown) {
        const bool queued = std::exchange(c.events.interrupt_queued, false);
        deliver_external(&c, queued ? c.events.interrupt_vector : c.bus->interrupt_acknowledge());
        update_attention(&c);
        return true;
    }
    return false;
}

// Runs until something needs the outer loop.
void Interpreter::execute() {
    Cpu& c = c_;
    try {
        if (c.attention != 0) run_one();
        else run_blocks();
    } catch (const GuestFault& fault) {
        if (fault.in_new_task) abandon_block();
        else unwind();
        c.step_trap = false;
        deliver_fault(&c, fault);
        // A fault takes the time of an instruction: handlers that do nothing but fault must use up the budget too.
        --c.left;
        update_attention(&c);
    } catch (const RestartAlone&) {
        unwind();
    } catch (const Freeze&) {
        // The shadow of an STI or MOV SS before it is over: interrupts are all that can end this.
        unwind();
        c.step_trap = false;
        frozen_ = true;
        update_attention(&c);
    }
}

void Interpreter::run_blocks() {
    Cpu& c = c_;
    const std::int64_t before = c.left;
    follow(&c, resume(&c));
    // Nothing ran: the next block does not fit the budget or the CS limit.
    if (c.left == before && c.attention == 0 && !c.exit_pending) run_one();
}

// Exactly one instruction, with what steps and shadows mean for it.
void Interpreter::run_one() {
    Cpu& c = c_;
    const bool trap = c.eflags & eflags::tf;
    const EventState before = c.events;
    // Behind MOV SS no breakpoint is taken, and its own single step is lost (SDM vol. 3A 6.8.3).
    if (!before.mov_ss_shadow && execution_breakpoints_enabled(&c) && instruction_breakpoint(&c, linear_ip(&c)))
        raise(Vector::debug);
    if (virtual_interrupt_due(&c)) raise_gp(0);
    const bool resume_flag = c.eflags & eflags::rf;
    const std::int64_t remaining = c.left + c.stash;
    const Block* b = code_.lookup(&c, c.mode | mode::single);
    c.events.sti_shadow = c.events.mov_ss_shadow = false;
    c.eflags &= ~eflags::rf;
    c.step_trap = trap;
    // RF ends with this instruction (a repeated one keeps it between iterations). If that is all, nothing has to be
    // looked at behind it and the blocks go on from there.
    const bool only_resume_flag = resume_flag && c.attention == attention::step && !trap && !c.single_step &&
                                  !execution_breakpoints_enabled(&c) && CodeCache::cacheable(b);
    if (only_resume_flag) c.attention = 0;
    c.left = only_resume_flag ? remaining : 1;
    c.stash = remaining - c.left;
    try {
        follow(&c, enter_checked(&c, b));
    } catch (const RestartAlone&) {
        unwind();
    } catch (const GuestFault&) {
        if (resume_flag && c.block == b) c.eflags |= eflags::rf;
        throw;
    } catch (const Freeze&) {
        if (resume_flag && c.block == b) c.eflags |= eflags::rf;
        throw;
    }
    if (c.left + c.stash == remaining) {
        // Not retired: port I/O left the engine, or the instruction runs again alone.
        c.events.sti_shadow = before.sti_shadow;
        c.events.mov_ss_shadow = before.mov_ss_shadow;
        if (resume_flag) c.eflags |= eflags::rf;
    } else {
        if (c.step_trap && !c.events.mov_ss_shadow) note_debug_trap(&c, dr6::bs);
        if (c.single_step && !c.exit_pending) {
            c.exit_pending = true;
            c.exit_reason = ExitReason::debug;
        }
    }
    update_attention(&c);
}

// An exception left the block in the middle: back to the start of the instruction, what did not run is given back.
void Interpreter::unwind() {
    Cpu& c = c_;
    if (!c.block) return;
    leave_before(&c, c.cur);
}

// As unwind(), but the instruction has moved Cpu::ip already: it retired and what follows it is given back.
void Interpreter::abandon_block() {
    Cpu& c = c_;
    if (!c.block) return;
    c.left += static_cast<std::int64_t>(c.block->count) - c.cur->number - 1;
    c.block = nullptr;
}

Exit Interpreter::leave(ExitReason reason) {
    Cpu& c = c_;
    running_ = false;
    Exit e;
    e.reason = reason;
    e.retired = static_cast<std::uint64_t>(c.budget - c.left - c.stash);
    if (reason == ExitReason::pio) e.pio = c.pio.exit_payload();
    e.message = c.message;
    c.tsc_clock += e.retired * c.ticks_per_instruction;
    c.statistics.instructions += e.retired;
    if (reason == ExitReason::pio) c.io_boundary = c.statistics.instructions;
    c.budget = c.left = c.stash = 0;
    return e;
}

std::uint64_t Interpreter::retired_in_run() const { return southgate::cpu::retired_in_run(&c_); }

void Interpreter::request_exit() {
    c_.exit_pending = true;
    c_.exit_reason = ExitReason::budget_end;
    request_attention(&c_, attention::exit);
}

}  // namespace southgate::cpu
