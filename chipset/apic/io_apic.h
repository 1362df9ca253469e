// The I/O APIC 82093AA, 24 inputs: Intel 290566. Memory-mapped IOREGSEL (00h) and IOWIN (10h), usually at FEC00000h.
//
// Input lines carry logical levels, so the polarity bit of an entry is stored and has no effect. Not modelled: the
// serial APIC bus and its arbitration (ARBID follows ID).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <systemc>

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
        std::uint8_t version = 0x11;  // 20h adds the EOI register at 40h (ICH I/O APICs)
    };

    TargetSocket socket;  // 256 bytes at FEC00000h; the rest of the page floats
    LineIn pcirst{"pcirst"};

    // The bus must outlive the module.
    IoApic(const sc_core::sc_module_name& name, ApicBus& bus) : IoApic(name, bus, Config{}) {}
    IoApic(const sc_core::sc_module_name& name, ApicBus& bus, const Config& config);

    // INTIN n, n in 0..23. ISA IRQ n goes to INTIN n, IRQ0 to INTIN 2, PIRQ A-D to 16-19.
    LineIn& irq(unsigned n) { return *irq_[n]; }

    std::uint64_t redirection(unsigned n) const { return entries_[n]; }

  private:
    std::uint32_t read(std::uint32_t offset, unsigned size) const;
    void write(std::uint32_t offset, unsigned size, std::uint32_t data, const AccessContext& context);
    std::uint32_t read_window() const;
    void write_window(std::uint32_t data, std::uint32_t lanes);
    void write_entry(unsigned pin, std::uint32_t data, std::uint32_t lanes, bool high);
    void input_changed(unsigned pin, bool asserted);
    void service(unsigned pin);
    void end_of_interrupt(std::uint8_t vector) override;
    void reset();

    ApicBus& bus_;
    Config config_;
    std::uint8_t select_ = 0;
    std::uint32_t id_ = 0;
    std::array<std::uint64_t, kPins> entries_;
    std::array<std::unique_ptr<LineIn>, kPins> irq_;
};

}  // namespace southgate::chipset
