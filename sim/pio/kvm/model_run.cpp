#include "sim/pio/kvm/model_run.h"

namespace southgate::pio {

namespace {

// Where the interpreter raises #UD, the kernel's emulator gives up at CPL 0 (KVM_INTERNAL_ERROR_EMULATION), with rip
// on the instruction.
void give_up(Observation& o) {
    constexpr std::uint8_t undefined_opcode = 6;
    if (o.vector != undefined_opcode || !o.pushed || o.stop_count == 0) return;
    o.vector.reset();
    o.rip = o.stops[o.stop_count - 1].rip = *o.pushed;
    o.stops[o.stop_count - 1].reason = cpu::ExitReason::internal_error;
}

}  // namespace

ModelRun::ModelRun()
    : machine_([](cpu::Bus& bus) { return std::make_unique<HostModel>(bus); }), runner_(machine_) {}

const Observation& ModelRun::run(const Scenario& scenario, const HostPath& path, Story* story) {
    const auto follow = [path](cpu::Vcpu& cpu) { static_cast<HostModel&>(cpu).follow(path); };
    follow(machine_.cpu());
    machine_.set_configure(follow);
    runner_.load(scenario);
    shown_ = runner_.run(story);
    if (columns[path.column].kind == cpu::PioPolicyKind::full_emulator) give_up(shown_);
    return shown_;
}

Scenario as_a_kernel_shows_it(const Scenario& scenario) {
    Scenario s = scenario;
    s.right.retired.reset();
    return s;
}

}  // namespace southgate::pio
