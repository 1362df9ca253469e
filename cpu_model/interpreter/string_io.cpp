// INS and OUTS. OUTS exits for each element, INS for a batch; with REP the pass that finds RCX = 0 ends the
// instruction, so that rip stays on it until then (as KVM's emulator does, and invisible to a guest).
#include <algorithm>

#include "cpu_model/decode/table.h"
#include "cpu_model/interpreter/port_io_common.h"
#include "cpu_model/interpreter/string.h"
#include "cpu_model/interpreter/string_select.h"
#include "cpu_model/system/debug.h"

namespace southgate::cpu {
namespace {

bool repeated(const Uop* u) { return static_cast<Repeat>(u->aux) != Repeat::none; }

// Instructions that may still retire; what attention has taken out of `left` counts.
std::uint64_t budget_left(const Cpu* c) { return static_cast<std::uint64_t>(c->left + c->stash); }

// REP with RCX = 0: done.
const Uop* end_of_repeat(Cpu* c) {
    c->eflags &= ~eflags::rf;
    c->ip = next_ip_truncated(c);
    return resume(c);
}

template <class T, class A>
const Uop* outs(Cpu* c, const Uop* u) {
    c->cur = u;
    const bool rep = repeated(u);
    if (rep && get_reg<A>(c, Gpr::rcx) == 0) return end_of_repeat(c);
    const auto port = get_reg<std::uint16_t>(c, Gpr::rdx);
    check_port(c, port, sizeof(T));
    c->string_io = {sizeof(A), rep, (c->eflags & eflags::df) != 0};
    const T value = load_at<T>(
        c, u, to_linear<T, Mem::segmented>(c, u, static_cast<Seg>(u->seg), get_reg<A>(c, Gpr::rsi), false));
    add_to<A>(c, Gpr::rsi, string_delta<T>(c));
    if (rep) add_to<A>(c, Gpr::rcx, std::uint64_t{0} - 1);

    const StringIoRules& rules = c->pio.strings();
    const bool advances = rules.outs_advances(rep);
    const std::uint64_t rip = instruction_ip(c), next_rip = next_ip(c);
    PioState state = pio_state(c, advances ? next_ip_truncated(c) : rip);
    c->ip = state.rip;
    // Between iterations RF is set (SDM vol. 3B 17.3.1.1).
    if (!advances) c->eflags |= eflags::rf;
    if (rules.outs_loses_step()) c->step_trap = false;
    const bool owes_step = c->single_step && !rules.outs_loses_step();
    clear_shadow(c);
    note_port_retired(c, port, sizeof(T));
    c->pio.begin_string_out(port, sizeof(T), &value, rip, next_rip, owes_step, state);
    ++c->statistics.pio_exits;
    return leave_with_pio_exit(c);
}

// Elements of the batch that starts at RDI.
template <class T, class A>
std::uint32_t batch_size(Cpu* c, bool rep, const InsRegisters& now) {
    const StringIoRules& rules = c->pio.strings();
    const bool down = (c->eflags & eflags::df) != 0;
    const auto rdi = static_cast<A>(now.rdi);
    const Window to = window(c, Seg::es, true);
    std::uint32_t n = 1;
    if (rep) {
        const bool stepping = c->single_step || (c->eflags & eflags::tf) != 0;
        const InsBounds bounds{run_length<T, A>(to, rdi, down), budget_left(c) + 1, stepping};
        n = std::clamp(rules.batch(now, sizeof(T), down, bounds), 1u, std::uint32_t{pio_batch_bytes / sizeof(T)});
    }
    if (rules.checks_destination_first()) {
        const std::uint64_t first = linear_of(c, Seg::es, rdi, sizeof(T), true);
        const std::uint64_t bytes = std::uint64_t{n} * sizeof(T);
        probe_write(c, down ? first + sizeof(T) - bytes : first, static_cast<unsigned>(bytes), current_privilege(c));
    }
    return n;
}

template <class T, class A>
const Uop* ins(Cpu* c, const Uop* u) {
    c->cur = u;
    const bool rep = repeated(u);
    if (rep && get_reg<A>(c, Gpr::rcx) == 0) return end_of_repeat(c);
    const auto port = get_reg<std::uint16_t>(c, Gpr::rdx);
    check_port(c, port, sizeof(T));
    const InsRegisters now{get_reg<A>(c, Gpr::rcx), get_reg<A>(c, Gpr::rdi)};
    const std::uint32_t count = batch_size<T, A>(c, rep, now);
    c->string_io = {sizeof(A), rep, (c->eflags & eflags::df) != 0};
    const PendingIns details{now, c->string_io.address_size, rep, c->string_io.descending};
    PioState state = pio_state(c, instruction_ip(c));
    c->pio.begin_string_in(port, sizeof(T), count, details, next_ip(c), state);
    ++c->statistics.pio_exits;
    return leave_before_with_pio_exit(c, u);
}

// Stores `size` bytes at the linear address; raises what the write raises.
void store_element(Cpu* c, std::uint64_t linear, const std::uint8_t* from, unsigned size) {
    const Privilege privilege = current_privilege(c);
    switch (size) {
        case 1: write_linear<std::uint8_t>(c, linear, *from, privilege); break;
        case 2: {
            std::uint16_t value;
            std::memcpy(&value, from, sizeof value);
            write_linear<std::uint16_t>(c, linear, value, privilege);
            break;
        }
        default: {
            std::uint32_t value;
            std::memcpy(&value, from, sizeof value);
            write_linear<std::uint32_t>(c, linear, value, privilege);
            break;
        }
    }
}

// Stores what the plan says. A fault is raised with RDI and RCX stepped by what is in memory.
template <class A>
void store_elements(Cpu* c, const PendingPio& pending, const InsPlan& plan) {
    const unsigned size = pending.size;
    const std::uint64_t step = pending.ins.descending ? std::uint64_t{0} - size : size;
    set_reg<A>(c, Gpr::rdi, static_cast<A>(plan.registers.rdi));
    set_reg<A>(c, Gpr::rcx, static_cast<A>(plan.registers.rcx));
    A to = static_cast<A>(plan.destination);
    const auto bytes = static_cast<unsigned>(plan.elements * size);
    if (plan.at_once) {
        const std::uint64_t linear = linear_of(c, Seg::es, to, bytes, true);
        if ((linear & ~page_mask) + bytes <= page_size) probe_write(c, linear, bytes, current_privilege(c));
    }
    for (std::uint64_t i = 0; i < plan.elements; ++i) {
        store_element(c, linear_of(c, Seg::es, to, size, true), c->pio.element(i), size);
        add_to<A>(c, Gpr::rdi, step);
        if (pending.ins.rep) add_to<A>(c, Gpr::rcx, std::uint64_t{0} - 1);
        // One by one the emulator takes RDI again, which need not be the destination it decoded.
        to = plan.at_once ? static_cast<A>(to + step) : get_reg<A>(c, Gpr::rdi);
    }
}

template <class A>
std::uint64_t store_batch(Cpu* c, const PendingPio& pending, const InsPlan& plan) {
    try {
        store_elements<A>(c, pending, plan);
    } catch (const GuestFault& fault) {
        // Cpu::ip is on the instruction, or where the platform put it; the data that is left is lost.
        c->pio.drop();
        c->pio.end_string_in(PioOutcome::cancelled, pio_state(c, c->ip));
        deliver_fault(c, fault);
        return 1;
    }
    c->ip = plan.rip;
    clear_shadow(c);
    if (pending.ins.rep) c->eflags |= eflags::rf;
    update_attention(c);
    note_port_retired(c, pending.port, pending.size);
    if (!pending.set) {
        step_over(c);
        c->pio.end_string_in(PioOutcome::completed, pio_state(c, c->ip));
    }
    return plan.retired;
}

template <class A>
std::uint64_t complete_in(Cpu* c, bool all) {
    const PendingPio& pending = c->pio.pending();
    PioState state = pio_state(c, c->ip);
    const InsPlan plan = c->pio.enter_string_in(state, {get_reg<A>(c, Gpr::rcx), get_reg<A>(c, Gpr::rdi)},
                                                all ? ~std::uint64_t{0} : budget_left(c));
    switch (plan.action) {
        case InsPlan::Action::store: return store_batch<A>(c, pending, plan);
        case InsPlan::Action::repeat:
            c->exit_pending = true;
            c->exit_reason = ExitReason::pio;
            return 0;
        case InsPlan::Action::cancel: break;
    }
    c->pio.end_string_in(PioOutcome::cancelled, state);
    return 0;
}

template <class T, bool input>
Handler by_address(const Instruction& i) {
    switch (i.address_size) {
        case 2: return input ? ins<T, std::uint16_t> : outs<T, std::uint16_t>;
        case 8: return input ? ins<T, std::uint64_t> : outs<T, std::uint64_t>;
        default: return input ? ins<T, std::uint32_t> : outs<T, std::uint32_t>;
    }
}

// Bit 0 of the opcode is the wide form, never wider than 32 bits.
template <bool input>
void select_string_io(const Instruction& i, Translation& t) {
    t.ends_block = true;
    t.uop.seg = static_cast<std::uint8_t>(i.segment);
    t.uop.aux = static_cast<std::uint8_t>(repeat_of(i));
    if ((i.opcode & 1) == 0) t.uop.handler = by_address<std::uint8_t, input>(i);
    else if (i.operand_size == 2) t.uop.handler = by_address<std::uint16_t, input>(i);
    else t.uop.handler = by_address<std::uint32_t, input>(i);
}

}  // namespace

std::uint64_t complete_string(Cpu* c, bool all) {
    const PendingPio& pending = c->pio.pending();
    if (pending.direction == Direction::out) {
        if (c->pio.enter_string_out(pio_state(c, c->ip)) && c->single_step) {
            c->exit_pending = true;
            c->exit_reason = ExitReason::debug;
        }
        return 0;
    }
    switch (pending.ins.address_size) {
        case 2: return complete_in<std::uint16_t>(c, all);
        case 8: return complete_in<std::uint64_t>(c, all);
        default: return complete_in<std::uint32_t>(c, all);
    }
}

void register_string_io(HandlerTable& t) {
    for (auto m : {ZYDIS_MNEMONIC_INSB, ZYDIS_MNEMONIC_INSW, ZYDIS_MNEMONIC_INSD}) t.add(m, select_string_io<true>);
    for (auto m : {ZYDIS_MNEMONIC_OUTSB, ZYDIS_MNEMONIC_OUTSW, ZYDIS_MNEMONIC_OUTSD})
        t.add(m, select_string_io<false>);
}

}  // namespace southgate::cpu
