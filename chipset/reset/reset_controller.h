// The reset logic of a southbridge: ports 92h and CF9h, the INIT# generator, hard reset, A20M#, power
// sequencing. 82371AB (PIIX4) 290562 sections 4.2.7 and the pin descriptions of INIT, CPURST, PCIRST#,
// RSTDRV, PWROK; 316972 (ICH9) sections 13.7.3 and 13.7.5. docs/reset.md tells the whole story.
//
// Each cause is reported as Observer::reset_requested, each edge of a line as Observer::line_changed with the
// name of the pin member below. With zero delays a line rises and falls inside the call that caused it; CPUs
// act on the rising edge of `init` and on the falling edge of `cpurst`. Not modelled: BIST request over
// INIT#, STPCLK# and CPU sleep pins, SLP_Sx# as separate lines.
#pragma once

#include <cstdint>
#include <optional>
#include <systemc>

#include "chipset/agenda.h"
#include "chipset/lines.h"
#include "chipset/personality.h"
#include "chipset/reset/reset_timing.h"
#include "chipset/target.h"

namespace southgate::chipset {

class ResetController : public sc_core::sc_module {
  private:
    BankSpace port92_space_;
    BankSpace cf9_space_;

  public:
    struct Config {
        Southbridge southbridge = Southbridge::piix;
        ResetTiming timing = ResetTiming::zero();
        Personality personality = Personality::strict();
        // Picoseconds a machine that was switched off stays off before it wakes by itself; none: until a
        // button or `wake`.
        std::optional<std::uint64_t> wake_after_off;
    };

    TargetSocket port92;  // 1 byte at I/O 92h
    TargetSocket cf9;     // 1 byte at I/O CF9h

    LineIn rcin{"rcin"};              // RCIN# of the keyboard controller; the asserting edge makes an INIT#
    LineIn a20gate{"a20gate"};        // KBC P21, true = A20 open
    LineIn shutdown{"shutdown"};      // asserting edge: a CPU's shutdown special cycle was seen
    LineIn host_init{"host_init"};    // asserting edge: soft reset by the host bridge (440FX TRC)
    LineIn host_reset{"host_reset"};  // asserting edge: hard reset by the host bridge (440FX TRC)
    LineIn s5{"s5"};                  // asserting edge: power management asks for soft off
    LineIn s3{"s3"};                  // asserting edge: power management asks for suspend to RAM
    LineIn wake{"wake"};              // asserting edge: wake event while sleeping or off
    LineIn power_button{"power_button"};  // asserted while pressed
    LineIn reset_button{"reset_button"};  // asserted while pressed

    LineOut init{"init"};                      // INIT# to every CPU
    LineOut cpurst{"cpurst"};                  // CPURST(#)
    LineOut pcirst{"pcirst"};                  // PCIRST# / PLTRST#
    LineOut rstdrv{"rstdrv"};                  // RSTDRV to ISA devices and the KBC
    LineOut power_good{"power_good"};          // PWROK: core well is powered
    LineOut resume_well_ok{"resume_well_ok"};  // RSMRST# released: standby power is there
    LineOut a20m{"a20m"};                      // A20M#: asserted = address bit 20 masked
    LineOut powered_off{
        "powered_off"};        // switched off by S5 or power button override; false again at power-on
    LineOut pwrbtn{"pwrbtn"};  // PWRBTN# as power management sees it: the button while power is on

    explicit ResetController(const sc_core::sc_module_name& name) : ResetController(name, Config{}) {}
    ResetController(const sc_core::sc_module_name& name, const Config& config);

    // First power-on of the simulation: everything was held in reset since elaboration. No effect when power
    // is on.
    void power_on();
    // The front panel, for programs. A press is the asserting and the releasing edge with no time in between.
    void press_power_button();
    void press_reset_button();

    // What the pins of the same purpose do, for a caller whose local time is ahead of sc_time_stamp().
    void request_shutdown_init(const sc_core::sc_time& now);
    void request_soft_off(const sc_core::sc_time& now);

    bool is_powered() const { return power_ == Power::on; }

  private:
    // Slots of the agenda, in the order they act when due at the same time.
    enum Action : unsigned {
        kOverride,
        kPowerOff,
        kPowerStart,
        kPowerGood,
        kWake,
        kAssertReset,
        kReleasePcirst,
        kReleaseRstdrv,
        kReleaseCpurst,
        kInitPort92,
        kInitCf9,
        kInitShutdown,
        kReleaseInit,
        kActionCount,
    };
    enum class Power : std::uint8_t { off, rising, on };
    enum class OffReason : std::uint8_t { soft_off, suspend, cycle };

    void end_of_elaboration() override;
    void expire();
    void schedule(Action action, std::uint64_t now, std::uint64_t delay);
    void perform(Action action, std::uint64_t now);

    void write_port92(std::uint32_t before, std::uint64_t now);
    void write_cf9(std::uint32_t before, std::uint32_t written, std::uint64_t now);

    void request_init(Action action, const char* source, std::uint64_t now, std::uint64_t delay);
    void request_hard_reset(const char* source, std::uint64_t now, std::uint64_t delay, bool power_cycle);
    void request_off(const char* source, std::uint64_t now, OffReason reason);
    void request_power(const char* source, std::uint64_t now);
    void change_rcin(bool asserted);
    void change_power_button(bool pressed, std::uint64_t now);
    void change_reset_button(bool pressed, std::uint64_t now);

    void assert_init(std::uint64_t now);
    void hard_reset(std::uint64_t now);
    void hold_in_reset(std::uint64_t now);
    void release_resets(std::uint64_t now, std::uint64_t pcirst, std::uint64_t rstdrv, std::uint64_t cpurst);
    void lose_power_good(std::uint64_t now);
    void switch_off(std::uint64_t now);
    void raise_power_good(std::uint64_t now);

    void reset_registers();
    void update_a20(std::uint64_t now);
    void drive(LineOut& line, const char* line_name, bool asserted, std::uint64_t now);
    void report(const char* source, std::uint64_t now) const;

    Config config_;
    Register p92_;
    Register rc_;
    Agenda<kActionCount> agenda_;
    Power power_ = Power::off;
    OffReason off_reason_ = OffReason::soft_off;
    bool cycle_pending_ = false;           // the scheduled hard reset is a power cycle
    bool reset_button_holds_ = false;      // PIIX: the button keeps PWROK low
    std::uint64_t reset_button_down_ = 0;  // when the button pulled PWROK low
    bool a20_open_ = true;                 // last change of a source, for personality a20_last_writer
};

}  // namespace southgate::chipset
