#include "sim/pio/kvm/host_run.h"

#include <algorithm>
#include <array>

#include "cpu_model/kvm/host_system.h"
#include "cpu_model/kvm/kvm_vcpu.h"
#include "sim/pio/kvm/child.h"
#include "sim/pio/machine/runner.h"

namespace southgate::pio {

namespace {

using cpu::kvm::KvmVcpu;

// The budget of a run is 64 instructions: long enough for a kernel under emulation, and over at once with any exit.
constexpr std::uint64_t instruction_time_ps = 10'000'000'000;
// A kernel with its own APIC keeps a halted vCPU to itself until the budget is over.
constexpr std::uint64_t halting_instruction_time_ps = 1'000'000'000;

using Text = std::array<char, 256>;

Text text_of(const std::string& s) {
    Text t{};
    std::copy_n(s.begin(), std::min(s.size(), t.size() - 1), t.begin());
    return t;
}

void work(const Scenario& scenario, const HostRunOptions& options, bool story_wanted, Parcel& parcel) {
    cpu::kvm::KvmConfig config;
    config.kernel_apic = needs_kernel_apic(scenario);
    config.instruction_time_ps = config.kernel_apic ? halting_instruction_time_ps : instruction_time_ps;
    config.disable_quirk_out_7e = options.disable_quirk_out_7e;
    try {
        Machine machine([&](cpu::Bus& bus) { return cpu::kvm::make_kvm(bus, config); });
        const auto kvm = [&]() -> KvmVcpu& { return static_cast<KvmVcpu&>(machine.cpu()); };
        bool sync_registers = true;
        machine.set_hand_over_with_entry([&](cpu::Vcpu& cpu, bool on) {
            if (!static_cast<KvmVcpu&>(cpu).write_through_sync_regs(on)) sync_registers = false;
        });
        Runner runner(machine);
        runner.load(scenario);
        Story story;
        const Observation seen = runner.run(story_wanted ? &story : nullptr);
        std::string why;
        auto kind = HostRun::Kind::seen;
        if (!sync_registers) kind = HostRun::Kind::not_runnable, why = "the kernel has no KVM_CAP_SYNC_REGS";
        // What the kernel said of an instruction it cannot emulate belongs to what was seen; other errors are ours.
        else if (!kvm().error().empty() && !kvm().gave_up_on_an_instruction()) kind = HostRun::Kind::crashed, why = kvm().error();
        parcel.put(kind);
        parcel.put(text_of(why));
        parcel.put(seen);
        parcel.put(story.steps.size());
        for (Step& step : story.steps) {
            if (step.exit) step.exit->message = nullptr;
            parcel.put(step);
        }
    } catch (const cpu::kvm::Unavailable& error) {
        parcel.put(HostRun::Kind::not_runnable);
        parcel.put(text_of(error.what()));
        parcel.put(Observation{});
        parcel.put(std::size_t{0});
    }
}

}  // namespace

bool needs_kernel_apic(const Scenario& scenario) {
    return std::any_of(scenario.script.begin(), scenario.script.end(), [](const Action& a) {
        return a.kind == ActionKind::activity || a.kind == ActionKind::start_up || a.kind == ActionKind::init;
    });
}

HostRun run_on_host(const Scenario& scenario, const HostRunOptions& options, Story* story) {
    HostRun run;
    Parcel parcel;
    const ChildEnd end = run_in_child(
        options.seconds, [&](Parcel& p) { work(scenario, options, story != nullptr, p); }, parcel);
    if (end.kind == ChildEnd::Kind::timed_out) run.kind = HostRun::Kind::hung;
    if (end.kind == ChildEnd::Kind::died) run.why = end.why;
    Text why{};
    std::size_t steps = 0;
    if (end.kind != ChildEnd::Kind::returned) return run;
    if (!parcel.take(run.kind) || !parcel.take(why) || !parcel.take(run.observation) || !parcel.take(steps))
        return {HostRun::Kind::crashed, "the child said nothing", {}};
    run.why = why.data();
    if (story) story->steps.clear();
    for (Step step; story && steps-- > 0 && parcel.take(step);) story->steps.push_back(step);
    return run;
}

}  // namespace southgate::pio
