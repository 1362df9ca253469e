#include "sim/pio/lab/machine.h"

#include <cstring>

namespace southgate::pio {

void EmptyBus::read(std::uint64_t, void* data, unsigned size) { std::memset(data, 0xff, size); }

void PortDevices::serve(const cpu::PioExit& pio) {
    if (pio.direction == cpu::Direction::out) {
        ++writes;
        bytes_written += std::uint64_t{pio.size} * pio.count;
        last_write = 0;
        std::memcpy(&last_write, pio.data, pio.size);
        return;
    }
    ++reads;
    if (pio.string) std::memset(pio.data, ins_byte, std::size_t{pio.size} * pio.count);
    else std::memcpy(pio.data, &in_data, pio.size);
}

Machine::Machine(VcpuFactory factory) : factory_(std::move(factory)) { cpus_[0] = make(); }

std::unique_ptr<cpu::Vcpu> Machine::make() {
    auto cpu = factory_(bus_);
    cpu->set_memory_map(memory.slots());
    return cpu;
}

void Machine::migrate() {
    auto& to = cpus_[current_ ^ 1];
    if (!to) to = make();
    if (configure_) configure_(*to);
    const cpu::ArchState state = cpu().state();
    to->set_sregs(state.sregs);
    to->set_debug_regs(state.debug);
    to->set_fpu(state.fpu);
    to->set_msrs(state.msrs);
    to->set_regs(state.regs);
    to->set_events(state.events);
    current_ ^= 1;
}

void Machine::store(std::uint64_t physical, std::span<const std::uint8_t> bytes) {
    if (!memory.store(cpu(), physical, bytes)) return;
    if (cpu::Vcpu* other = cpus_[current_ ^ 1].get()) other->memory_written(memory.at(physical), bytes.size());
}

void Machine::settle() {
    for (auto& cpu : cpus_) {
        if (!cpu) continue;
        cpu->set_single_step(false);
        if (cpu->run({0, true}).reason != cpu::ExitReason::pio) continue;
        // The emulator repeats a batch of INS for as long as RCX is 0.
        cpu::GeneralRegisters regs = cpu->regs();
        regs.gpr[static_cast<unsigned>(cpu::Gpr::rcx)] = 1;
        regs.gpr[static_cast<unsigned>(cpu::Gpr::rdi)] = layout::scratch;
        cpu->set_regs(regs);
        cpu->run({0, true});
    }
}

}  // namespace southgate::pio
