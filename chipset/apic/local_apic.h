// The local APIC of one processor: Intel SDM vol. 3A chapter 10 (xAPIC mode). Registers as the 4 KiB page at
// FEE00000h.
//
// Wiring: `lint0` from the 8259 INTR, `lint1` from the NMI line; `intr`, `nmi`, `smi`, `init` to the
// processor. While the APIC is globally disabled (IA32_APIC_BASE.EN = 0) or software-disabled (SVR bit 8 = 0)
// the two pins pass straight through, INTR as an ExtINT. The processor acknowledges through acknowledge(); an
// ExtINT is fetched from the 8259 with the callback on_ext_int_acknowledge().
//
// The timer runs from a constant clock and is computed from time; its one event exists only while an expiry
// could set a bit of IRR.
//
// Not modelled: x2APIC, TSC-deadline, thermal and performance interrupts (their LVTs are storage), focus
// processor, CMCI; an INIT message that SMM holds back still resets the APIC at once.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <systemc>
#include <utility>
#include <vector>

#include "chipset/apic/apic_bus.h"
#include "chipset/apic/apic_timer.h"
#include "chipset/apic/local_apic_registers.h"
#include "chipset/apic/vector_set.h"
#include "chipset/lines.h"
#include "chipset/target.h"

namespace southgate::chipset {

class LocalApic : public sc_core::sc_module, public ApicReceiver {
  private:
    RegisterFunctions space_;

  public:
    struct Config {
        std::uint8_t id = 0;                     // APIC ID after RESET
        std::uint64_t timer_hz = 1'000'000'000;  // before the divider; OVMF assumes 1 GHz
        bool lint0_starts_as_ext_int = false;    // deviation: reset leaves LINT0 open for the 8259
    };
    using ExtIntAcknowledge = std::function<std::uint8_t()>;
    using StartUp = std::function<void(std::uint8_t vector)>;

    TargetSocket socket;        // FEE00000h-FEE00FFFh
    LineIn cpurst{"cpurst"};    // RESET#
    LineIn init_in{"init_in"};  // INIT# pin: resets the registers, drives nothing
    LineIn lint0{"lint0"};
    LineIn lint1{"lint1"};
    LineOut intr{"intr"};  // level
    LineOut nmi{"nmi"};    // pulses
    LineOut smi{"smi"};
    LineOut init{"init"};  // INIT message: pulse to the processor; the APIC has reset itself before

    // The bus must outlive the module.
    LocalApic(const sc_core::sc_module_name& name, ApicBus& bus) : LocalApic(name, bus, Config{}) {}
    LocalApic(const sc_core::sc_module_name& name, ApicBus& bus, const Config& config);

    // INTA cycle of the 8259 behind an ExtINT; without one, vector FFh.
    void on_ext_int_acknowledge(ExtIntAcknowledge acknowledge) { ext_int_ = std::move(acknowledge); }
    // SIPI for this processor.
    void on_start_up(StartUp start_up) { start_up_ = std::move(start_up); }

    // Interrupt acknowledge by the processor at `now`: the vector, which becomes in-service; the 8259's for
    // an ExtINT; the spurious vector when nothing is left to deliver.
    std::uint8_t acknowledge(const sc_core::sc_time& now = sc_core::sc_time_stamp());

    // IA32_APIC_BASE.EN. Clearing it resets the registers (SDM vol. 3A 10.4.3).
    void set_globally_enabled(bool enabled);
    bool globally_enabled() const { return enabled_; }
    bool software_enabled() const { return enabled_ && (value(lapic::kSvr) & lapic::kSoftwareEnable); }

    // CR8 = TPR bits 7..4.
    std::uint8_t cr8() const { return static_cast<std::uint8_t>(value(lapic::kTpr) >> 4); }
    void set_cr8(std::uint8_t value);

    // ApicReceiver
    bool matches(std::uint8_t destination, DestinationMode mode) const override;
    bool accept(DeliveryMode delivery, std::uint8_t vector, TriggerMode trigger) override;
    bool accepts_fixed() const override { return software_enabled(); }
    std::uint8_t processor_priority() const override;
    std::uint8_t apic_id() const override { return static_cast<std::uint8_t>(value(lapic::kId) >> 24); }

    std::uint32_t value(lapic::Index index) const { return registers_[index].value; }

  private:
    void declare();
    std::uint32_t read(std::uint32_t offset, unsigned size, const AccessContext& context);
    void write(std::uint32_t offset, unsigned size, std::uint32_t data, const AccessContext& context);
    void svr_written(std::uint64_t now);
    void lvt_written(unsigned index, std::uint64_t now);
    void end_of_interrupt();
    void send_ipi();
    void error(std::uint32_t bits);

    void pin_changed(unsigned index, bool asserted);
    void service_level_pin(unsigned index);
    bool deliver_local(unsigned index);
    bool ext_int_pending() const;
    bool ext_int_pin(unsigned index) const;
    int deliverable() const;
    std::uint8_t arbitration_priority() const;
    const LineIn& pin(unsigned index) const { return index == lapic::kLvtLint0 ? lint0 : lint1; }
    void update();

    void plan_timer(std::uint64_t now);
    void timer_expired();

    void reset_registers();
    void reset();

    ApicBus& bus_;
    Config config_;
    RegisterBank bank_;
    std::vector<Register> registers_;
    ExtIntAcknowledge ext_int_;
    StartUp start_up_;
    VectorSet isr_, tmr_, irr_;
    std::uint32_t esr_pending_ = 0;  // errors since ESR was written last
    bool enabled_ = true;
    bool ext_int_message_ = false;  // ExtINT received as a message, not yet acknowledged
    ApicTimer timer_;
    sc_core::sc_event timer_event_;
};

}  // namespace southgate::chipset
