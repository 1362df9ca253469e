// INS and OUTS. OUTS exits for each element, INS for a batch; with REP the pass that finds RCX = 0 ends the
// instruction, so that rip stays on it until then (as KVM's emulator does, and invisible to a guest).
#include "cpu_model/decode/table.h"
#include "cpu_model/interpreter/port_io_common.h"
#include "cpu_model/interpreter/string.h"
#include "cpu_model/interpreter/string_select.h"
#include "cpu_model/system/debug.h"

namespace southgate::cpu {
namespace {

bool repeated(const Uop* u) { return static_cast<Repeat>(u->aux) != Repeat::none; }

// REP with RCX = 0: done.
const Uop* end_of_repeat(Cpu* c) {
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
    const T value = load_at<T>(
        c, u, to_linear<T, Mem::segmented>(c, u, static_cast<Seg>(u->seg), get_reg<A>(c, Gpr::rsi), false));
    add_to<A>(c, Gpr::rsi, string_delta<T>(c));
    if (rep) add_to<A>(c, Gpr::rcx, std::uint64_t{0} - 1);

    const std::uint64_t rip = instruction_ip(c), next_rip = next_ip(c);
    PioContext context = pio_context(c, rep ? rip : next_ip_truncated(c));
    c->ip = context.rip;
    // The emulator's single step comes one instruction late, because an exit is due.
    if (c->pio.string_rules() == StringRules::kernel) c->step_trap = false;
    c->events.sti_shadow = c->events.mov_ss_shadow = false;
    note_port_retired(c, port, sizeof(T));
    c->pio.begin_string_out(port, sizeof(T), &value, rip, next_rip, context);
    ++c->statistics.pio_exits;
    return leave_with_pio_exit(c);
}

// Elements of a batch that starts at RDI: all of them can be stored, none is beyond the budget.
template <class T, class A>
std::uint32_t batch_size(Cpu* c, bool rep) {
    const bool down = (c->eflags & eflags::df) != 0;
    const Window to = window(c, Seg::es, true);
    const A rdi = get_reg<A>(c, Gpr::rdi);
    const std::uint64_t first = linear_of(c, Seg::es, rdi, sizeof(T), true);
    std::uint64_t n = 1;
    if (rep) {
        n = ins_batch(rdi, get_reg<A>(c, Gpr::rcx), sizeof(T), down);
        n = std::min({n, std::max<std::uint64_t>(run_length<T, A>(to, rdi, down), 1),
                      static_cast<std::uint64_t>(c->left) + 1});
    }
    const std::uint64_t bytes = n * sizeof(T);
    probe_write(c, down ? first + sizeof(T) - bytes : first, static_cast<unsigned>(bytes), current_privilege(c));
    return static_cast<std::uint32_t>(n);
}

template <class T, class A>
const Uop* ins(Cpu* c, const Uop* u) {
    c->cur = u;
    const bool rep = repeated(u);
    if (rep && get_reg<A>(c, Gpr::rcx) == 0) return end_of_repeat(c);
    const auto port = get_reg<std::uint16_t>(c, Gpr::rdx);
    check_port(c, port, sizeof(T));
    const std::uint32_t count = batch_size<T, A>(c, rep);
    const PendingIns details{get_reg<A>(c, Gpr::rdi), sizeof(A), rep, (c->eflags & eflags::df) != 0};
    const PioContext context = pio_context(c, instruction_ip(c));
    c->pio.begin_string_in(port, sizeof(T), count, details, next_ip(c), context);
    ++c->statistics.pio_exits;
    return leave_before_with_pio_exit(c, u);
}

// Stores element `index` of the batch; raises what the write raises.
void store_element(Cpu* c, const PendingPio& pending, std::uint64_t index) {
    const std::uint64_t distance = index * pending.size;
    std::uint64_t offset = pending.ins.destination + (pending.ins.descending ? std::uint64_t{0} - distance : distance);
    if (pending.ins.address_size < 8) offset &= (std::uint64_t{1} << (8 * pending.ins.address_size)) - 1;
    const std::uint64_t linear = linear_of(c, Seg::es, offset, pending.size, true);
    const std::uint8_t* from = pending.data.data() + distance;
    switch (pending.size) {
        case 1: write_linear<std::uint8_t>(c, linear, *from, current_privilege(c)); break;
        case 2: {
            std::uint16_t value;
            std::memcpy(&value, from, sizeof value);
            write_linear<std::uint16_t>(c, linear, value, current_privilege(c));
            break;
        }
        default: {
            std::uint32_t value;
            std::memcpy(&value, from, sizeof value);
            write_linear<std::uint32_t>(c, linear, value, current_privilege(c));
            break;
        }
    }
}

template <class A>
std::uint64_t store_batch(Cpu* c, const PendingPio& pending, const InsPlan& plan) {
    const std::uint64_t step = pending.ins.descending ? std::uint64_t{0} - pending.size : pending.size;
    std::uint64_t stored = 0;
    try {
        for (; stored < plan.elements; ++stored) {
            store_element(c, pending, stored);
            add_to<A>(c, Gpr::rdi, step);
            if (pending.ins.rep) add_to<A>(c, Gpr::rcx, std::uint64_t{0} - 1);
        }
    } catch (const GuestFault& fault) {
        // Cpu::ip is on the instruction; the data that is left is lost, as on the kernel's path.
        PioContext context = pio_context(c, c->ip);
        c->pio.end_string_in(PioOutcome::cancelled, context);
        deliver_fault(c, fault);
        return stored;
    }
    c->ip = plan.rip;
    c->events.sti_shadow = c->events.mov_ss_shadow = false;
    update_attention(c);
    note_port_retired(c, pending.port, pending.size);
    if (c->eflags & eflags::tf) note_debug_trap(c, dr6::bs);
    c->pio.end_string_in(PioOutcome::completed, pio_context(c, c->ip));
    if (c->single_step) {
        c->exit_pending = true;
        c->exit_reason = ExitReason::debug;
    }
    return stored;
}

template <class A>
std::uint64_t complete(Cpu* c) {
    const PendingPio& pending = c->pio.pending();
    const PioContext context = pio_context(c, c->ip);
    const InsPlan plan = c->pio.enter_string_in(context, {get_reg<A>(c, Gpr::rcx), get_reg<A>(c, Gpr::rdi)});
    switch (plan.action) {
        case InsPlan::Action::store: return store_batch<A>(c, pending, plan);
        case InsPlan::Action::repeat:
            c->exit_pending = true;
            c->exit_reason = ExitReason::pio;
            return 0;
        case InsPlan::Action::cancel: break;
    }
    c->pio.end_string_in(PioOutcome::cancelled, context);
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

std::uint64_t complete_string_in(Cpu* c) {
    switch (c->pio.pending().ins.address_size) {
        case 2: return complete<std::uint16_t>(c);
        case 8: return complete<std::uint64_t>(c);
        default: return complete<std::uint32_t>(c);
    }
}

void register_string_io(HandlerTable& t) {
    for (auto m : {ZYDIS_MNEMONIC_INSB, ZYDIS_MNEMONIC_INSW, ZYDIS_MNEMONIC_INSD}) t.add(m, select_string_io<true>);
    for (auto m : {ZYDIS_MNEMONIC_OUTSB, ZYDIS_MNEMONIC_OUTSW, ZYDIS_MNEMONIC_OUTSD})
        t.add(m, select_string_io<false>);
}

}  // namespace southgate::cpu
