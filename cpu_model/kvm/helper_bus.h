// The bus of the interpreter that stands in for the kernel.
#pragma once

#include "cpu_model/kvm/kvm_vcpu.h"

namespace southgate::cpu::kvm {

struct KvmVcpu::HelperBus final : Bus {
    explicit HelperBus(Bus& platform) : bus(platform) {}

    void read(std::uint64_t physical, void* data, unsigned size) override { bus.read(physical, data, size); }
    void write(std::uint64_t physical, const void* data, unsigned size) override { bus.write(physical, data, size); }
    std::uint8_t interrupt_acknowledge() override { return bus.interrupt_acknowledge(); }
    void smm_changed(bool in_smm) override {
        bus.smm_changed(in_smm);
        // Behind RSM the kernel takes over again.
        if (!in_smm && running) running->request_exit();
    }
    void apic_base_written(std::uint64_t value) override { bus.apic_base_written(value); }
    void reset_vector_entered(std::uint64_t from) override { bus.reset_vector_entered(from); }
    std::uint8_t read_cr8() override { return bus.read_cr8(); }
    void write_cr8(std::uint8_t value) override { bus.write_cr8(value); }

    Bus& bus;
    Interpreter* running = nullptr;
};

}  // namespace southgate::cpu::kvm
