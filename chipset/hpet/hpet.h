// The high precision event timer: a 64-bit counter at 14.31818 MHz and three comparators, each one-shot or periodic,
// 64 or 32 bits wide. IA-PC HPET specification 1.0a.
//
// The 8254 and the RTC reach IRQ0 and IRQ8 through it, because legacy replacement puts timers 0 and 1 in their place.
// Otherwise each timer goes to the I/O APIC input of its INT_ROUTE_CNF, one of 20 to 23.
//
// An edge-triggered interrupt is a rising edge at the match; the output then stays high until the next match makes
// another, so that an 8259 has time to acknowledge it (a specified pulse width does not exist).
// Counter and comparators are computed from time. An event exists only for a timer whose interrupt is enabled.
//
// Not modelled: interrupt messages (FSB). The main counter may be written while it runs (the specification forbids it).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <systemc>
#include <vector>

#include "chipset/agenda.h"
#include "chipset/clock.h"
#include "chipset/hpet/comparator.h"
#include "chipset/hpet/hpet_registers.h"
#include "chipset/lines.h"
#include "chipset/target.h"

namespace southgate::chipset {

class Hpet : public sc_core::sc_module {
  private:
    BankSpace space_;

  public:
    SC_HAS_PROCESS(Hpet);

    static constexpr ClockRate clock{14'318'180};
    static constexpr unsigned first_route = 20, route_count = 4;

    TargetSocket socket;            // FED00000h-FED003FFh
    LineIn pcirst{"pcirst"};
    LineIn pit{"pit"};              // OUT of 8254 counter 0
    LineIn rtc{"rtc"};              // IRQ# of the RTC
    LineOut irq0{"irq0"};           // the 8254, or timer 0
    LineOut irq8{"irq8"};           // the RTC, or timer 1

    explicit Hpet(const sc_core::sc_module_name& name);

    // To I/O APIC input `first_route` + n.
    LineOut& route(unsigned n) { return *routes_[n]; }
    // The main counter at `now`.
    std::uint64_t counter(const sc_core::sc_time& now) const { return counter_at(to_picoseconds(now)); }

  private:
    Register& reg(unsigned index) { return *registers_[index]; }
    const Register& reg(unsigned index) const { return *registers_[index]; }
    Register& timer_reg(unsigned timer, hpet::TimerIndex index) {
        return reg(hpet::kTimer + hpet::per_timer * timer + index);
    }
    std::uint32_t conf(unsigned timer) const {
        return reg(hpet::kTimer + hpet::per_timer * timer + hpet::kConf).value;
    }
    void declare();
    void declare_timer(unsigned timer);

    bool running() const { return reg(hpet::kGenConf).value & hpet::enable; }
    bool legacy() const { return reg(hpet::kGenConf).value & hpet::legacy_replacement; }
    std::uint64_t position_at(std::uint64_t now) const;
    std::uint64_t counter_at(std::uint64_t now) const { return base_counter_ + (position_at(now) - base_position_); }

    void configuration_written(std::uint32_t before, std::uint64_t now);
    void counter_written(std::uint64_t value, std::uint64_t now);
    void timer_configured(unsigned timer, std::uint32_t before, std::uint64_t now);
    void comparator_written(unsigned timer, bool high, std::uint32_t data, std::uint64_t now);

    void settle(std::uint64_t now);
    void plan(unsigned timer, std::uint64_t now);
    void due();
    void update_outputs();
    void reset();

    std::vector<std::unique_ptr<Register>> registers_;
    std::array<std::unique_ptr<LineOut>, route_count> routes_;
    std::array<HpetComparator, hpet::timers> comparators_;
    std::array<bool, hpet::timers> edge_{};  // output of an edge-triggered timer
    // While running, the position is base_position_ plus the clock edges since base_time_.
    std::uint64_t base_position_ = 0, base_counter_ = 0, base_time_ = 0;
    // A write of 8 bytes comes as two dwords of the same time; VAL_SET_CNF holds for both.
    std::array<std::uint64_t, hpet::timers> value_set_until_{};
    Agenda<hpet::timers> agenda_;
};

}  // namespace southgate::chipset
