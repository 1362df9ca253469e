// One counter of the 8254 as a function of its clock: Intel 231164 (8254). Plain logic, no SystemC.
//
// Time is the number of CLK pulses since the simulation began. The counter is never ticked: advance() brings
// it to a later pulse in closed form, next_edge() says at which pulse OUT changes if nobody touches it.
#pragma once

#include <cstdint>
#include <limits>

namespace southgate::chipset {

class PitCounter {
  public:
    static constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

    // Every entry point takes the current pulse number, `tick`; one that lies before the last change counts
    // as that. Reading and latching never move the counter, so a reader ahead of simulated time loses nobody
    // an edge.
    void write_control(std::uint64_t tick, std::uint8_t control);  // control word; RW != 0
    void write_count(std::uint64_t tick, std::uint8_t data);       // port 40h + n
    std::uint8_t read_count(std::uint64_t tick);  // latched value first, LSB/MSB as programmed
    void latch_count(std::uint64_t tick);
    void latch_status(std::uint64_t tick);
    void set_gate(std::uint64_t tick, bool level);

    void advance(std::uint64_t tick);
    // The counter at a later pulse.
    PitCounter at(std::uint64_t tick) const {
        PitCounter later = *this;
        later.advance(tick);
        return later;
    }
    bool out() const { return out_; }
    // First pulse after the current one at which OUT changes; kNever when it does not without outside help.
    std::uint64_t next_edge() const;

    unsigned mode() const { return mode_; }
    bool gate() const { return gate_; }
    // Value of the counting element, binary, at the current pulse.
    std::uint16_t count() const;

  private:
    std::uint32_t modulus() const { return bcd_ ? 10000 : 65536; }
    std::uint32_t decode(std::uint16_t raw) const;
    std::uint16_t encode(std::uint32_t value) const;
    void load();
    void run(std::uint64_t pulses);
    void run_rate(std::uint64_t pulses);
    void run_square(std::uint64_t pulses);
    void run_down(std::uint64_t pulses);
    std::uint32_t half_period() const;
    std::uint64_t running_edge() const;

    std::uint64_t at_ = 0;            // pulse of the state below
    std::uint64_t load_at_ = kNever;  // pulse that moves CR into the counting element
    std::uint32_t ce_ = 0;      // counting element, 0..modulus; in mode 3 the pulses left in the half cycle
    std::uint32_t reload_ = 0;  // decoded count in CR; 0 until one was written
    std::uint32_t cycle_ = 0;   // count the running cycle was loaded with (modes 2, 3)
    std::uint16_t latched_count_ = 0;
    std::uint8_t latched_status_ = 0;
    std::uint8_t low_byte_ = 0;    // first byte of a two-byte write
    std::uint8_t control_ = 0x30;  // RW, mode, BCD as written; read back in the status byte
    std::uint8_t mode_ = 0;
    std::uint8_t access_ = 3;  // RW: 1 = LSB, 2 = MSB, 3 = LSB then MSB
    bool bcd_ = false;
    bool gate_ = true;
    bool out_ = false;
    bool high_half_ = true;  // mode 3; OUT follows it except while GATE holds OUT high
    bool counting_ = false;  // the element was loaded (and triggered, modes 1 and 5) since the control word
    bool strobe_armed_ = false;  // modes 0, 1, 4, 5: the terminal count still has to act on OUT
    bool null_count_ = true;
    bool second_byte_write_ = false;
    bool second_byte_read_ = false;
    bool count_latched_ = false;
    bool status_latched_ = false;
};

}  // namespace southgate::chipset
