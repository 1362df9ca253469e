#include "sim/pio/explore/driver.h"

#include <algorithm>
#include <array>
#include <utility>

namespace southgate::pio::explore {
namespace {

using cpu::ExitReason;
using cpu::Gpr;

constexpr std::uint64_t trap_flag = 1u << 8, interrupt_flag = 1u << 9, long_mode_active = 1u << 10;
// INS goes to and OUTS comes from here; the window is what is looked at afterwards.
constexpr std::uint64_t destination = 0x6000, source = 0x6100, window = 16;
constexpr std::uint8_t nop = 0x90;

Action act(ActionKind kind, std::uint64_t value = 0) { return {kind, JamOrder::regs_first, 0, 0, value, {}, 0}; }

// The state groups that perform() writes.
struct Writes {
    bool regs = false, sregs = false;
};
Writes writes_of(Intent intent) {
    using enum Intent;
    switch (intent) {
        case clear_events:
        case step_on:
        case drain:
        case rewrite_code: return {};
        case same_sregs:
        case move_base: return {false, true};
        case same_regs:
        case write_rax:
        case write_rcx:
        case zero_rcx:
        case rewind:
        case skip_self:
        case move_rip:
        case alias_rip: return {true, false};
        default: return {true, true};
    }
}

std::uint64_t get(const cpu::GeneralRegisters& regs, Gpr r) { return regs.gpr[static_cast<unsigned>(r)]; }

}  // namespace

Driver::Driver(VcpuFactory factory) : machine_(std::move(factory)) {
    machine_.set_configure([this](cpu::Vcpu& cpu) { configure(cpu); });
}

void Driver::configure(cpu::Vcpu& cpu) const {
    cpu.set_pio_policy(subject_.policy, subject_.quirk_out_7e);
    cpu.set_pio_advance(subject_.advance);
    cpu.set_string_rules(subject_.strings);
    if (subject_.customise) subject_.customise(cpu, oracle_);
}

void Driver::set_subject(const Subject& subject) {
    subject_ = subject;
    configure(machine_.cpu());
}

void Driver::prepare(const Start& start) {
    if (start_ && *start_ == start) return;
    if (start_) put_back();
    start_ = start;
    code_ = encode(start.pio, start.mode);
    place_ = *place(start.place, start.mode, code_.size());
    code_at_ = physical_address(start.mode, linear_address(start.mode, place_.cs_base, place_.rip));

    Guest guest;
    guest.mode = start.mode;
    guest.cs_selector = static_cast<std::uint16_t>(place_.cs_base >> 4);
    guest.cs_base = place_.cs_base;
    guest.rip = place_.rip;
    guest.rax = start.mode == GuestMode::long64 ? 0x1122334455667788 : 0x55667788;
    guest.rdx = traits(start.pio).port;
    guest.rcx = traits(start.pio).repeated ? repeat_count : 0;
    guest.rsi = source;
    guest.rdi = destination;
    if (start.condition == Condition::after_sti) guest.rflags |= interrupt_flag;
    if (start.condition == Condition::trap_flag) guest.rflags |= trap_flag;
    initial_ = initial_state(guest);
    initial_.events.sti_shadow = start.condition == Condition::after_sti;
    machine_.store(code_at_, code_);
    sregs_written_ = true;

    const bool input = traits(start.pio).direction == cpu::Direction::in;
    instruction_ = {start.pio,
                    start.mode,
                    code_.size(),
                    input ? machine_.devices.in_data : 0,
                    start.condition == Condition::after_sti,
                    start.condition == Condition::trap_flag,
                    start.condition == Condition::guest_debug};
}

// The memory as it was made.
void Driver::put_back() {
    std::vector<std::uint8_t> bytes(code_.size());
    for (std::size_t n = 0; n < bytes.size(); n++) bytes[n] = machine_.memory.pristine(code_at_ + n);
    machine_.store(code_at_, bytes);
}

bool Driver::reach_exit() {
    cpu::Vcpu& cpu = machine_.cpu();
    if (sregs_written_) cpu.set_sregs(initial_.sregs);
    cpu.set_regs(initial_.regs);
    cpu.set_events(initial_.events);
    cpu.set_single_step(instruction_.step);
    sregs_written_ = false;
    // One instruction: the exit comes before it is over.
    const cpu::Exit exit = machine_.run({1, false});
    seen_.retired += retired(exit);
    seen_.io_exit = exit.reason == ExitReason::pio;
    // An engine that counts time may have come far.
    if (!seen_.io_exit) sregs_written_ = true;
    exit_regs_ = cpu.regs();
    seen_.shown_rip = exit_regs_.rip;
    return seen_.io_exit;
}

void Driver::enter() {
    const bool due = oracle_->enter();
    const cpu::Exit exit = machine_.drain();
    if (exit.reason == ExitReason::internal_error) sregs_written_ = true;
    seen_.retired += retired(exit);
    seen_.retired_at_end = retired(exit);
    if (exit.reason == ExitReason::pio) seen_.wedged = true;
    const bool stepped = exit.reason == ExitReason::debug;
    if (due && !stepped) seen_.step_missing = true;
    if (stepped && !due) seen_.step_extra = true;
    remember(MomentKind::entry, &exit);
}

std::uint32_t Driver::stored() const {
    const std::uint8_t* bytes = machine_.memory.at(destination, window);
    std::uint32_t n = 0;
    while (n < window && bytes[n] == machine_.devices.ins_byte) ++n;
    return n;
}

void Driver::remember(MomentKind kind, const cpu::Exit* entry) {
    if (!recording_) return;
    const cpu::GeneralRegisters regs = machine_.cpu().regs();
    const cpu::SpecialRegisters sregs = machine_.cpu().sregs();
    const cpu::EventState events = machine_.cpu().events();
    const cpu::SegmentRegister& cs = sregs.seg[static_cast<unsigned>(cpu::Seg::cs)];
    Moment& m = recording_->moments.emplace_back();
    m.kind = kind;
    m.seen.rip = regs.rip;
    m.seen.rax = get(regs, Gpr::rax);
    m.seen.rcx = get(regs, Gpr::rcx);
    m.seen.rdi = get(regs, Gpr::rdi);
    m.seen.cs_base = cs.base;
    m.seen.code64 = (sregs.efer & long_mode_active) != 0 && (cs.attributes & cpu::SegmentRegister::l) != 0;
    m.seen.shadow = events.sti_shadow || events.mov_ss_shadow;
    m.seen.trap = events.debug_trap_pending;
    m.seen.stored = stored();
    m.ideal = oracle_->ideal();
    if (entry) m.stepped = entry->reason == ExitReason::debug;
    if (entry) m.retired = retired(*entry);
}

void Driver::perform(Intent intent) {
    using enum Intent;
    cpu::Vcpu& cpu = machine_.cpu();
    switch (intent) {
        case same_regs: apply(act(ActionKind::set_regs), machine_, code_at_); break;
        case same_sregs: apply(act(ActionKind::set_sregs), machine_, code_at_); break;
        case write_rax: apply(act(ActionKind::write_rax, written_rax), machine_, code_at_); break;
        case write_rcx: apply(act(ActionKind::write_rcx, written_rcx), machine_, code_at_); break;
        case zero_rcx: apply(act(ActionKind::write_rcx), machine_, code_at_); break;
        case clear_events: apply(act(ActionKind::clear_events), machine_, code_at_); break;
        case step_on: apply(act(ActionKind::single_step, 1), machine_, code_at_); break;
        case drain: enter(); return;  // it tells the oracle
        case migrate:
            machine_.migrate();
            machine_.cpu().set_single_step(oracle_->ideal().step);
            sregs_written_ = true;
            break;
        case restore:
            cpu.set_sregs(exit_sregs_);
            cpu.set_regs(exit_regs_);
            cpu.set_events(exit_events_);
            break;
        case rewind: apply(act(ActionKind::write_rip, place_.rip), machine_, code_at_); break;
        case skip_self: apply(act(ActionKind::add_rip, code_.size()), machine_, code_at_); break;
        case move_rip: apply(act(ActionKind::write_rip, explore::moved_rip), machine_, code_at_); break;
        case alias_rip: apply(act(ActionKind::add_rip, rip_alias_distance), machine_, code_at_); break;
        case move_base: {
            cpu::SpecialRegisters s = cpu.sregs();
            s.seg[static_cast<unsigned>(cpu::Seg::cs)].base += base_distance;
            cpu.set_sregs(s);
            sregs_written_ = true;
            break;
        }
        case move_split: {
            cpu::GeneralRegisters regs = cpu.regs();
            cpu::SpecialRegisters s = cpu.sregs();
            auto& base = s.seg[static_cast<unsigned>(cpu::Seg::cs)].base;
            base = static_cast<std::uint32_t>(base + regs.rip - (regs.rip ^ split_bit));
            regs.rip ^= split_bit;
            cpu.set_regs(regs);
            cpu.set_sregs(s);
            sregs_written_ = true;
            break;
        }
        case rewrite_code: {
            std::array<std::uint8_t, 4> nops;
            nops.fill(nop);
            machine_.store(code_at_, std::span(nops).first(code_.size()));
            rewritten_ = true;
            break;
        }
        case take_init:
            cpu.take_init_now();
            sregs_written_ = true;
            break;
        case reset:
        case reset_sregs_first:
        case relocated_reset:
        case ap_start:
        case ap_start_alias: {
            const Vector to = *jam_target(intent);
            const JamOrder order = intent == reset_sregs_first ? JamOrder::sregs_first : JamOrder::regs_first;
            apply({ActionKind::jam, order, to.selector, to.base, to.rip, {}, 0}, machine_, code_at_);
            sregs_written_ = true;
            break;
        }
    }
    oracle_->apply(intent);
    if (!recording_) return;
    remember(MomentKind::action);
    const Writes writes = writes_of(intent);
    Moment& m = recording_->moments.back();
    m.wrote_regs = writes.regs;
    m.wrote_sregs = writes.sregs;
    m.migrated = intent == migrate;
    recording_->rewritten |= intent == rewrite_code;
}

void Driver::observe() {
    const cpu::GeneralRegisters regs = machine_.cpu().regs();
    const cpu::EventState events = machine_.cpu().events();
    seen_.rip = regs.rip;
    seen_.linear_rip = machine_.cpu().linear_rip();
    seen_.rax = get(regs, Gpr::rax);
    seen_.rcx = get(regs, Gpr::rcx);
    seen_.rdi = get(regs, Gpr::rdi);
    seen_.shadow = events.sti_shadow || events.mov_ss_shadow;
    seen_.trap = events.debug_trap_pending;
    if (instruction_.kind == PioKind::insb || instruction_.kind == PioKind::rep_insb) {
        const std::uint8_t* bytes = machine_.memory.at(destination, window);
        seen_.stored = stored();
        for (std::uint32_t n = seen_.stored; n < window; n++) seen_.memory_changed |= bytes[n] != machine_.memory.pristine(destination + n);
        seen_.memory_changed |= seen_.stored != 0;
    }
    // The instruction is still in front of the guest: see whether it really leaves again.
    if (!seen_.wedged && seen_.rip == oracle_->rip_before() && seen_.rip != oracle_->ideal().rip) {
        const cpu::Exit exit = machine_.run({1, false});
        if (exit.reason != ExitReason::pio) sregs_written_ = true;
        seen_.issued_again = exit.reason == ExitReason::pio || exit.reason == ExitReason::debug;
    }
}

Finding Driver::run(const Sequence& sequence) {
    prepare(sequence.start);
    seen_ = {};
    seen_.counted = subject_.counts_instructions;
    oracle_.emplace(instruction_, place_, get(initial_.regs, Gpr::rax), get(initial_.regs, Gpr::rcx),
                    get(initial_.regs, Gpr::rdi));
    if (reach_exit()) {
        remember(MomentKind::exit);
        const auto* end = sequence.intents.data() + sequence.depth;
        const bool restores = std::find(sequence.intents.data(), end, Intent::restore) != end;
        if (restores) {
            exit_sregs_ = machine_.cpu().sregs();
            exit_events_ = machine_.cpu().events();
        }
        for (const auto* i = sequence.intents.data(); i != end && !seen_.wedged; ++i) perform(*i);
        if (!seen_.wedged) enter();
        observe();
    }
    const Finding found = judge(*oracle_, seen_);

    machine_.settle();
    // settle() may have stored what was still pending.
    if (traits(sequence.start.pio).string) {
        std::array<std::uint8_t, window> bytes;
        for (std::uint64_t n = 0; n < window; n++) bytes[n] = machine_.memory.pristine(destination + n);
        machine_.store(destination, bytes);
    }
    if (rewritten_) machine_.store(code_at_, code_);
    rewritten_ = false;
    return found;
}

Finding Driver::record(const Sequence& sequence, Recording& recording) {
    recording = {};
    recording_ = &recording;
    const Finding found = run(sequence);
    recording_ = nullptr;
    return found;
}

}  // namespace southgate::pio::explore
