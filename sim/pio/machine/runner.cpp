#include "sim/pio/machine/runner.h"

#include <algorithm>
#include <cstring>

namespace southgate::pio {

namespace {

using cpu::ExitReason;
using cpu::Gpr;

std::uint64_t gpr(const cpu::GeneralRegisters& regs, Gpr r) { return regs.gpr[static_cast<unsigned>(r)]; }

// Exceptions that push an error code (SDM vol. 3A, table 6-1).
bool pushes_error_code(unsigned vector) {
    return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17;
}

// What the completion code reports while a step of a story runs.
class FateRecorder final : public cpu::PioObserver {
  public:
    FateRecorder(cpu::Vcpu& cpu, Step* step) : cpu_(step ? &cpu : nullptr), step_(step) {
        if (cpu_) cpu_->set_pio_observer(this);
    }
    ~FateRecorder() override {
        if (cpu_) cpu_->set_pio_observer(nullptr);
    }
    FateRecorder(const FateRecorder&) = delete;
    FateRecorder& operator=(const FateRecorder&) = delete;

    void pio_exit(const cpu::PioEvent&) override { exited_ = true; }
    void pio_complete(const cpu::PioEvent& event) override { note(event, Step::Fate::completed); }
    void pio_cancel(const cpu::PioEvent& event) override { note(event, Step::Fate::cancelled); }

  private:
    void note(const cpu::PioEvent& event, Step::Fate fate) {
        step_->fate = fate;
        step_->snapshot = event.snapshot;
        step_->early = exited_;
    }
    bool exited_ = false;
    cpu::Vcpu* cpu_;
    Step* step_;
};

}  // namespace

bool Step::operator==(const Step& o) const {
    const auto reason = [](const Step& s) { return s.exit ? static_cast<int>(s.exit->reason) : -1; };
    return action == o.action && rip == o.rip && linear == o.linear && rax == o.rax && rcx == o.rcx &&
           cs_base == o.cs_base && shadow == o.shadow && reason(*this) == reason(o) && fate == o.fate &&
           repeats == o.repeats;
}

void Runner::add_chunk(std::uint64_t at, std::span<const std::uint8_t> bytes, unsigned margin) {
    Chunk chunk{at, {}};
    // The margin stays inside the memory the bytes lie in.
    unsigned before = 0;
    while (before < margin && at - before != 0 && machine_.memory.at(at - before - 1)) ++before;
    chunk.at = at - before;
    const std::uint64_t end = at + bytes.size() + margin;
    for (std::uint64_t a = chunk.at; a != end && machine_.memory.at(a); ++a)
        chunk.bytes.push_back(a >= at && a - at < bytes.size() ? bytes[a - at] : machine_.memory.pristine(a));
    // Where two overlap, the later one says what is there.
    for (Chunk& earlier : image_)
        for (std::size_t i = 0; i < bytes.size(); ++i)
            if (at + i - earlier.at < earlier.bytes.size()) earlier.bytes[at + i - earlier.at] = bytes[i];
    image_.push_back(std::move(chunk));
}

void Runner::load(const Scenario& scenario) {
    for (Chunk& chunk : image_) {
        for (std::size_t i = 0; i < chunk.bytes.size(); ++i)
            chunk.bytes[i] = machine_.memory.pristine(chunk.at + i);
        machine_.store(chunk.at, chunk.bytes);
    }
    image_.clear();
    scenario_ = &scenario;
    const Guest& guest = scenario.guest;
    state_ = initial_state(guest);
    port_physical_ = scenario.port_physical();
    port_linear_ = linear_address(guest.mode, guest.cs_base, scenario.port_rip());
    add_chunk(physical_address(guest.mode, linear_address(guest.mode, guest.cs_base, guest.rip)), guest.code,
              16);
    for (const MemoryBytes& m : scenario.memory) add_chunk(m.at, m.bytes, 0);
    machine_.devices.in_data = scenario.in_data;
    machine_.devices.ins_byte = scenario.ins_byte;
}

void Runner::set_column(unsigned column, cpu::PioAdvance advance) {
    if (column == column_ && advance == advance_) return;
    column_ = column;
    advance_ = advance;
    configure(machine_.cpu(), columns[column], advance);
    machine_.set_configure([column, advance](cpu::Vcpu& cpu) { configure(cpu, columns[column], advance); });
}

void Runner::restore() {
    for (const Chunk& chunk : image_) machine_.store(chunk.at, chunk.bytes);
    enter(machine_.cpu(), state_);
    machine_.devices.forget();
    seen_.stop_count = 0;
    seen_.retired = 0;
    seen_.vector.reset();
    seen_.pushed.reset();
    seen_.issued_again = seen_.livelock = false;
    seen_.memory_right = true;
    last_ = {};
}

void Runner::note_stop(const cpu::Exit& exit, Step* step) {
    last_ = exit;
    seen_.retired += exit.retired;
    const cpu::GeneralRegisters regs = machine_.cpu().regs();
    if (seen_.stop_count < Observation::most_stops)
        seen_.stops[seen_.stop_count++] = {exit.reason, regs.rip, gpr(regs, Gpr::rax), gpr(regs, Gpr::rcx)};
    if (!step) return;
    step->exit = exit;
    step->exit->pio.data = nullptr;
    if (exit.reason == ExitReason::pio) std::memcpy(&step->data, exit.pio.data, exit.pio.size);
}

// False ends the script.
bool Runner::perform(const Action& action, Step* step) {
    if (step) step->found = machine_.cpu().linear_rip();
    std::optional<cpu::Exit> exit;
    {
        const FateRecorder recorder(machine_.cpu(), step);
        // Attached while userspace acts, and only then: whoever watches reads registers too.
        cpu::Vcpu& cpu = machine_.cpu();
        if (accounting_) cpu.set_vmcs_accounting(accounting_);
        exit = apply(action, machine_, port_physical_);
        if (accounting_) cpu.set_vmcs_accounting(nullptr);
    }
    if (!exit) return true;
    note_stop(*exit, step);
    if (action.kind != ActionKind::drain || exit->reason != ExitReason::pio) return true;
    // immediate_exit runs no guest code: this is the I/O of before.
    unsigned repeats = 0;
    while (repeats < livelock_runs && machine_.drain().reason == ExitReason::pio) ++repeats;
    seen_.livelock = repeats == livelock_runs;
    if (step) step->repeats = repeats;
    return !seen_.livelock;
}

void Runner::find_handler() {
    const cpu::Vcpu& cpu = machine_.cpu();
    if (last_.reason == ExitReason::internal_error) {
        seen_.pushed = seen_.rip;
        return;
    }
    const std::uint64_t vector = cpu.linear_rip() - 1 - layout::handlers;
    if (last_.reason != ExitReason::hlt || vector > 0xff) return;
    seen_.vector = static_cast<std::uint8_t>(vector);
    const cpu::SpecialRegisters s = cpu.sregs();
    const unsigned width = (s.cr0 & 1) == 0 ? 2 : (s.efer >> 10 & 1) != 0 ? 8 : 4;
    std::uint64_t sp = gpr(cpu.regs(), Gpr::rsp);
    if (width == 2) sp &= 0xffff;
    if (width != 2 && pushes_error_code(static_cast<unsigned>(vector))) sp += width;
    const std::uint8_t* frame =
        machine_.memory.at(s.seg[static_cast<unsigned>(cpu::Seg::ss)].base + sp, width);
    if (!frame) return;
    std::uint64_t pushed = 0;
    std::memcpy(&pushed, frame, width);
    seen_.pushed = pushed;
}

void Runner::conclude() {
    cpu::Vcpu& cpu = machine_.cpu();
    const cpu::GeneralRegisters regs = cpu.regs();
    seen_.rip = regs.rip;
    seen_.rax = gpr(regs, Gpr::rax);
    seen_.rcx = gpr(regs, Gpr::rcx);
    seen_.rdi = gpr(regs, Gpr::rdi);
    if (scenario_->right.cs_base) seen_.cs_base = cpu.sregs().seg[static_cast<unsigned>(cpu::Seg::cs)].base;
    if (scenario_->right.shadow) {
        const cpu::EventState events = cpu.events();
        seen_.shadow = events.sti_shadow || events.mov_ss_shadow;
    }
    seen_.reads = machine_.devices.reads;
    seen_.writes = machine_.devices.writes;
    if (scenario_->right.vector || scenario_->right.pushed) find_handler();
    for (const MemoryBytes& m : scenario_->right.memory) {
        const std::uint8_t* host = machine_.memory.at(m.at, m.bytes.size());
        seen_.memory_right &= host && std::memcmp(host, m.bytes.data(), m.bytes.size()) == 0;
    }
    if (seen_.livelock) return;
    // On the port instruction with nothing pending: would it go out again?
    if (last_.reason == ExitReason::budget_end && cpu.linear_rip() == port_linear_) {
        cpu.set_single_step(false);
        seen_.issued_again = cpu.run({1, false}).reason == ExitReason::pio;
    }
}

const Observation& Runner::run(Story* story) {
    restore();
    if (story) story->steps.clear();
    for (const Action& action : scenario_->script) {
        Step* step = nullptr;
        if (story) {
            story->steps.emplace_back();
            step = &story->steps.back();
            step->action = action;
        }
        const bool go_on = perform(action, step);
        if (step) {
            const cpu::Vcpu& cpu = machine_.cpu();
            const cpu::GeneralRegisters regs = cpu.regs();
            const cpu::EventState events = cpu.events();
            step->rip = regs.rip;
            step->linear = cpu.linear_rip();
            step->rax = gpr(regs, Gpr::rax);
            step->rcx = gpr(regs, Gpr::rcx);
            step->cs_base = cpu.sregs().seg[static_cast<unsigned>(cpu::Seg::cs)].base;
            step->shadow = events.sti_shadow || events.mov_ss_shadow;
        }
        if (!go_on) break;
    }
    if (accounting_) cost_ = accounting_->last();
    conclude();
    machine_.settle();
    return seen_;
}

}  // namespace southgate::pio
