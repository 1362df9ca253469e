// The I/O APIC 82093AA, 24 inputs: Intel 290566. Memory-mapped IOREGSEL (00h) and IOWIN (10h), usually at
// FEC00000h.
//
// Input lines carry logical levels, so the polarity bit of an entry is stored and has no effect.
//
// Not modelled: the serial APIC bus and its arbitration (the arbitration ID follows the ID).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <systemc>
#include <vector>

#include "chipset/apic/apic_bus.h"
#include "chipset/lines.h"
#include "chipset/target.h"

namespace southgate::chipset {

class IoApic : public sc_core::sc_module, private EoiListener {
  private:
    RegisterFunctions space_;

  public:
    static constexpr unsigned kPins = 24;

    struct Config {
        std::uint8_t version = 0x11;  // 20h adds the EOI register at 40h (I/O APICs of the ICH)
    };

    TargetSocket socket;  // 256 bytes at FEC00000h
    LineIn pcirst{"pcirst"};

    // The bus must outlive the module.
    IoApic(const sc_core::sc_module_name& name, ApicBus& bus) : IoApic(name, bus, Config{}) {}
    IoApic(const sc_core::sc_module_name& name, ApicBus& bus, const Config& config);

    // INTIN n, n in 0..23. On a PC, ISA IRQ n goes to INTIN n, IRQ0 to INTIN 2 and PIRQ A-D to 16-19.
    LineIn& irq(unsigned n) { return *irq_[n]; }

    // Redirection entry n, 64 bits.
    std::uint64_t redirection(unsigned n) const {
        return static_cast<std::uint64_t>(high(n).value) << 32 | low(n).value;
    }

  private:
    std::uint32_t read(std::uint32_t offset, unsigned size, const AccessContext& context);
    void write(std::uint32_t offset, unsigned size, std::uint32_t data, const AccessContext& context);
    Register& low(unsigned pin) { return indirect_registers_[3 + 2 * pin]; }
    const Register& low(unsigned pin) const { return indirect_registers_[3 + 2 * pin]; }
    const Register& high(unsigned pin) const { return indirect_registers_[4 + 2 * pin]; }
    void entry_written(unsigned pin);
    void input_changed(unsigned pin, bool asserted);
    void service_level(unsigned pin);
    bool send(unsigned pin);
    void end_of_interrupt(std::uint8_t vector) override;
    void reset();

    ApicBus& bus_;
    RegisterBank direct_;
    RegisterBank indirect_;  // register index i at byte 4 * i
    std::vector<Register> direct_registers_;
    std::vector<Register> indirect_registers_;
    std::array<std::unique_ptr<LineIn>, kPins> irq_;
};

}  // namespace southgate::chipset
