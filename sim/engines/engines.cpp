#include "sim/engines/engines.h"

#include <array>
#include <vector>

#include "cpu_model/kvm/kvm_vcpu.h"

namespace southgate::sim {
namespace {

// The kernel completes port I/O by rules of its own, draws its own random numbers, counts no instructions, and the
// time-stamp counter is the host's.
constexpr std::array<std::string_view, 9> not_with_kvm{"--pio-policy",  "--quirk-out-7e",     "--skip-model",
                                                       "--string-rules", "--random-seed",     "--quantum",
                                                       "--mips",         "--max-instructions", "--tsc-mhz"};

std::unique_ptr<cpu::Vcpu> make_kvm(cpu::Bus& bus, const cpu::CpuModel& model, std::uint64_t instruction_time_ps) {
    cpu::kvm::KvmConfig config;
    config.model = model;
    config.instruction_time_ps = instruction_time_ps;
    // Nothing is mapped at the first fetch: memory becomes a slot when it has been read once.
    config.interpret_failures = true;
    config.report_completions = true;
    return cpu::kvm::make_kvm(bus, config);
}

}  // namespace

std::span<const RunEngine> run_engines() {
    static const std::vector<RunEngine> engines{{.name = "interpreter", .factory = {}},
                                                {.name = "kvm", .factory = make_kvm, .max_cpus = 1, .refused = not_with_kvm}};
    return engines;
}

}  // namespace southgate::sim
