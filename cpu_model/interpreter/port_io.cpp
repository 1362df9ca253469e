// IN, OUT, and the completion of pending port I/O.
#include "cpu_model/interpreter/port_io.h"

#include "cpu_model/decode/table.h"
#include "cpu_model/interpreter/port_io_common.h"
#include "cpu_model/interpreter/string.h"
#include "cpu_model/system/debug.h"

namespace southgate::cpu {
namespace {

void clear_shadow(Cpu* c) {
    c->events.sti_shadow = c->events.mov_ss_shadow = false;
}

// The policy was done before the exit: state, trap and step exit as it says.
const Uop* leave_advanced(Cpu* c, AtExit how, const PioContext& context, std::uint16_t port, unsigned size) {
    c->ip = context.rip;
    clear_shadow(c);
    note_port_retired(c, port, size);
    if (!context.step_due) c->step_trap = false;
    const Uop* out = leave_with_pio_exit(c);
    if (how == AtExit::advanced_or_step && c->single_step) c->exit_reason = ExitReason::debug;
    return out;
}

template <class T>
const Uop* port_transfer(Cpu* c, const Uop* u, Direction direction, std::uint16_t port) {
    c->cur = u;
    check_port(c, port, sizeof(T));
    PioContext context = pio_context(c, instruction_ip(c));
    const AtExit how = c->pio.begin(direction, port, sizeof(T), get_reg<T>(c, Gpr::rax), next_ip(c), context);
    ++c->statistics.pio_exits;
    if (how == AtExit::in_place) [[likely]] return leave_before_with_pio_exit(c, u);
    return leave_advanced(c, how, context, port, sizeof(T));
}

template <class T, Direction direction>
const Uop* port_imm(Cpu* c, const Uop* u) {
    return port_transfer<T>(c, u, direction, static_cast<std::uint8_t>(u->imm));
}
template <class T, Direction direction>
const Uop* port_dx(Cpu* c, const Uop* u) {
    return port_transfer<T>(c, u, direction, get_reg<std::uint16_t>(c, Gpr::rdx));
}

// E4-E7 take an immediate port, EC-EF take DX; bit 0 is the wide form, never wider than 32 bits.
template <Direction direction>
void select_port(const Instruction& i, Translation& t) {
    const bool dx = (i.opcode & 8) != 0;
    const unsigned size = (i.opcode & 1) == 0 ? 1 : i.operand_size == 2 ? 2 : 4;
    t.ends_block = true;
    switch (size) {
        case 1: t.uop.handler = dx ? port_dx<std::uint8_t, direction> : port_imm<std::uint8_t, direction>; break;
        case 2: t.uop.handler = dx ? port_dx<std::uint16_t, direction> : port_imm<std::uint16_t, direction>; break;
        default: t.uop.handler = dx ? port_dx<std::uint32_t, direction> : port_imm<std::uint32_t, direction>; break;
    }
}

}  // namespace

std::uint64_t complete_pio(Cpu* c) {
    const PendingPio& pending = c->pio.pending();
    if (pending.string) return complete_string_in(c);
    const bool shadow = c->events.sti_shadow || c->events.mov_ss_shadow;
    PioContext context = pio_context(c, c->ip);
    if (c->pio.enter(context) != PioOutcome::completed) return 0;
    c->gpr[static_cast<unsigned>(Gpr::rax)] = context.rax;
    c->ip = context.rip;
    if (context.retired == 0) return 0;  // advanced before the exit: only the data was owed
    if (shadow) {
        clear_shadow(c);
        update_attention(c);
    }
    note_port_retired(c, pending.port, pending.size);
    if (c->eflags & eflags::tf) note_debug_trap(c, dr6::bs);
    if (c->single_step) {
        c->exit_pending = true;
        c->exit_reason = ExitReason::debug;
    }
    return context.retired;
}

void register_port_io(HandlerTable& t) {
    t.add(ZYDIS_MNEMONIC_IN, select_port<Direction::in>);
    t.add(ZYDIS_MNEMONIC_OUT, select_port<Direction::out>);
    register_string_io(t);
}

}  // namespace southgate::cpu
