// What the chipset costs without a CPU: b_transport through host bridge, PCI and ISA routers, DMI requests, and each
// reset source with zero timing. Run as build/release/southgate_bench.
#include <benchmark/benchmark.h>

#include "tests/chipset/pc_bench.h"

namespace southgate::chipset::test {
namespace {

PcBench& machine() {
    static PcBench bench{PcBench::Config{}};
    static const bool started = [] {
        bench.start();
        return true;
    }();
    (void)started;
    return bench;
}

void port_read(benchmark::State& state) {
    Cpu& cpu = machine().cpu;
    for (auto _ : state) benchmark::DoNotOptimize(cpu.in(static_cast<std::uint16_t>(state.range(0))));
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
// PIC mask, 8254 counter, port 61h, port 92h, an unclaimed port.
BENCHMARK(port_read)->ArgName("port")->Arg(0x21)->Arg(0x40)->Arg(0x61)->Arg(0x92)->Arg(0x2f0);

void port_write(benchmark::State& state) {
    Cpu& cpu = machine().cpu;
    for (auto _ : state) cpu.out(static_cast<std::uint16_t>(state.range(0)), 0);
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(port_write)->ArgName("port")->Arg(0x61)->Arg(0x80)->Arg(0x92);

void configuration_read(benchmark::State& state) {
    Cpu& cpu = machine().cpu;
    for (auto _ : state) benchmark::DoNotOptimize(cpu.config_read(0, 0, 0x59, 1));
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(configuration_read);

void dmi_request(benchmark::State& state) {
    Cpu& cpu = machine().cpu;
    tlm::tlm_dmi dmi;
    for (auto _ : state) benchmark::DoNotOptimize(cpu.dmi(0x1000, dmi));
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(dmi_request);

// The probes of the test machine remember every edge; forget them.
void forget_edges() {
    machine().init.edges.clear();
    machine().cpurst.edges.clear();
}

void reset_port92(benchmark::State& state) {
    Cpu& cpu = machine().cpu;
    for (auto _ : state) {
        cpu.out(0x92, 0);
        cpu.out(0x92, 1);
        forget_edges();
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(reset_port92);

void reset_cf9(benchmark::State& state) {
    Cpu& cpu = machine().cpu;
    const auto kind = static_cast<std::uint64_t>(state.range(0));
    for (auto _ : state) {
        cpu.out(0xcf9, kind);
        cpu.out(0xcf9, kind | 4);
        forget_edges();
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(reset_cf9)->ArgName("kind")->Arg(0x00)->Arg(0x02)->Arg(0x0a);

void reset_shutdown(benchmark::State& state) {
    Cpu& cpu = machine().cpu;
    for (auto _ : state) {
        cpu.special(SpecialCycle::Kind::shutdown);
        forget_edges();
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(reset_shutdown);

}  // namespace
}  // namespace southgate::chipset::test

int sc_main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
