#include "sim/pio/platform/bench.h"

#include <cstring>

#include "chipset/bus/special_cycle.h"
#include "cpu_model/pio/completion.h"
#include "sim/pio/machine/runner.h"

namespace southgate::pio {

namespace {

using cpu::ExitReason;
using cpu::Gpr;
using platform::PcConfig;

// Nothing a cell does takes longer; a guest that runs away stops here.
constexpr std::uint64_t instructions_per_cell = 4096;

std::uint64_t gpr(const cpu::GeneralRegisters& regs, Gpr r) { return regs.gpr[static_cast<unsigned>(r)]; }

// Sets a flag for its lifetime.
class Flag {
  public:
    explicit Flag(bool& flag) : flag_(flag) { flag_ = true; }
    ~Flag() { flag_ = false; }
    Flag(const Flag&) = delete;
    Flag& operator=(const Flag&) = delete;

  private:
    bool& flag_;
};

}  // namespace

PlatformBench::PlatformBench(const sc_core::sc_module_name& name, const Scenario& scenario, const PlatformPlan& plan)
    : sc_module(name),
      scenario_(scenario),
      plan_(plan),
      subject_(plan.start_up ? 1 : 0),
      port_linear_(linear_address(scenario.guest.mode, scenario.guest.cs_base, scenario.port_rip())),
      machine_("pc", machine_config()) {
    SC_HAS_PROCESS(PlatformBench);
    SC_METHOD(late_reset);
    sensitive << late_reset_;
    dont_initialize();
    for (unsigned cpu = 0; cpu <= subject_; ++cpu)
        machine_.cpu(cpu).on_start([this, cpu](platform::CpuReset) { started(cpu); });
    vcpu().set_pio_observer(this);
}

PcConfig PlatformBench::machine_config() {
    build_image();
    PcConfig config;
    const std::uint8_t* flash = memory_.at(layout::flash_base);
    config.firmware.emplace("laboratory", std::vector<std::uint8_t>(flash, flash + layout::flash_size));
    config.memory = 16u << 20;
    config.cpus = subject_ + 1;
    config.string_rules = cpu::StringRules::kernel;
    config.io_probe = [this](unsigned cpu, auto& trans, auto& delay, auto& bus) { cycle(cpu, trans, delay, bus); };
    return config;
}

void PlatformBench::build_image() {
    const Guest& guest = scenario_.guest;
    const auto put = [this](std::uint64_t at, const std::vector<std::uint8_t>& bytes) {
        std::memcpy(memory_.at(at, bytes.size()), bytes.data(), bytes.size());
    };
    put(physical_address(guest.mode, linear_address(guest.mode, guest.cs_base, guest.rip)), guest.code);
    for (const MemoryBytes& m : scenario_.memory) put(m.at, m.bytes);
}

std::vector<PlatformCell> PlatformBench::run(std::span<const PlatformRequest> requests) {
    requests_ = requests;
    cells_.resize(requests.size());
    machine_.scheduler().limit_instructions(instructions_per_cell * (requests.size() + 1), [] {});
    sc_core::sc_start();
    return std::move(cells_);
}

// --- the guest ---

void PlatformBench::started(unsigned cpu) {
    if (cpu != subject_) {
        if (phase_ != Phase::between) return;
        sc_core::sc_time delay;
        BusAgent(machine_, *subject().io.operator->(), delay).send_start_up(start_up_vector);
        return;
    }
    if (phase_ == Phase::between) return begin();
    if (phase_ != Phase::running || stage_ < plan_.stages.size()) return;
    observe();
    if (vcpu().run({0, true}).reason == ExitReason::pio) {
        repeats_ = 0;
        phase_ = Phase::repeating;
    } else if (vcpu().linear_rip() == port_linear_) {
        phase_ = Phase::again;
    } else {
        finish();
        begin();
    }
}

void PlatformBench::begin() {
    if (current_ == requests_.size()) return machine_.scheduler().stop();
    const PlatformRequest& request = requests_[current_];
    // The emulator repeats a batch of INS for as long as RCX is 0.
    if (vcpu().run({0, true}).reason == ExitReason::pio) {
        cpu::GeneralRegisters regs = vcpu().regs();
        regs.gpr[static_cast<unsigned>(Gpr::rcx)] = 1;
        regs.gpr[static_cast<unsigned>(Gpr::rdi)] = layout::scratch;
        vcpu().set_regs(regs);
        vcpu().run({0, true});
    }
    restore_memory();
    {
        const Flag own(own_cycle_);
        sc_core::sc_time delay;
        BusAgent agent(machine_, *subject().io.operator->(), delay);
        agent.ready_for_reset();
        const std::uint64_t at = scenario_.port_physical();
        if (at >= 0xc0000 && at < layout::ram_size) agent.open_shadow();
    }
    configure(vcpu(), columns[request.column], request.advance);
    GuestState state = initial_state(scenario_.guest);
    constexpr std::uint64_t bootstrap = 1u << 8;
    if (subject_ != 0) state.sregs.apic_base &= ~bootstrap;
    if (const auto value = own_value(scenario_, request.source)) {
        std::uint64_t& rax = state.regs.gpr[static_cast<unsigned>(Gpr::rax)];
        rax = (rax & ~std::uint64_t{0xff}) | *value;
    }
    enter(vcpu(), state);
    cells_[current_] = {};
    stage_ = element_ = 0;
    fate_ = Step::Fate::none;
    exited_ = early_ = false;
    drain_step_.reset();
    late_ = false;
    retired_before_ = subject().instructions();
    phase_ = Phase::running;
}

void PlatformBench::restore_memory() {
    constexpr std::size_t page = 4096;
    constexpr std::uint64_t vga_window = 0xa0000, vga_window_end = 0xc0000;
    if (!ram_) {
        tlm::tlm_generic_payload trans;
        tlm::tlm_dmi dmi;
        trans.set_command(tlm::TLM_READ_COMMAND);
        trans.set_address(0);
        if (!subject().memory->get_direct_mem_ptr(trans, dmi)) return;
        ram_ = dmi.get_dmi_ptr() - dmi.get_start_address();
    }
    const std::uint8_t* image = memory_.at(0);
    for (std::uint64_t at = 0; at < layout::ram_size; at += page) {
        if (at >= vga_window && at < vga_window_end) continue;
        if (std::memcmp(ram_ + at, image + at, page) == 0) continue;
        std::memcpy(ram_ + at, image + at, page);
        for (platform::CpuModule* cpu : machine_.scheduler().cpus()) cpu->memory_written(ram_ + at, page);
    }
}

void PlatformBench::observe() {
    Observation& seen = cells_[current_].seen;
    Step& step = add_step(ActionKind::drain);
    step.exit.emplace();
    step.fate = fate_;
    step.snapshot = snapshot_;
    step.found = found_;
    // A late reset was taken when the processor looked at the line, behind the step that pulled it.
    if (late_) show((&step)[-1]);
    const cpu::GeneralRegisters regs = vcpu().regs();
    if (seen.stop_count < Observation::most_stops)
        seen.stops[seen.stop_count++] = {ExitReason::budget_end, regs.rip, gpr(regs, Gpr::rax), gpr(regs, Gpr::rcx)};
    seen.rip = regs.rip;
    seen.rax = gpr(regs, Gpr::rax);
    seen.rcx = gpr(regs, Gpr::rcx);
    seen.rdi = gpr(regs, Gpr::rdi);
    seen.cs_base = vcpu().sregs().seg[static_cast<unsigned>(cpu::Seg::cs)].base;
    const cpu::EventState events = vcpu().events();
    seen.shadow = events.sti_shadow || events.mov_ss_shadow;
    seen.retired = subject().instructions() - retired_before_;
    for (const MemoryBytes& m : scenario_.right.memory)
        seen.memory_right &= m.at + m.bytes.size() <= layout::ram_size &&
                             std::memcmp(ram_ + m.at, m.bytes.data(), m.bytes.size()) == 0;
}

void PlatformBench::finish() {
    PlatformCell& cell = cells_[current_++];
    cell.ended = true;
    if (cell.seen.livelock) cell.story.steps.back().repeats = repeats_;
    phase_ = Phase::between;
}

void PlatformBench::restart(BusAgent& agent) { agent.reset(ResetSource::cf9_hard); }

// --- its I/O ---

void PlatformBench::cycle(unsigned cpu, tlm::tlm_generic_payload& trans, sc_core::sc_time& delay, Bus& bus) {
    if (cpu != subject_ || own_cycle_ || phase_ == Phase::between) return bus.b_transport(trans, delay);
    const Flag own(own_cycle_);
    BusAgent agent(machine_, bus, delay);
    chipset::SpecialCycle* special = nullptr;
    trans.get_extension(special);
    if (special) {
        bus.b_transport(trans, delay);
        if (special->kind != chipset::SpecialCycle::Kind::halt) return;
        if (phase_ == Phase::running) observe();
    } else {
        Observation& seen = cells_[current_].seen;
        switch (phase_) {
            case Phase::running: return port_io(trans, delay, bus);
            case Phase::again: seen.issued_again = true; break;
            case Phase::repeating:
                trans.set_response_status(tlm::TLM_OK_RESPONSE);
                if (++repeats_ < livelock_runs) return;
                seen.livelock = true;
                break;
            case Phase::between: break;
        }
        if (phase_ == Phase::again) bus.b_transport(trans, delay);
    }
    finish();
    restart(agent);
}

void PlatformBench::port_io(tlm::tlm_generic_payload& trans, sc_core::sc_time& delay, Bus& bus) {
    BusAgent agent(machine_, bus, delay);
    const bool in = trans.is_read();
    if (in) {
        // What the scenario's device puts on the bus.
        for (unsigned i = 0; i < trans.get_data_length(); ++i)
            trans.get_data_ptr()[i] = scenario_.port_is_string ? scenario_.ins_byte
                                                               : static_cast<std::uint8_t>(scenario_.in_data >> 8 * i);
        trans.set_response_status(tlm::TLM_OK_RESPONSE);
    }
    // What the exit shows, before the bus does anything to the processor.
    if (element_ == 0) note_exit(trans);
    if (!in) bus.b_transport(trans, delay);
    if (stage_ >= plan_.stages.size()) return;
    const PlatformStage& stage = plan_.stages[stage_];
    const bool last = ++element_ >= exit_.count;
    if (stage.resets > 0 && !stage.behind) {
        // A reset ends the batch: what is left of it never gets to the bus.
        const bool guest_did_it = stage_ == 0 && own_value(scenario_, requests_[current_].source).has_value();
        element_ = 0;
        ++stage_;
        fate_ = Step::Fate::none;
        for (unsigned i = 0; i < stage.resets; ++i) reset(agent, i == 0 && guest_did_it);
    } else if (last) {
        element_ = 0;
        if (stage.behind) late_reset_.notify(delay);
        else ++stage_;
    }
}

void PlatformBench::reset(BusAgent& agent, bool guest_did_it) {
    if (!guest_did_it) agent.reset(requests_[current_].source);
    if (plan_.start_up) agent.send_start_up(start_up_vector);
    Step& step = add_step(ActionKind::jam);
    step.action = plan_.start_up ? start_up_jam() : reset_jam();
    found_ = step.linear;
}

void PlatformBench::late_reset() {
    const Flag own(own_cycle_);
    const unsigned resets = plan_.stages[stage_++].resets;
    // The completion comes before the reset: with the line's edge, when the processor looks at it.
    add_step(ActionKind::drain).exit.emplace();
    drain_step_ = cells_[current_].story.steps.size() - 1;
    sc_core::sc_time delay;
    BusAgent agent(machine_, *subject().io.operator->(), delay);
    for (unsigned i = 0; i < resets; ++i) reset(agent, false);
    late_ = true;
}

void PlatformBench::note_exit(const tlm::tlm_generic_payload& trans) {
    Step& step = add_step(ActionKind::run);
    Observation& seen = cells_[current_].seen;
    trans.is_read() ? ++seen.reads : ++seen.writes;
    if (seen.stop_count < Observation::most_stops)
        seen.stops[seen.stop_count++] = {ExitReason::pio, step.rip, step.rax, step.rcx};
    step.exit.emplace();
    step.exit->reason = ExitReason::pio;
    step.exit->pio = {exit_.direction, exit_.port, exit_.size, exit_.count, scenario_.port_is_string, nullptr, exit_.snapshot};
    if (trans.is_read()) std::memcpy(&step.data, trans.get_data_ptr(), trans.get_data_length());
    else step.data = exit_.data;
    step.fate = early_ ? Step::Fate::completed : Step::Fate::none;
    step.early = early_;
    exited_ = false;
}

Step& PlatformBench::add_step(ActionKind kind) {
    Step& step = cells_[current_].story.steps.emplace_back();
    step.action.kind = kind;
    show(step);
    return step;
}

void PlatformBench::show(Step& step) {
    const cpu::GeneralRegisters regs = vcpu().regs();
    const cpu::EventState events = vcpu().events();
    step.rip = regs.rip;
    step.linear = vcpu().linear_rip();
    step.rax = gpr(regs, Gpr::rax);
    step.rcx = gpr(regs, Gpr::rcx);
    step.cs_base = vcpu().sregs().seg[static_cast<unsigned>(cpu::Seg::cs)].base;
    step.shadow = events.sti_shadow || events.mov_ss_shadow;
}

void PlatformBench::pio_exit(const cpu::PioEvent& event) {
    exit_ = event;
    exited_ = true;
    early_ = false;
}

void PlatformBench::note_fate(const cpu::PioEvent& event, Step::Fate fate) {
    early_ = exited_;
    snapshot_ = event.snapshot;
    if (!drain_step_) {
        fate_ = fate;
        return;
    }
    Step& step = cells_[current_].story.steps[*drain_step_];
    drain_step_.reset();
    step.fate = fate;
    step.snapshot = event.snapshot;
    step.found = step.linear;
    step.rip = event.rip;
    step.linear = event.linear_rip;
    if (event.direction == cpu::Direction::in && !scenario_.port_is_string)
        step.rax = cpu::merged_rax(step.rax, event.data, event.size);
}

}  // namespace southgate::pio
