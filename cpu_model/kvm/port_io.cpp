// Port I/O exits, and what can be told of them.
#include <algorithm>
#include <cstring>
#include <utility>

#include "cpu_model/kvm/kvm_call.h"
#include "cpu_model/kvm/kvm_vcpu.h"
#include "cpu_model/pio/policy.h"

namespace southgate::cpu::kvm {

Exit KvmVcpu::port_exit() {
    ++statistics_.pio_exits;
    owed_ = true;
    const auto& io = run_->io;
    const std::uint64_t bytes = std::uint64_t{io.size} * io.count;
    if (io.data_offset > fd_.run_size || bytes > fd_.run_size - io.data_offset) {
        fail("KVM_EXIT_IO: data outside the shared pages");
        return leave(ExitReason::internal_error);
    }
    Exit exit = leave(ExitReason::pio);
    PioExit& pio = exit.pio;
    pio.direction = io.direction == KVM_EXIT_IO_IN ? Direction::in : Direction::out;
    pio.port = io.port;
    pio.size = io.size;
    pio.count = io.count;
    const std::optional<PortInstruction> here = port_instruction_at_rip();
    pio.string = io.count > 1 || (pio.direction == Direction::in && here && here->string);
    pio.data = reinterpret_cast<std::uint8_t*>(run_) + io.data_offset;
    pio.linear_rip = linear_rip();
    if (observer_) {
        PioEvent event{pio.direction, pio.port, pio.size, pio.count, 0, pio.linear_rip, regs().rip, pio.linear_rip,
                       regs().rip};
        std::memcpy(&event.data, pio.data, std::min<std::uint64_t>(pio.size, 4));
        observer_->pio_exit(event);
        if (config_.report_completions) {
            const bool on_it = here && here->direction == pio.direction && here->port == pio.port;
            if (on_it) told_ = event;
            else observer_->pio_complete(event);
        }
    }
    return exit;
}

// The kernel does not say whether one element comes from IN or INS, nor whether rip is behind the instruction already: the
// code at rip tells. (Of a row of equal instructions it may be the next one; of OUT and OUTS rip may be behind.)
std::optional<KvmVcpu::PortInstruction> KvmVcpu::port_instruction_at_rip() const {
    PortInstruction found;
    const auto port_of_dx = [&] { return static_cast<std::uint16_t>(regs().gpr[static_cast<unsigned>(Gpr::rdx)]); };
    std::uint8_t opcode = 0;
    kvm_translation t{};
    t.linear_address = linear_rip();
    for (unsigned i = 0; i < 15; ++i, ++t.linear_address) {
        if (i == 0 || (t.linear_address & 0xfff) == 0) {
            if (control(*fd_.system, fd_.vcpu, KVM_TRANSLATE, &t) < 0 || !t.valid) return std::nullopt;
        } else {
            ++t.physical_address;
        }
        const MemorySlot* slot = map_.find(t.physical_address);
        if (!slot || !slot->readable) return std::nullopt;
        const std::uint8_t byte = slot->host[t.physical_address - slot->guest_physical];
        if (opcode != 0) {
            found.port = byte;
            return found;
        }
        switch (byte) {
            case 0x26: case 0x2e: case 0x36: case 0x3e: case 0x64: case 0x65:  // prefixes
            case 0x66: case 0x67: case 0xf0: case 0xf2: case 0xf3: continue;
            case 0x6c: case 0x6d: case 0x6e: case 0x6f:  // INS, OUTS
            case 0xec: case 0xed: case 0xee: case 0xef:  // IN, OUT by DX
                found.string = byte < 0x70;
                found.direction = (byte & 2) ? Direction::out : Direction::in;
                found.port = port_of_dx();
                return found;
            case 0xe4: case 0xe5: case 0xe6: case 0xe7:  // by an immediate byte
                found.direction = (byte & 2) ? Direction::out : Direction::in;
                opcode = byte;
                continue;
            default:
                if ((byte & 0xf0) != 0x40) return std::nullopt;  // REX
        }
    }
    return std::nullopt;
}

// The entry that completes or drops what pends has executed nothing else: whether anything changed tells which.
void KvmVcpu::tell_completion(const GeneralRegisters& before) {
    PioEvent event = *std::exchange(told_, std::nullopt);
    if (!observer_) return;
    const GeneralRegisters now = regs();
    event.rip = now.rip;
    event.linear_rip = linear_rip();
    if (now == before) observer_->pio_cancel(event);
    else observer_->pio_complete(event);
}

}  // namespace southgate::cpu::kvm
