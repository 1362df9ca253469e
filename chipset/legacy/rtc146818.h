// The real-time clock and CMOS RAM of a PC: MC146818A registers behind an index and a data port, 256 bytes of
// RAM, 82371AB 290562 section 8.9.
//
// Time of day is the configured epoch plus simulated time. An update takes the 2228 us before each full
// second (UIP), as with a 32.768 kHz crystal. One event serves the three interrupts.
//
// Not modelled: crystals other than 32.768 kHz (DV other than 010 stops the clock), daylight saving (DSE is
// stored), the SQW pin, the century (32h is plain RAM), register locks of RTCCFG.
#pragma once

#include <array>
#include <cstdint>
#include <systemc>

#include "chipset/clock.h"
#include "chipset/legacy/cmos_defaults.h"
#include "chipset/legacy/rtc_calendar.h"
#include "chipset/lines.h"
#include "chipset/target.h"

namespace southgate::chipset {

class RealTimeClock : public sc_core::sc_module {
  private:
    BankSpace space_;

  public:
    struct Config {
        std::int64_t epoch =
            1767225600;             // time of day at simulated time 0, Unix seconds: 2026-01-01 00:00:00 UTC
        CmosImage cmos{};           // bytes 00h-0Dh are ignored
        bool extended_bank = true;  // ports 72h/73h reach bytes 80h-FFh
        // PCIRST# clears PIE, AIE, UIE, SQWE and the flags of register C, as RESET# of the MC146818 does. Off
        // on the ICH9, whose RTC does not see PLTRST# (316972; QEMU deviation 12 clears them there too).
        bool reset_clears_interrupts = true;
        // QEMU deviation 11: PCIRST# stores 00h in the shutdown byte 0Fh unless it holds FEh. No hardware
        // does.
        bool reset_clears_shutdown_byte = false;
    };

    TargetSocket socket;  // 70h-73h
    LineIn pcirst{"pcirst"};
    LineOut irq{"irq"};            // IRQ8, level until register C is read
    LineOut nmi_mask{"nmi_mask"};  // port 70h bit 7; asserted = NMI disabled

    explicit RealTimeClock(const sc_core::sc_module_name& name) : RealTimeClock(name, Config{}) {}
    RealTimeClock(const sc_core::sc_module_name& name, const Config& config);

    // CMOS byte as the data port would show it at `now`, without side effects; index 0..255.
    std::uint8_t peek(std::uint8_t index, const sc_core::sc_time& now) const;
    // Stores a RAM byte (0Eh..FFh) as the battery-backed cell holds it; others are ignored.
    void poke(std::uint8_t index, std::uint8_t data);

  private:
    std::uint8_t read_cell(std::uint8_t index, std::uint64_t now) const;
    std::uint8_t take_flags(std::uint64_t now);  // a read of register C
    static unsigned alarm_slot(std::uint8_t index) { return index / 2u; }
    void write_cell(std::uint8_t index, std::uint8_t data, std::uint64_t now);
    void declare_ports(unsigned bank);
    void write_a(std::uint8_t data, std::uint64_t now);
    void write_b(std::uint8_t data, std::uint64_t now);

    bool divider_running() const { return (a_ & 0x70) == 0x20; }
    bool updating() const { return divider_running() && !(b_ & 0x80); }
    bool update_in_progress(std::uint64_t now) const;
    // Second and periodic boundaries passed since origin_, and when number n is; 0 while the divider stands.
    std::uint64_t seconds_at(std::uint64_t now) const;
    std::uint64_t second_boundary(std::uint64_t n) const;
    std::uint64_t periods_at(std::uint64_t now) const;
    std::uint64_t period_boundary(std::uint64_t n) const;
    unsigned period_shift() const;
    std::uint64_t since_origin(std::uint64_t now) const {
        return static_cast<std::uint64_t>(static_cast<std::int64_t>(now) - origin_);
    }
    RtcTime time_at(std::uint64_t now) const;
    RtcFormat format() const { return {(b_ & 0x04) != 0, (b_ & 0x02) != 0}; }

    std::uint8_t flags_at(std::uint64_t now) const;
    void settle(std::uint64_t now);
    void update_irq();
    void plan();
    void expire();
    void reset();
    void end_of_elaboration() override;

    Config config_;
    std::array<Register, 4> registers_;
    CmosImage ram_;
    std::array<std::uint8_t, 2> index_{};
    std::uint8_t a_ = 0x26, b_ = 0x02, flags_ = 0;  // register C without IRQF
    RtcAlarm alarm_;
    RtcTime time_;  // time of day at second boundary time_second_
    std::uint64_t time_second_ = 0;
    std::int64_t origin_ = 0;    // picosecond of second boundary 0 and of the periodic chain
    std::uint64_t settled_ = 0;  // flags_ and time_ are complete up to this picosecond
    sc_core::sc_event flag_event_;
};

}  // namespace southgate::chipset
