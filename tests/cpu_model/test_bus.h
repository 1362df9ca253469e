// A Bus for engine tests: unmapped memory floats high, every call is recorded.
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <vector>

#include "cpu_model/vcpu.h"

namespace southgate::cpu::test {

struct BusAccess {
    bool write = false;
    std::uint64_t physical = 0;
    unsigned size = 0;
    std::uint64_t value = 0;
    bool operator==(const BusAccess&) const = default;
};

class TestBus : public Bus {
  public:
    void read(std::uint64_t physical, void* data, unsigned size) override {
        std::memcpy(data, &read_value, size);
        accesses.push_back({false, physical, size, 0});
        if (on_access) on_access();
    }
    void write(std::uint64_t physical, const void* data, unsigned size) override {
        std::uint64_t value = 0;
        std::memcpy(&value, data, size);
        accesses.push_back({true, physical, size, value});
        if (on_access) on_access();
    }
    std::uint8_t interrupt_acknowledge() override {
        ++acknowledged;
        if (on_acknowledge) on_acknowledge();
        return vector;
    }
    void smm_changed(bool in_smm) override { smm_changes.push_back(in_smm); }
    void apic_base_written(std::uint64_t value) override { apic_base = value; }
    std::uint8_t read_cr8() override { return cr8; }
    void write_cr8(std::uint8_t value) override { cr8 = value; }

    std::uint64_t read_value = ~std::uint64_t{0};
    std::vector<BusAccess> accesses;
    std::function<void()> on_access, on_acknowledge;
    std::uint8_t vector = 0x20;
    unsigned acknowledged = 0;
    std::vector<bool> smm_changes;
    std::uint64_t apic_base = 0;
    std::uint8_t cr8 = 0;
};

}  // namespace southgate::cpu::test
