#include "sim/pio/kvm/engine.h"

#include "sim/pio/machine/verdict.h"

namespace southgate::pio {

KvmEngine::KvmEngine() : probes_(probe_host()) {}

bool KvmEngine::has(const Scenario& scenario, unsigned column, cpu::PioAdvance advance) const {
    const HostPath& host = path(scenario.guest.mode);
    return column == host.column && advance == host.advance;
}

std::string_view KvmEngine::predicted(const Scenario& scenario, unsigned, cpu::PioAdvance) const {
    const Scenario shown = as_a_kernel_shows_it(scenario);
    judge(shown, model_.run(shown, path(scenario.guest.mode)), predicted_);
    return predicted_;
}

CellResult KvmEngine::run(const Scenario& scenario, unsigned, cpu::PioAdvance, Story* story) {
    const Scenario shown = as_a_kernel_shows_it(scenario);
    const HostRun host = run_on_host(shown, {}, story);
    CellResult result;
    switch (host.kind) {
        case HostRun::Kind::seen:
            judge(shown, host.observation, result.code);
            result.rip = host.observation.rip;
            result.rax = host.observation.rax;
            break;
        case HostRun::Kind::hung: result.code = "hung"; break;
        case HostRun::Kind::crashed: result.code = "crashed"; break;
        case HostRun::Kind::not_runnable: result.not_runnable = true; break;
    }
    result.note = host.why;
    return result;
}

std::unique_ptr<MatrixEngine> make_kvm_engine() { return std::make_unique<KvmEngine>(); }

}  // namespace southgate::pio
