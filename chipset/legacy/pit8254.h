// The 8254 programmable interval timer of a PC, ports 40h-43h, clocked with 14.31818 MHz / 12. Intel 231164
// (8254); 82371AB 290562 section 8.6 for its place in the southbridge.
//
// Counters are computed from time. An output pin nobody is bound to costs no events; a bound one changes
// exactly at its clock pulse. The 8254 has no reset pin: counters run through every reset (personality row 15
// excepted).
#pragma once

#include <array>
#include <cstdint>
#include <systemc>

#include "chipset/clock.h"
#include "chipset/legacy/pit_counter.h"
#include "chipset/lines.h"
#include "chipset/target.h"

namespace southgate::chipset {

class Timer8254 : public sc_core::sc_module {
  private:
    BankSpace space_;

  public:
    // 1.193181666... MHz.
    static constexpr ClockRate kClock{14318180, 12};
    static std::uint64_t tick_of(const sc_core::sc_time& now) { return kClock.ticks(to_picoseconds(now)); }

    struct Config {
        // QEMU deviation 15: PCIRST# puts every counter in mode 3 with count 65536, running. The datasheet
        // gives the chip no reset: strict keeps the counters.
        bool reset_to_mode3 = false;
    };

    TargetSocket socket;  // 40h-43h
    LineIn pcirst{"pcirst"};
    LineIn gate2{"gate2"};  // port 61h bit 0; the gates of counters 0 and 1 are tied high
    LineOut out0{"out0"};   // IRQ0
    LineOut out1{"out1"};   // refresh request
    LineOut out2{"out2"};   // speaker, port 61h bit 5

    explicit Timer8254(const sc_core::sc_module_name& name) : Timer8254(name, Config{}) {}
    Timer8254(const sc_core::sc_module_name& name, const Config& config);

    // Level of OUT of `counter` (0..2) at `now`, which may lie ahead of sc_time_stamp().
    bool output(unsigned counter, const sc_core::sc_time& now) const;
    // What the gate2 pin does, for a caller whose local time is ahead of sc_time_stamp().
    void set_gate2(bool level, const sc_core::sc_time& now);

  private:
    void write_control(std::uint8_t data, std::uint64_t tick);
    void expire();
    void update(unsigned n, std::uint64_t tick);
    void reset();

    Config config_;
    std::array<Register, 4> registers_;
    std::array<PitCounter, 3> counters_;
    std::array<LineOut*, 3> outputs_{&out0, &out1, &out2};
    std::array<std::uint64_t, 3> edges_;  // pulse of the next change of each bound output
    sc_core::sc_event edge_event_;
};

}  // namespace southgate::chipset
