// Scenarios of port-I/O completion on the interpreter: prepared, run and judged, one vCPU after the other reused.
#include <benchmark/benchmark.h>

#include <string>

#include "cpu_model/interpreter/interpreter.h"
#include "sim/pio/machine/runner.h"
#include "sim/pio/machine/verdict.h"
#include "sim/pio/scenario/catalogue.h"

namespace {

using namespace southgate;
using namespace southgate::pio;

std::unique_ptr<cpu::Vcpu> make(cpu::Bus& bus) { return cpu::make_interpreter(bus); }

// items_per_second is scenario executions a second: all scenarios, columns and skip models in turn.
void every_cell(benchmark::State& state) {
    const auto scenarios = load_catalogue();
    Machine machine(make);
    Runner runner(machine);
    std::string code;
    std::int64_t runs = 0;
    for (auto _ : state) {
        for (const Scenario& scenario : scenarios) {
            runner.load(scenario);
            for (const cpu::PioAdvance advance : skip_models) {
                for (unsigned column = 0; column < column_count; ++column) {
                    runner.set_column(column, advance);
                    judge(scenario, runner.run(), code);
                    benchmark::DoNotOptimize(code.data());
                    ++runs;
                }
            }
        }
    }
    state.SetItemsProcessed(runs);
}
BENCHMARK(every_cell)->Name("pio_scenarios/every_cell")->Unit(benchmark::kMillisecond);

// One scenario under one policy, again and again.
void one_cell(benchmark::State& state, const char* id) {
    const auto scenarios = load_catalogue();
    const auto chosen = select(scenarios, {id});
    if (chosen.size() != 1) return state.SkipWithError("no such scenario");
    Machine machine(make);
    Runner runner(machine);
    runner.load(*chosen[0]);
    runner.set_column(*parse_column("LR"), cpu::PioAdvance::relative);
    std::string code;
    for (auto _ : state) {
        judge(*chosen[0], runner.run(), code);
        benchmark::DoNotOptimize(code.data());
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK_CAPTURE(one_cell, real16_reset, "S08")->Name("pio_scenarios/S08_real16");
BENCHMARK_CAPTURE(one_cell, long64_reset, "S08-m64")->Name("pio_scenarios/S08_long64");

}  // namespace
