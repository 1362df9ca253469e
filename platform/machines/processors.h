// The processors of a PC with their local APICs, and how a board wires them. Wiring only.
//
// The chipset's INIT#, RESET# and A20M# reach every processor, its INTR and NMI the LINT0 and LINT1 of every
// local APIC (MultiProcessor Specification 1.4, 3.6.1 and 4.3.4). Its SMI# reaches the bootstrap processor only:
// PC firmware for this board relocates nobody else's SMBASE, so an SMI to all would send the others into the
// same save area at 30000h. SMI messages of the APIC bus reach their destinations. FERR# and IGNNE# are the bootstrap
// processor's only: with several, x87 errors are for the native mode (Intel SDM vol. 1 D.2.1).
#pragma once

#include <functional>
#include <memory>
#include <systemc>
#include <tlm>
#include <vector>

#include "chipset/apic/apic_bus.h"
#include "chipset/apic/local_apic.h"
#include "chipset/bus/bus_join.h"
#include "chipset/bus/bus_probe.h"
#include "chipset/bus/memory_router.h"
#include "chipset/i440fx/host_bridge.h"
#include "chipset/lines.h"
#include "cpu_model/decode/code_sharing.h"
#include "cpu_model/system/cpuid.h"
#include "platform/cpu_module.h"
#include "platform/cpu_scheduler.h"
#include "platform/engine_factory.h"

namespace southgate::platform {

// A probe at the I/O ports of the processors; `cpu` is the number of the one whose cycle it is.
using ProcessorProbe = std::function<void(unsigned cpu, tlm::tlm_generic_payload& trans, sc_core::sc_time& delay,
                                          tlm::tlm_blocking_transport_if<>& bus)>;

// One processor, its local APIC and the address decoding in front of the host bus.
struct Processor {
    CpuModule cpu;
    chipset::LocalApic lapic;
    chipset::MemoryRouter bus;
    chipset::LineOr init, nmi, smi;
    chipset::MemoryRouter::MapId lapic_window;

    Processor(unsigned number, chipset::ApicBus& apic_bus, const CpuConfig& config,
              const chipset::LocalApic::Config& apic, const CpuModule::EngineFactory& factory,
              CpuScheduler& scheduler);
};

class Processors {
  public:
    struct Config {
        unsigned count = 1;           // 1..16
        cpu::CpuModel model;          // of each; APIC IDs count from 0, the first is the bootstrap processor
        CpuConfig cpu;
        EngineFactory engine;         // empty: the interpreter
        std::uint64_t quantum_ps = CpuScheduler::default_quantum_ps;
        std::uint64_t apic_timer_hz = 1'000'000'000;
        bool lint0_starts_as_ext_int = false;  // of the bootstrap processor (personality)
        ProcessorProbe io_probe;
    };

    Processors(chipset::ApicBus& apic_bus, const Config& config);

    std::size_t count() const { return all_.size(); }
    CpuModule& cpu(std::size_t number = 0) { return all_.at(number)->cpu; }
    CpuScheduler& scheduler() { return scheduler_; }

    void connect(chipset::HostBridge& host);
    // The chipset's lines; each ends at the processors the board connects it to.
    void connect_init(chipset::LineOut& line);
    void connect_cpurst(chipset::LineOut& line);
    void connect_power_good(chipset::LineOut& line);
    void connect_a20m(chipset::LineOut& line);
    void connect_intr(chipset::LineOut& line);
    void connect_nmi(chipset::LineOut& line);
    void connect_smi(chipset::LineOut& line);
    // FERR# and IGNNE#, the bootstrap processor's.
    void connect_ferr(chipset::LineIn& line);
    void connect_ignne(chipset::LineOut& line);

    // Somebody wrote memory that a processor may have decoded.
    void memory_written(const std::uint8_t* host, std::size_t size) {
        for (auto& one : all_) one->cpu.memory_written(host, size);
    }
    void report_to(EventStream& events) {
        for (auto& one : all_) one->cpu.report_to(events);
    }

  private:
    CpuScheduler scheduler_;
    cpu::CodeSharing code_;
    std::vector<std::unique_ptr<Processor>> all_;
    std::vector<std::unique_ptr<chipset::BusProbe>> io_probes_;  // if the configuration has one
    // Of several processors only.
    std::unique_ptr<chipset::BusJoin> memory_, io_;
    std::unique_ptr<chipset::LineOr> smiact_;
};

}  // namespace southgate::platform
