#include "sim/pio/lab/action.h"

#include <charconv>
#include <span>

namespace southgate::pio {

namespace {

using cpu::ActivityState;
using cpu::Gpr;
using cpu::Seg;
using SR = cpu::SegmentRegister;

// --- performing ---

std::uint64_t& gpr(cpu::GeneralRegisters& regs, Gpr r) { return regs.gpr[static_cast<unsigned>(r)]; }

// The registers after RESET# (SDM vol. 3A 9.1.1, table 9-1), with CS:rip at the vector wanted.
void jam_regs(cpu::Vcpu& cpu, const Action& action) {
    cpu::GeneralRegisters regs;
    gpr(regs, Gpr::rdx) = 0x600;
    regs.rip = action.value;
    cpu.set_regs(regs);
}

void jam_sregs(cpu::Vcpu& cpu, const Action& action) {
    cpu::SpecialRegisters s;
    s.apic_base = cpu.sregs().apic_base;
    for (SR& segment : s.seg) segment = {0, 0xffff, 0x93, 0};
    s.seg[static_cast<unsigned>(Seg::cs)] = {action.base, 0xffff, 0x9b, action.selector};
    s.ldtr = {0, 0xffff, 0x82, 0};
    s.tr = {0, 0xffff, 0x8b, 0};
    s.cr0 = 0x60000010;
    cpu.set_sregs(s);
}

void jam(Machine& machine, const Action& action) {
    cpu::Vcpu& cpu = machine.cpu();
    // An engine without sync registers is written to at once: nothing runs in between.
    if (action.order == JamOrder::dirty) machine.hand_over_with_entry(true);
    if (action.order != JamOrder::sregs_first) jam_regs(cpu, action);
    jam_sregs(cpu, action);
    if (action.order == JamOrder::sregs_first) jam_regs(cpu, action);
    if (action.order == JamOrder::dirty) machine.hand_over_with_entry(false);
}

void move_cs(cpu::Vcpu& cpu, const Action& action) {
    cpu::SpecialRegisters s = cpu.sregs();
    SR& code = s.seg[static_cast<unsigned>(Seg::cs)];
    code.base = action.base;
    // Protected modes keep their selector: a null one would be no code segment.
    if ((s.cr0 & 1) == 0) code.selector = action.selector;
    cpu.set_sregs(s);
}

template <typename F>
void change_regs(cpu::Vcpu& cpu, F change) {
    cpu::GeneralRegisters regs = cpu.regs();
    change(regs);
    cpu.set_regs(regs);
}

template <typename F>
void change_events(cpu::Vcpu& cpu, F change) {
    cpu::EventState events = cpu.events();
    change(events);
    cpu.set_events(events);
}

void clear_events(cpu::EventState& e) {
    const cpu::EventState before = e;
    e = {};
    e.activity = before.activity;
    e.smbase = before.smbase;
    e.in_smm = before.in_smm;
}

// --- text ---

constexpr std::string_view activity_name(ActivityState state) {
    switch (state) {
        case ActivityState::running: return "runnable";
        case ActivityState::halted: return "halted";
        case ActivityState::wait_for_sipi: return "init-received";
        case ActivityState::uninitialized: return "uninitialized";
        default: return "other";
    }
}
constexpr std::array settable_states{ActivityState::running, ActivityState::halted, ActivityState::wait_for_sipi,
                                     ActivityState::uninitialized};

struct Plain {
    std::string_view text;
    Action action;
};
constexpr Action plain(ActionKind kind, std::uint64_t value = 0) {
    return {kind, JamOrder::regs_first, 0, 0, value, {}, 0};
}
constexpr std::array plains{
    Plain{"nothing", plain(ActionKind::nothing)},
    Plain{"get-state", plain(ActionKind::get_state)},
    Plain{"set-regs", plain(ActionKind::set_regs)},
    Plain{"set-sregs", plain(ActionKind::set_sregs)},
    Plain{"reset", reset_jam()},
    Plain{"reset sregs-first", reset_jam(JamOrder::sregs_first)},
    Plain{"reset dirty", reset_jam(JamOrder::dirty)},
    Plain{"relocated-reset", relocated_reset_jam()},
    Plain{"start-up-state", start_up_jam()},
    Plain{"init", plain(ActionKind::init)},
    Plain{"queue-nmi", plain(ActionKind::queue_nmi)},
    Plain{"clear-events", plain(ActionKind::clear_events)},
    Plain{"single-step on", plain(ActionKind::single_step, 1)},
    Plain{"single-step off", plain(ActionKind::single_step, 0)},
    Plain{"migrate", plain(ActionKind::migrate)},
    Plain{"run", plain(ActionKind::run)},
    Plain{"drain", plain(ActionKind::drain)},
};

struct WithNumber {
    std::string_view name;
    ActionKind kind;
    std::uint64_t most;
};
constexpr std::array numbered{
    WithNumber{"write-rip", ActionKind::write_rip, ~std::uint64_t{0}},
    WithNumber{"add-rip", ActionKind::add_rip, ~std::uint64_t{0}},
    WithNumber{"write-rax", ActionKind::write_rax, ~std::uint64_t{0}},
    WithNumber{"write-rcx", ActionKind::write_rcx, ~std::uint64_t{0}},
    WithNumber{"write-cr0", ActionKind::write_cr0, 0xffffffff},
    WithNumber{"start-up", ActionKind::start_up, 0xff},
    WithNumber{"queue-irq", ActionKind::queue_irq, 0xff},
};

std::optional<std::uint64_t> hex(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::string upper_hex(std::uint64_t value, unsigned digits = 1) {
    constexpr std::string_view figures = "0123456789ABCDEF";
    std::string text;
    for (int shift = 60; shift >= 0; shift -= 4)
        if (!text.empty() || (value >> shift) != 0 || shift < static_cast<int>(4 * digits))
            text += figures[value >> shift & 15];
    return text;
}

// "10000" or "1000:" followed by what `rest` gets: a segment as selector:offset.
std::optional<std::pair<std::uint16_t, std::uint64_t>> far_pointer(std::string_view text) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto selector = hex(text.substr(0, colon)), offset = hex(text.substr(colon + 1));
    if (!selector || !offset || *selector > 0xffff) return std::nullopt;
    return std::pair{static_cast<std::uint16_t>(*selector), *offset};
}

std::optional<Action> parse_bytes(ActionKind kind, std::string_view text) {
    Action action = plain(kind);
    while (!text.empty()) {
        const auto space = text.find(' ');
        const auto byte = hex(text.substr(0, space));
        if (!byte || *byte > 0xff || action.byte_count == action.bytes.size()) return std::nullopt;
        action.bytes[action.byte_count++] = static_cast<std::uint8_t>(*byte);
        text = space == std::string_view::npos ? std::string_view{} : text.substr(space + 1);
    }
    return action.byte_count ? std::optional(action) : std::nullopt;
}

std::string bytes_text(std::string_view name, const Action& action) {
    std::string text(name);
    for (unsigned i = 0; i < action.byte_count; ++i) text += ' ' + upper_hex(action.bytes[i], 2);
    return text;
}

}  // namespace

std::optional<Action> parse_action(std::string_view text) {
    for (const Plain& p : plains)
        if (p.text == text) return p.action;
    const auto space = text.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    const std::string_view name = text.substr(0, space), rest = text.substr(space + 1);
    if (name == "mp-state") {
        for (const ActivityState state : settable_states)
            if (activity_name(state) == rest)
                return plain(ActionKind::activity, static_cast<std::uint64_t>(state));
        return std::nullopt;
    }
    if (name == "rewrite-code") return parse_bytes(ActionKind::rewrite_code, rest);
    if (name == "patch-behind") return parse_bytes(ActionKind::patch_behind, rest);
    if (name == "move-cs" || name == "move-split") {
        const auto at = far_pointer(rest);
        if (!at) return std::nullopt;
        Action action = plain(name == "move-cs" ? ActionKind::move_cs : ActionKind::move_split);
        action.selector = at->first;
        action.base = std::uint64_t{at->first} << 4;
        if (action.kind == ActionKind::move_cs) action.base = at->second;
        else action.value = at->second;
        return action;
    }
    const auto value = hex(rest);
    if (!value) return std::nullopt;
    for (const WithNumber& n : numbered)
        if (n.name == name && *value <= n.most) return plain(n.kind, *value);
    return std::nullopt;
}

std::string to_string(const Action& action) {
    for (const Plain& p : plains)
        if (p.action == action) return std::string(p.text);
    for (const WithNumber& n : numbered)
        if (n.kind == action.kind) return std::string(n.name) + ' ' + upper_hex(action.value);
    switch (action.kind) {
        case ActionKind::activity:
            return "mp-state " + std::string(activity_name(static_cast<ActivityState>(action.value)));
        case ActionKind::move_cs:
            return "move-cs " + upper_hex(action.selector, 4) + ':' + upper_hex(action.base);
        case ActionKind::move_split:
            return "move-split " + upper_hex(action.selector, 4) + ':' + upper_hex(action.value, 4);
        case ActionKind::rewrite_code: return bytes_text("rewrite-code", action);
        case ActionKind::patch_behind: return bytes_text("patch-behind", action);
        default:
            return "jam " + upper_hex(action.selector, 4) + '/' + upper_hex(action.base) + ':' +
                   upper_hex(action.value, 4);
    }
}

std::string_view action_help() {
    return R"(nothing                       leave everything as it is
get-state                     read every state group
set-regs, set-sregs           write back the general or special registers as just read
write-rip X, add-rip X        rip := X, or the rip just read plus X (general registers)
write-rax X, write-rcx X      change one general register
write-cr0 X                   CR0 := X (special registers)
reset [sregs-first|dirty]     registers as after RESET#, F000:FFF0 with base FFFF0000; the order of the two groups
relocated-reset               the same at B000:FFF0, base B0000
start-up-state                the same at 9A00:0, base 9A000: an application processor's start-up vector
move-cs SEL:BASE              write CS alone: selector (real mode) and base; rip is not written
move-split SEG:OFF            CS and rip in real-mode style
rewrite-code B..              other bytes at the port instruction
patch-behind B..              bytes that end where the visible rip points
mp-state S                    runnable, halted, init-received or uninitialized
start-up X                    a start-up IPI with vector X has arrived
init                          the kernel performs a pending INIT now
queue-irq X, queue-nmi        an interrupt for the next entry
clear-events                  no interrupt shadow, nothing queued
single-step on|off            guest debug
migrate                       go on on a fresh vCPU with the same state
run                           re-enter, until the next exit
drain                         re-enter with immediate_exit
)";
}

std::optional<cpu::Exit> apply(const Action& action, Machine& machine, std::uint64_t instruction,
                               std::uint64_t budget) {
    cpu::Vcpu& cpu = machine.cpu();
    const std::span<const std::uint8_t> bytes(action.bytes.data(), action.byte_count);
    switch (action.kind) {
        case ActionKind::nothing: break;
        case ActionKind::get_state: (void)cpu.state(); break;
        case ActionKind::set_regs: cpu.set_regs(cpu.regs()); break;
        case ActionKind::set_sregs: cpu.set_sregs(cpu.sregs()); break;
        case ActionKind::write_rip: change_regs(cpu, [&](auto& r) { r.rip = action.value; }); break;
        case ActionKind::add_rip: change_regs(cpu, [&](auto& r) { r.rip += action.value; }); break;
        case ActionKind::write_rax: change_regs(cpu, [&](auto& r) { gpr(r, Gpr::rax) = action.value; }); break;
        case ActionKind::write_rcx: change_regs(cpu, [&](auto& r) { gpr(r, Gpr::rcx) = action.value; }); break;
        case ActionKind::write_cr0: {
            cpu::SpecialRegisters s = cpu.sregs();
            s.cr0 = action.value;
            cpu.set_sregs(s);
            break;
        }
        case ActionKind::jam: jam(machine, action); break;
        case ActionKind::move_cs: move_cs(cpu, action); break;
        case ActionKind::move_split:
            change_regs(cpu, [&](auto& r) { r.rip = action.value; });
            move_cs(cpu, action);
            break;
        case ActionKind::rewrite_code: machine.store(instruction, bytes); break;
        case ActionKind::patch_behind: machine.store(cpu.linear_rip() - action.byte_count, bytes); break;
        case ActionKind::activity:
            change_events(cpu, [&](auto& e) { e.activity = static_cast<ActivityState>(action.value); });
            break;
        case ActionKind::start_up:
            change_events(cpu, [&](auto& e) {
                e.activity = ActivityState::sipi_received;
                e.sipi_vector = static_cast<std::uint8_t>(action.value);
            });
            break;
        case ActionKind::init: cpu.take_init_now(); break;
        case ActionKind::queue_irq:
            change_events(cpu, [&](auto& e) {
                e.interrupt_queued = true;
                e.interrupt_vector = static_cast<std::uint8_t>(action.value);
            });
            break;
        case ActionKind::queue_nmi: cpu.pulse_nmi(); break;
        case ActionKind::clear_events: change_events(cpu, clear_events); break;
        case ActionKind::single_step: cpu.set_single_step(action.value != 0); break;
        case ActionKind::migrate: machine.migrate(); break;
        case ActionKind::run: return machine.run({budget, false});
        case ActionKind::drain: return machine.drain();
    }
    return std::nullopt;
}

}  // namespace southgate::pio
