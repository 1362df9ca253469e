// A 16550A serial port: National PC16550D data sheet. The IRQ pin passes MCR.OUT2, as on every PC (IBM PC/AT
// technical reference, serial adapter).
//
// Not modelled: break (LCR.SB is stored), parity and framing errors (the line is perfect), DMA pins.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <systemc>
#include <utility>

#include "chipset/agenda.h"
#include "chipset/lines.h"
#include "chipset/target.h"

namespace southgate::chipset {

class Uart16550 : public sc_core::sc_module {
  private:
    BankSpace space_;

  public:
    struct Config {
        // On: a character takes its bit time on the line, in both directions, and a slow guest overruns. Off:
        // sent characters leave at once; received ones wait until there is room.
        bool timing = false;
        std::uint32_t clock_hz = 1843200;  // baud clock; the rate is clock / 16 / divisor
        std::uint8_t modem_inputs = 0xb0;  // MSR bits 7..4: DCD, RI, DSR, CTS; default a ready peer
    };
    using Transmit = std::function<void(std::uint8_t character)>;

    TargetSocket socket;  // 8 ports
    LineIn pcirst{"pcirst"};
    LineOut irq{"irq"};

    explicit Uart16550(const sc_core::sc_module_name& name) : Uart16550(name, Config{}) {}
    Uart16550(const sc_core::sc_module_name& name, const Config& config);

    void on_transmit(Transmit transmit) { transmit_ = std::move(transmit); }
    // Characters from the other end of the line; they queue without limit until the receiver takes them.
    void receive(std::span<const std::uint8_t> characters);
    // MSR bits 7..4 (DCD, RI, DSR, CTS) as the other end drives them.
    void set_modem_inputs(std::uint8_t bits);

  private:
    static constexpr unsigned kFifoDepth = 16;

    // Storage of 16 characters, of which 1 is used when FCR.0 = 0; no allocation.
    class Fifo {
      public:
        bool empty() const { return count_ == 0; }
        unsigned size() const { return count_; }
        void push(std::uint8_t data) { data_[(first_ + count_++) % kFifoDepth] = data; }
        std::uint8_t front() const { return data_[first_]; }
        std::uint8_t pop() {
            const std::uint8_t data = data_[first_];
            first_ = (first_ + 1) % kFifoDepth;
            --count_;
            return data;
        }
        void clear() { count_ = 0; }

      private:
        std::array<std::uint8_t, kFifoDepth> data_{};
        unsigned first_ = 0, count_ = 0;
    };
    enum Deadline : unsigned { kTransmitted, kReceived, kTimeout, kDeadlines };

    void declare();
    std::uint8_t read_rbr(const AccessContext& context);
    std::uint8_t read_iir(const AccessContext& context);
    std::uint8_t read_lsr(const AccessContext& context);
    std::uint8_t read_msr(const AccessContext& context);
    void write_thr(std::uint8_t data, std::uint64_t now);
    void write_ier(std::uint8_t data);
    void write_fcr(std::uint8_t data, std::uint64_t now);
    void write_mcr(std::uint8_t data, std::uint64_t now);

    bool dlab() const { return (lcr_ & 0x80) != 0; }
    bool fifos() const { return (fcr_ & 0x01) != 0; }
    bool loopback() const { return (mcr_ & 0x10) != 0; }
    unsigned depth() const { return fifos() ? kFifoDepth : 1; }
    unsigned trigger() const;
    std::uint64_t character_ps() const;
    std::uint8_t line_status() const;
    std::uint8_t modem_lines() const;
    std::uint8_t interrupt_id() const;

    void send(std::uint8_t data, std::uint64_t now);
    void start_transmitter(std::uint64_t now);
    void accept(std::uint8_t data, std::uint64_t now);
    void feed_receiver(std::uint64_t now);
    void restart_timeout(std::uint64_t now);
    void update_modem();
    void update_irq();
    void expire();
    void reset();

    Config config_;
    Transmit transmit_;
    std::array<Register, 8> registers_;
    std::uint8_t ier_ = 0, fcr_ = 0, lcr_ = 0, mcr_ = 0, scr_ = 0;
    std::uint16_t divisor_ = 0x000c;  // 9600 baud; the data sheet gives no reset value
    std::uint8_t modem_inputs_;
    std::uint8_t modem_delta_ = 0;  // MSR bits 3..0
    std::uint8_t modem_seen_;       // MSR bits 7..4 the deltas are relative to
    Fifo rx_, tx_;
    std::uint8_t rbr_last_ = 0;  // what an empty receiver shows
    std::uint8_t shifting_ = 0;  // transmitter shift register
    bool tsr_busy_ = false;
    bool overrun_ = false;
    bool thre_pending_ = false;      // THRE interrupt, cleared by reading IIR
    bool timeout_pending_ = false;   // character timeout indication
    std::deque<std::uint8_t> line_;  // characters on their way to the receiver
    Agenda<kDeadlines> agenda_;
};

}  // namespace southgate::chipset
