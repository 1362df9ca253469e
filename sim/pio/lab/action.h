// What userspace can do to a vCPU, as data: between an exit and the re-entry, and the re-entry itself.
//
// One action is one line of text, in scenario files and in what pio-explore prints: see docs/pio-laboratory.md.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cpu_model/vcpu.h"
#include "sim/pio/lab/machine.h"

namespace southgate::pio {

enum class ActionKind : std::uint8_t {
    nothing,
    get_state,       // reads every state group
    set_regs,        // KVM_SET_REGS with the values just read
    set_sregs,       // KVM_SET_SREGS with the values just read
    write_rip,       // KVM_SET_REGS: rip := value
    add_rip,         // KVM_SET_REGS: rip := rip as read + value
    write_rax,       // KVM_SET_REGS
    write_rcx,       // KVM_SET_REGS
    write_cr0,       // KVM_SET_SREGS: CR0 := value
    jam,             // a reset by state alone: power-on registers, CS = selector/base, rip = value
    move_cs,         // KVM_SET_SREGS: CS.base := base, CS selector := selector
    move_split,      // both: the same or another linear address as CS.base + rip
    rewrite_code,    // bytes at the linear address of the port instruction
    patch_behind,    // bytes at the linear address of rip as read, minus their number (QEMU's kvmvapic)
    activity,        // KVM_SET_MP_STATE: value is a cpu::ActivityState
    start_up,        // KVM_SET_MP_STATE(SIPI_RECEIVED) with vector value
    init,            // the kernel performs a pending INIT now (KVM_GET_MP_STATE does)
    queue_irq,       // KVM_INTERRUPT: vector value
    queue_nmi,       // KVM_NMI
    clear_events,    // KVM_SET_VCPU_EVENTS: no shadow, nothing queued
    single_step,     // KVM_SET_GUEST_DEBUG: value 1 on, 0 off
    migrate,         // to a fresh vCPU
    run,             // KVM_RUN until the next exit
    drain,           // KVM_RUN with immediate_exit
};
inline constexpr unsigned action_kinds = static_cast<unsigned>(ActionKind::drain) + 1;

enum class JamOrder : std::uint8_t {
    regs_first,   // KVM_SET_REGS, KVM_SET_SREGS
    sregs_first,  // the other way round
    dirty,        // handed over as dirty sync registers of the next KVM_RUN, which come before the completion
};

struct Action {
    ActionKind kind = ActionKind::nothing;
    JamOrder order = JamOrder::regs_first;
    std::uint16_t selector = 0;
    std::uint64_t base = 0;
    std::uint64_t value = 0;
    std::array<std::uint8_t, 8> bytes{};
    std::uint8_t byte_count = 0;
    bool operator==(const Action&) const = default;
};

// The jams that have names.
inline constexpr Action reset_jam(JamOrder order = JamOrder::regs_first) {
    return {ActionKind::jam, order, 0xf000, 0xffff0000, 0xfff0, {}, 0};
}
inline constexpr Action relocated_reset_jam() {
    return {ActionKind::jam, JamOrder::regs_first, 0xb000, 0xb0000, 0xfff0, {}, 0};
}
inline constexpr Action start_up_jam() {
    return {ActionKind::jam, JamOrder::regs_first, 0x9a00, 0x9a000, 0, {}, 0};
}

// "write-rip 8002", "reset sregs-first", ...; nullopt if it is none. Numbers are hexadecimal.
std::optional<Action> parse_action(std::string_view text);
std::string to_string(const Action& action);
// One line for each form parse_action() takes, with what it does.
std::string_view action_help();

// Performs the action. An Exit comes back from `run` and `drain` only. `instruction` is the physical address of the
// port instruction, `budget` the instructions `run` may take at most.
std::optional<cpu::Exit> apply(const Action& action, Machine& machine, std::uint64_t instruction,
                               std::uint64_t budget = 64);

}  // namespace southgate::pio
