// One vCPU of any engine, its memory, a bus with nothing on it and the port devices: what a scenario runs on.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>

#include "cpu_model/vcpu.h"
#include "sim/pio/lab/guest.h"

namespace southgate::pio {

using VcpuFactory = std::function<std::unique_ptr<cpu::Vcpu>(cpu::Bus&)>;

// Memory outside the guest's floats high, writes vanish. Interrupts come as queued events, never by INTR.
class EmptyBus final : public cpu::Bus {
  public:
    void read(std::uint64_t physical, void* data, unsigned size) override;
    void write(std::uint64_t, const void*, unsigned) override {}
    std::uint8_t interrupt_acknowledge() override { return 0xff; }
    void smm_changed(bool) override {}
    void apic_base_written(std::uint64_t) override {}
    std::uint8_t read_cr8() override { return 0; }
    void write_cr8(std::uint8_t) override {}
};

// The devices behind every port: IN reads a constant, INS a constant byte, OUT is counted.
struct PortDevices {
    std::uint32_t in_data = 0x5a5a5a5a;
    std::uint8_t ins_byte = 0xcc;

    std::uint32_t reads = 0, writes = 0;  // I/O exits
    std::uint64_t bytes_written = 0;
    std::uint32_t last_write = 0;  // first element

    void serve(const cpu::PioExit& pio);
    void forget() { reads = writes = last_write = 0, bytes_written = 0; }
};

class Machine {
  public:
    explicit Machine(VcpuFactory factory);

    cpu::Vcpu& cpu() { return *cpus_[current_]; }
    const cpu::Vcpu& cpu() const { return *cpus_[current_]; }
    GuestMemory memory;
    PortDevices devices;

    // Runs the vCPU; the devices serve a port exit.
    cpu::Exit run(const cpu::Budget& budget) {
        const cpu::Exit exit = cpu().run(budget);
        if (exit.reason == cpu::ExitReason::pio) devices.serve(exit.pio);
        return exit;
    }
    // KVM_RUN with immediate_exit: completes what is pending, runs no guest code.
    cpu::Exit drain() { return run({0, true}); }

    // Goes on on a vCPU that knows nothing of what is pending: every state group is copied, as live migration does.
    // `configure` (policy, ...) is called on it when it is made.
    void migrate();
    void set_configure(std::function<void(cpu::Vcpu&)> configure) { configure_ = std::move(configure); }
    // For an engine that can take registers along with the next run() (KVM's dirty sync registers): called before and
    // after what is to be handed over so.
    void set_hand_over_with_entry(std::function<void(cpu::Vcpu&, bool)> f) { hand_over_ = std::move(f); }
    void hand_over_with_entry(bool on) {
        if (hand_over_) hand_over_(cpu(), on);
    }
    // Both vCPUs without anything pending, ready to enter() a guest again.
    void settle();

    // Stores into guest memory behind the back of both vCPUs, unless the bytes are there already.
    void store(std::uint64_t physical, std::span<const std::uint8_t> bytes);

  private:
    std::unique_ptr<cpu::Vcpu> make();

    EmptyBus bus_;
    VcpuFactory factory_;
    std::function<void(cpu::Vcpu&)> configure_;
    std::function<void(cpu::Vcpu&, bool)> hand_over_;
    std::array<std::unique_ptr<cpu::Vcpu>, 2> cpus_;
    unsigned current_ = 0;
};

}  // namespace southgate::pio
