// A standard two-button (three reported) PS/2 mouse: IBM PS/2 Hardware Interface Technical Reference,
// "Auxiliary device". Plain logic, no SystemC. Not modelled: sample rate limits, scaling 2:1 of the movement,
// a wheel.
#pragma once

#include <cstdint>
#include <deque>

namespace southgate::chipset {

class Ps2Mouse {
  public:
    void power_on_reset();
    void command(std::uint8_t byte);
    // Relative movement in counts (y up) and buttons (bit 0 left, 1 right, 2 middle). Reported at once in
    // stream mode, if the queue has room; otherwise accumulated.
    void move(int dx, int dy, std::uint8_t buttons);

    bool has_data() const { return !queue_.empty(); }
    std::uint8_t take();
    bool reporting() const { return enabled_ && !remote_ && !wrap_; }

  private:
    void set_defaults();
    void parameter(std::uint8_t byte);
    void send(std::uint8_t byte) { queue_.push_back(byte); }
    void send_packet();

    std::deque<std::uint8_t> queue_;
    std::uint8_t pending_command_ = 0;
    std::uint8_t last_sent_ = 0;
    std::uint8_t rate_ = 100;
    std::uint8_t resolution_ = 2;
    std::uint8_t buttons_ = 0;
    bool enabled_ = false, remote_ = false, wrap_ = false, scaling_ = false;
    int dx_ = 0, dy_ = 0;
};

}  // namespace southgate::chipset
