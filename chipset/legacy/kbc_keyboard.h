// A PS/2 keyboard behind its serial interface: commands, scan code sets 1 to 3, output queue. IBM PS/2
// Hardware Interface Technical Reference, "Keyboards (101- and 102-key)". Plain logic, no SystemC. Not
// modelled: typematic repetition, the BAT code 500 ms after power-on (a reset command answers it at once).
#pragma once

#include <cstdint>
#include <deque>

#include "chipset/legacy/kbc_keys.h"

namespace southgate::chipset {

class Ps2Keyboard {
  public:
    // Power-on defaults; what was queued is lost.
    void power_on_reset();
    // A byte from the controller.
    void command(std::uint8_t byte);
    // False: the queue has no room, try again later. A keyboard that does not scan swallows the event.
    bool key(const KeyEvent& event);

    bool has_data() const { return !responses_.empty() || !scans_.empty(); }
    std::uint8_t take();

    std::uint8_t leds() const { return leds_; }  // bit 0 scroll, 1 num, 2 caps lock
    bool scanning() const { return scanning_; }
    unsigned scan_set() const { return set_; }

  private:
    void set_defaults();
    void parameter(std::uint8_t byte);
    void respond(std::uint8_t byte) { responses_.push_back(byte); }

    std::deque<std::uint8_t> responses_;  // go before scan codes
    std::deque<std::uint8_t> scans_;
    std::uint8_t pending_command_ = 0;  // waits for its parameter; 0 = none
    std::uint8_t last_sent_ = 0;
    std::uint8_t leds_ = 0;
    std::uint8_t set_ = 2;
    bool scanning_ = true;
};

}  // namespace southgate::chipset
