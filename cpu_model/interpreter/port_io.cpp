// IN, OUT, and the completion of pending port I/O.
#include "cpu_model/interpreter/port_io.h"

#include "cpu_model/decode/table.h"
#include "cpu_model/interpreter/port_io_common.h"
#include "cpu_model/interpreter/string.h"
#include "cpu_model/system/debug.h"

namespace southgate::cpu {
namespace {

// The policy was done before the exit: state, trap and step exit as it says.
const Uop* leave_advanced(Cpu* c, AtExit how, const PioState& state, std::uint16_t port, unsigned size) {
    c->ip = state.rip;
    if (!state.interrupt_shadow) clear_shadow(c);
    note_port_retired(c, port, size);
    if (!state.step_due) c->step_trap = false;
    const Uop* out = leave_with_pio_exit(c);
    if (how == AtExit::advanced_or_step && c->single_step) c->exit_reason = ExitReason::debug;
    return out;
}

[[gnu::noinline]] const Uop* transfer_by_policy(Cpu* c, const Uop* u, Direction direction, std::uint16_t port,
                                                unsigned size, std::uint32_t out_data) {
    PioState state = pio_state(c, instruction_ip(c));
    const AtExit how = c->pio.begin(direction, port, size, out_data, next_ip(c), state);
    if (how == AtExit::in_place) return leave_before_with_pio_exit(c, u);
    return leave_advanced(c, how, state, port, size);
}

template <class T>
const Uop* port_transfer(Cpu* c, const Uop* u, Direction direction, std::uint16_t port) {
    c->cur = u;
    check_port(c, port, sizeof(T));
    ++c->statistics.pio_exits;
    const std::uint32_t out_data = get_reg<T>(c, Gpr::rax);
    if (!c->pio.is_plain()) [[unlikely]] return transfer_by_policy(c, u, direction, port, sizeof(T), out_data);
    c->pio.begin_plain(direction, port, sizeof(T), out_data, next_ip(c), pio_state(c, instruction_ip(c)));
    return leave_before_with_pio_exit(c, u);
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

void step_over(Cpu* c) {
    if (c->eflags & eflags::tf) note_debug_trap(c, dr6::bs);
    if (c->single_step) {
        c->exit_pending = true;
        c->exit_reason = ExitReason::debug;
    }
}

namespace {

// Takes over whatever the policy made of the state, also a wrong one of a policy from elsewhere.
[[gnu::always_inline]] inline std::uint64_t take_over(Cpu* c, const PendingPio& pending, const PioState& state,
                                                      bool shadow) {
    c->gpr[static_cast<unsigned>(Gpr::rax)] = state.rax;
    c->ip = state.rip;
    if (shadow && !state.interrupt_shadow) {
        clear_shadow(c);
        update_attention(c);
    }
    if (state.retired != 0) note_port_retired(c, pending.port, pending.size);
    if (state.step_due) step_over(c);
    return state.retired;
}

[[gnu::noinline]] std::uint64_t complete_by_policy(Cpu* c, const PendingPio& pending) {
    PioState state = pio_state(c, c->ip);
    const bool shadow = state.interrupt_shadow;
    c->pio.enter(state);
    return take_over(c, pending, state, shadow);
}

}  // namespace

std::uint64_t complete_pio(Cpu* c, bool all) {
    const PendingPio& pending = c->pio.pending();
    if (pending.string) [[unlikely]] return complete_string(c, all);
    if (!c->pio.is_plain()) [[unlikely]] return complete_by_policy(c, pending);
    PioState state = pio_state(c, c->ip);
    const bool shadow = state.interrupt_shadow;
    if (c->pio.enter_plain(state) != PioOutcome::completed) return 0;
    return take_over(c, pending, state, shadow);
}

void register_port_io(HandlerTable& t) {
    t.add(ZYDIS_MNEMONIC_IN, select_port<Direction::in>);
    t.add(ZYDIS_MNEMONIC_OUT, select_port<Direction::out>);
    register_string_io(t);
}

}  // namespace southgate::cpu
