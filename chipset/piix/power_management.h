// Power management of the PIIX4, function 3 (8086:7113): ACPI fixed registers, PM timer, SMI# by APM, SMBus
// host. 82371AB 290562, chapters 7 and 11.
//
// Suspend: SUS_TYP 0 asks for soft off, 1 for suspend to RAM; RSM_STS reads 1 after the power came back. What
// wakes a sleeping machine here is the RTC alarm (RTC_EN) and the lid, ring and GPI events (GPEN) on `wake`;
// the power button goes to the reset controller. Not modelled: powered on suspend (SUS_TYP 2-4 do nothing),
// clock control (C2, C3, throttling), device monitors and traps, general purpose I/O pins, SMI# until EOS (it
// is a pulse for each event).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <systemc>
#include <utility>
#include <vector>

#include "chipset/bus/pci_function.h"
#include "chipset/clock.h"
#include "chipset/lines.h"
#include "chipset/personality.h"
#include "chipset/piix/smbus_host.h"

namespace southgate::chipset {

class PowerManagement : public PciFunction {
  private:
    BankSpace pm_space_;
    RegisterFunctions smbus_space_;

  public:
    struct Config {
        // Deviation: pm1_cleared_by_sleep.
        Personality personality = Personality::strict();
    };

    SC_HAS_PROCESS(PowerManagement);

    static constexpr ClockRate timer_clock{3'579'545};

    TargetSocket pm_io;     // 64 ports at PMBA, while PMREGMISC.PMIOSE is set
    TargetSocket smbus_io;  // 16 ports at SMBBA, while SMBHSTCFG.SMB_HST_EN and PCICMD.IOSE are set

    LineIn power_good{"power_good"};    // PWROK
    LineIn resume_well{"resume_well"};  // RSMRST# released
    LineIn apmc{"apmc"};                // software wrote APMC (ApmPorts)
    LineIn pwrbtn{"pwrbtn"};            // PWRBTN#
    LineIn rtc_alarm{"rtc_alarm"};      // IRQ8#
    LineIn thermal{"thermal"};          // THRM#
    LineIn lid{"lid"};                  // LID
    LineIn ring{"ring"};                // RI#
    LineIn gpi{"gpi"};                  // GPI1#
    LineOut sci{"sci"};                 // IRQ9, level
    LineOut smi{"smi"};                 // SMI#, a pulse for each event
    LineOut s5{"s5"};                   // pulse: enter soft off
    LineOut s3{"s3"};                   // pulse: enter suspend to RAM
    LineOut wake{"wake"};               // pulse: resume event while suspended

    explicit PowerManagement(const sc_core::sc_module_name& name) : PowerManagement(name, Config{}) {}
    PowerManagement(const sc_core::sc_module_name& name, const Config& config);

    // Called for soft off with the exact time of the write, in addition to the pulse on `s5`.
    void on_soft_off(std::function<void(const sc_core::sc_time&)> handler) {
        on_soft_off_ = std::move(handler);
    }

    // PMBA: the first of the 64 ports, as programmed; 0 before that.
    std::uint16_t io_base() const;
    // The 24-bit timer at `now`.
    std::uint32_t timer(const sc_core::sc_time& now) const;
    const RegisterBank& pm_registers() const { return pm_space_.bank; }

  private:
    void pci_reset() override;
    void pci_reset_released() override;
    void config_written(std::uint32_t offset, unsigned size, const AccessContext& context) override;
    Register& reg(const char* register_name);
    void attach_behaviour();
    void update_windows_from_config();

    std::uint64_t ticks(std::uint64_t now_ps) const;
    void settle_timer(std::uint64_t now_ps);
    void plan_overflow();
    void overflow_due();

    void write_control(std::uint32_t written, const sc_core::sc_time& now);
    void general_event(std::uint32_t status_bit, bool asserted);
    void fixed_event(std::uint32_t status_bit, std::uint64_t now_ps);
    void update_events();
    void make_smi(std::uint32_t cause);
    bool pending() const;
    void change_power(bool good);
    void core_reset();
    void resume_well_reset();

    Config config_;
    SmbusHost smbus_;
    std::vector<std::unique_ptr<Register>> registers_;
    Register *pmba_, *pmregmisc_, *smbba_, *smbhstcfg_, *devactb_;
    Register *pmsts_, *pmen_, *pmcntrl_, *pmtmr_, *gpsts_, *gpen_, *glbsts_, *glben_, *glbctl_;
    unsigned pm_window_, smbus_window_;
    std::uint64_t timer_origin_ = 0;    // picosecond at which the timer was 0
    std::uint64_t overflows_seen_ = 0;  // changes of timer bit 23 that TMROF_STS has shown
    sc_core::sc_event overflow_event_;
    bool pending_ = false;     // an enabled status bit is set
    bool suspended_ = false;   // from SUS_EN until power is back
    bool power_lost_ = false;  // PWROK fell since PCIRST# was asserted
    std::uint64_t button_released_ = kNeverPs;
    std::function<void(const sc_core::sc_time&)> on_soft_off_;
};

}  // namespace southgate::chipset
