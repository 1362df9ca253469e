// The local APIC of one processor: Intel SDM vol. 3A chapter 10. Registers as the 4 KiB page at FEE00000h, or as MSRs
// in x2APIC mode (10.12).
//
// Wiring: `lint0` from the 8259 INTR, `lint1` from the NMI line; `intr`, `nmi`, `smi`, `init` to the
// processor. While the APIC is globally disabled (IA32_APIC_BASE.EN = 0) or software-disabled (SVR bit 8 = 0)
// the two pins pass straight through, INTR as an ExtINT. The processor acknowledges through acknowledge(); an
// ExtINT is fetched from the 8259 with the callback on_ext_int_acknowledge().
//
// The timer runs from a constant clock and is computed from time; its one event exists only while an expiry
// could set a bit of IRR.
//
// Not modelled: thermal and performance interrupts (their LVTs are storage), focus
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
#include "chipset/clock.h"
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
        bool tsc_deadline = true;                // CPUID.1:ECX bit 24; without, the timer's mode bit 18 is reserved
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
    // IA32_APIC_BASE as the processor accepted it: EN and EXTD, the switch to x2APIC mode.
    void set_base(std::uint64_t base);
    bool x2apic() const { return x2apic_; }
    bool globally_enabled() const { return enabled_; }
    bool software_enabled() const { return enabled_ && (value(lapic::kSvr) & lapic::kSoftwareEnable); }

    // CR8 = TPR bits 7..4.
    std::uint8_t cr8() const { return static_cast<std::uint8_t>(value(lapic::kTpr) >> 4); }
    void set_cr8(std::uint8_t value);

    // MSR 800h + `index` in x2APIC mode, at the processor's local time; false: #GP.
    bool read_msr(unsigned index, std::uint64_t& value, const sc_core::sc_time& now);
    bool write_msr(unsigned index, std::uint64_t value, const sc_core::sc_time& now);
    // IA32_TSC_DEADLINE as a point of time, ps; kNeverPs disarms. No effect outside the LVT timer's deadline mode. One
    // that has passed expires at once.
    void set_deadline(std::uint64_t at_ps, std::uint64_t now_ps);
    bool deadline_armed(std::uint64_t now_ps) const { return deadline_ != kNeverPs && deadline_ > now_ps; }

    // ApicReceiver
    bool matches(std::uint32_t destination, DestinationMode mode) const override;
    bool accept(DeliveryMode delivery, std::uint8_t vector, TriggerMode trigger) override;
    bool accepts_fixed() const override { return software_enabled(); }
    std::uint8_t processor_priority() const override;
    std::uint8_t apic_id() const override { return static_cast<std::uint8_t>(value(lapic::kId) >> 24); }

    std::uint32_t value(lapic::Index index) const { return registers_[index].value; }

  private:
    void declare();
    std::uint32_t read(std::uint32_t offset, unsigned size, const AccessContext& context);
    void write(std::uint32_t offset, unsigned size, std::uint32_t data, const AccessContext& context);
    bool deadline_mode() const { return (value(lapic::kLvtTimer) & lapic::kDeadline) != 0; }
    std::uint32_t logical_x2apic_id() const { return (config_.id >> 4u) << 16 | 1u << (config_.id & 15); }
    void svr_written(std::uint64_t now);
    void lvt_written(unsigned index, std::uint64_t now);
    void end_of_interrupt();
    void send_ipi();
    void send_to_self(const ApicMessage& message);
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
    bool x2apic_ = false;
    std::uint64_t deadline_ = kNeverPs;  // ps
    bool ext_int_message_ = false;  // ExtINT received as a message, not yet acknowledged
    ApicTimer timer_;
    sc_core::sc_event timer_event_;
};

}  // namespace southgate::chipset
