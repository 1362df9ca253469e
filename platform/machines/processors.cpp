#include "platform/machines/processors.h"

#include <string>

#include "cpu_model/interpreter/interpreter.h"
#include "platform/input_error.h"

namespace southgate::platform {

using namespace chipset;

namespace {

constexpr std::uint64_t apic_x2 = 1u << 10, apic_enable = 1u << 11, apic_base_mask = 0xf'ffff'f000;

// The first one's modules have no number, so that a machine with one processor looks the same everywhere.
std::string numbered(const char* name, unsigned number) {
    return number == 0 ? name : name + std::to_string(number);
}

}  // namespace

Processor::Processor(unsigned number, ApicBus& apic_bus, const CpuConfig& config,
                     const LocalApic::Config& apic, const CpuModule::EngineFactory& factory,
                     CpuScheduler& scheduler)
    : cpu(numbered("cpu", number).c_str(), config, factory, &scheduler),
      lapic(numbered("lapic", number).c_str(), apic_bus, apic),
      bus(numbered("cpu_bus", number).c_str()),
      init(numbered("init_or", number).c_str()),
      nmi(numbered("nmi_or", number).c_str()),
      smi(numbered("smi_or", number).c_str()),
      lapic_window(0) {
    cpu.memory.bind(bus.target);
    lapic_window = bus.map(0xfee0'0000, 0x1000, lapic.socket);
    lapic.intr(cpu.intr);
    lapic.init(init.add_input());
    lapic.nmi(nmi.add_input());
    lapic.smi(smi.add_input());
    init.out(cpu.init);
    nmi.out(cpu.nmi);
    smi.out(cpu.smi);
    lapic.on_ext_int_acknowledge([this] { return cpu.acknowledge_on_bus(); });
    lapic.on_start_up([this](std::uint8_t vector) { cpu.start_up(vector); });
    cpu.attach({.base_written =
                    [this](std::uint64_t base) {
                        lapic.set_base(base);
                        // In x2APIC mode the page is not the APIC's (SDM vol. 3A 10.12.2).
                        bus.move(lapic_window, base & apic_base_mask, (base & (apic_enable | apic_x2)) == apic_enable);
                    },
                .read_cr8 = [this] { return lapic.cr8(); },
                .write_cr8 = [this](std::uint8_t value) { lapic.set_cr8(value); },
                .acknowledge = [this] { return lapic.acknowledge(); },
                .read_register =
                    [this](unsigned index, std::uint64_t& value, std::uint64_t now) {
                        return lapic.read_msr(index, value, from_picoseconds(now));
                    },
                .write_register =
                    [this](unsigned index, std::uint64_t value, std::uint64_t now) {
                        return lapic.write_msr(index, value, from_picoseconds(now));
                    },
                .set_deadline = [this](std::uint64_t at, std::uint64_t now) { lapic.set_deadline(at, now); },
                .deadline_armed = [this](std::uint64_t now) { return lapic.deadline_armed(now); }});
}

Processors::Processors(ApicBus& apic_bus, const Config& config)
    : scheduler_("cpu_scheduler", config.quantum_ps) {
    if (config.count < 1 || config.count > ApicBus::kMaxReceivers)
        throw InputError("a pc has 1 to " + std::to_string(ApicBus::kMaxReceivers) + " processors, not " +
                         std::to_string(config.count));
    const bool several = config.count > 1;
    for (unsigned number = 0; number < config.count; ++number) {
        cpu::CpuModel model = config.model;
        model.apic_id = static_cast<std::uint8_t>(number);
        model.bootstrap = number == 0;
        model.random_seed += number;
        const LocalApic::Config apic{
            .id = static_cast<std::uint8_t>(number),
            .timer_hz = config.apic_timer_hz,
            .tsc_deadline = (model.features_ecx & cpu::feature_ecx::tsc_deadline) != 0,
            .lint0_starts_as_ext_int = number == 0 && config.lint0_starts_as_ext_int};
        all_.push_back(std::make_unique<Processor>(
            number, apic_bus, config.cpu, apic,
            [&](cpu::Bus& bus) {
                return config.engine ? config.engine(bus, model, config.cpu.instruction_time_ps)
                                     : cpu::make_interpreter(bus, model, several ? &code_ : nullptr);
            },
            scheduler_));
    }
    if (config.io_probe)
        for (unsigned number = 0; number < config.count; ++number)
            io_probes_.push_back(std::make_unique<BusProbe>(
                numbered("io_probe", number).c_str(),
                [number, probe = config.io_probe](auto& trans, auto& delay, auto& bus) {
                    probe(number, trans, delay, bus);
                }));
    if (!several) return;
    memory_ = std::make_unique<BusJoin>("host_bus_memory");
    io_ = std::make_unique<BusJoin>("host_bus_io");
    smiact_ = std::make_unique<LineOr>("smiact_or");
}

void Processors::connect(HostBridge& host) {
    for (std::size_t number = 0; number < all_.size(); ++number) {
        auto& one = all_[number];
        one->bus.set_default(memory_ ? memory_->add_input() : host.cpu_memory);
        auto* port = &one->cpu.io;
        if (!io_probes_.empty()) {
            port->bind(io_probes_[number]->in);
            port = &io_probes_[number]->out;
        }
        port->bind(io_ ? io_->add_input() : host.cpu_io);
        one->cpu.smiact(smiact_ ? smiact_->add_input() : host.smiact);
    }
    if (!memory_) return;
    memory_->out.bind(host.cpu_memory);
    io_->out.bind(host.cpu_io);
    smiact_->out(host.smiact);
}

void Processors::connect_init(LineOut& line) {
    for (auto& one : all_) {
        // The APIC resets itself before the processor looks at INIT#.
        line(one->lapic.init_in);
        line(one->init.add_input());
    }
}

void Processors::connect_cpurst(LineOut& line) {
    for (auto& one : all_) {
        line(one->lapic.cpurst);
        line(one->cpu.cpurst);
    }
}

void Processors::connect_power_good(LineOut& line) {
    for (auto& one : all_) line(one->cpu.power_good);
}

void Processors::connect_a20m(LineOut& line) {
    for (auto& one : all_) line(one->cpu.a20m);
}

void Processors::connect_intr(LineOut& line) {
    for (auto& one : all_) line(one->lapic.lint0);
}

void Processors::connect_nmi(LineOut& line) {
    for (auto& one : all_) line(one->lapic.lint1);
}

void Processors::connect_smi(LineOut& line) { line(all_.front()->smi.add_input()); }

void Processors::connect_ferr(LineIn& line) { all_.front()->cpu.ferr(line); }

void Processors::connect_ignne(LineOut& line) { line(all_.front()->cpu.ignne); }

}  // namespace southgate::platform
