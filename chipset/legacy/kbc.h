// The 8042 keyboard controller of a PC/AT and PS/2 with its keyboard and mouse: ports 60h and 64h, RCIN# and
// A20GATE. IBM PC/AT Technical Reference, "Keyboard controller"; IBM PS/2 Hardware Interface Technical
// Reference.
//
// Bytes reach the output buffer one byte time apart while their interrupt is enabled, and at once for a
// polling driver. Commands that change the output port take ResetTiming::kbc_latency, with IBF set; a write
// meanwhile is lost. Not modelled: the password commands A4h-A6h, the keylock switch, parity and time-out
// errors, reading 8042 RAM 21h-3Fh.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string_view>
#include <systemc>

#include "chipset/agenda.h"
#include "chipset/legacy/kbc_keyboard.h"
#include "chipset/legacy/kbc_keys.h"
#include "chipset/legacy/kbc_mouse.h"
#include "chipset/lines.h"
#include "chipset/personality.h"
#include "chipset/reset/reset_timing.h"
#include "chipset/target.h"

namespace southgate::chipset {

class KeyboardController : public sc_core::sc_module {
  private:
    BankSpace space_;

  public:
    struct Config {
        ResetTiming timing = ResetTiming::zero();  // kbc_latency and kbc_pulse are used
        Personality personality = Personality::strict();
        std::uint64_t byte_time = 1'000'000'000;      // picoseconds a PS/2 byte takes: 11 bits at 10-16.7 kHz
        std::uint64_t key_interval = 20'000'000'000;  // picoseconds between two injected key events
    };

    TargetSocket socket;  // offset 0 = port 60h, offset 4 = port 64h

    LineIn rstdrv{"rstdrv"};          // resets the controller
    LineIn power_good{"power_good"};  // keyboard and mouse lose their state when it drops
    LineOut irq1{"irq1"};
    LineOut irq12{"irq12"};
    LineOut rcin{"rcin"};        // P20, logical: asserted = RCIN# low
    LineOut a20gate{"a20gate"};  // P21, true = A20 open

    explicit KeyboardController(const sc_core::sc_module_name& name) : KeyboardController(name, Config{}) {}
    KeyboardController(const sc_core::sc_module_name& name, const Config& config);

    // Key strokes to come, one event each key_interval from now on.
    void press(std::span<const KeyEvent> events);
    // keys_from_text(); throws std::invalid_argument.
    void type_text(std::string_view text) { press(keys_from_text(text)); }
    // Mouse movement in counts, see Ps2Mouse::move.
    void move_mouse(int dx, int dy, std::uint8_t buttons);
    // Injected key events the keyboard did not take yet.
    std::size_t keys_waiting() const { return typing_.size(); }

    const Ps2Keyboard& keyboard() const { return keyboard_; }
    std::uint8_t output_port() const;  // P2 as command D0h shows it
    std::uint8_t command_byte() const { return command_byte_; }

  private:
    enum Action : unsigned { kExecute, kPulseEnd, kDeliver, kType, kActionCount };
    enum class Origin : std::uint8_t { controller, keyboard, mouse };
    struct Response {
        std::uint8_t data;
        Origin origin;
    };

    void end_of_elaboration() override;
    void expire();

    std::uint32_t read_data(const AccessContext& context);
    std::uint32_t read_status() const;
    void write_data(std::uint8_t data, std::uint64_t now);
    void write_command(std::uint8_t command, std::uint64_t now);
    void command_parameter(std::uint8_t command, std::uint8_t data, std::uint64_t now);
    void change_command_byte(unsigned value, std::uint64_t now);
    void self_test(std::uint64_t now);

    void write_output_port(std::uint8_t data, std::uint64_t now);
    void pulse_output_port(std::uint8_t command, std::uint64_t now);
    void start(std::uint64_t now);
    void execute(std::uint64_t now);
    void drive_output_port();

    void respond(std::uint8_t data, Origin origin, std::uint64_t now);
    void load(std::uint8_t data, Origin origin);
    void deliver(std::uint64_t now);
    void data_arrived(std::uint64_t now);
    void update_interrupts();
    void type_next(std::uint64_t now);
    void reset_controller();
    void report(const char* source, std::uint64_t now) const;

    Config config_;
    Register data_;
    Register command_status_;
    Ps2Keyboard keyboard_;
    Ps2Mouse mouse_;
    Agenda<kActionCount> agenda_;
    std::deque<KeyEvent> typing_;

    std::uint8_t output_buffer_ = 0;
    bool full_ = false;                 // OBF
    bool aux_ = false;                  // the byte came from the mouse
    std::optional<Response> response_;  // waits for the output buffer to empty
    bool last_was_command_ = false;
    bool break_prefix_ = false;  // the translation has seen F0h
    std::uint8_t command_byte_;
    std::uint8_t parameter_of_ = 0;  // 64h command that waits for a byte at 60h; 0 = none
    std::uint8_t port2_;             // latch, bits 0-3
    std::uint8_t pulsed_low_ = 0;    // bits a command F0h-FEh holds low now
    std::uint8_t next_port2_ = 0;    // what kExecute writes or pulses
    bool next_is_pulse_ = false;
    std::uint64_t ready_at_ = 0;     // earliest delivery of a paced byte
    std::uint64_t next_key_at_ = 0;  // earliest next injected key event
};

}  // namespace southgate::chipset
