#include "chipset/legacy/uart16550.h"

#include <stdexcept>
#include <string>

#include "chipset/clock.h"

namespace southgate::chipset {

namespace {

constexpr const char* kSheet = "National PC16550D, table II";
// Offsets 0 and 1 are DLL and DLM while LCR.7 = 1; offset 2 is IIR when read and FCR when written.
constexpr std::array<RegisterInfo, 8> kRegisters{{
    {"RBR_THR_DLL", 0, 1, 0x00, ResetDomain::never, kSheet},
    {"IER_DLM", 1, 1, 0x00, ResetDomain::platform, kSheet},
    {"IIR_FCR", 2, 1, 0x01, ResetDomain::platform, kSheet},
    {"LCR", 3, 1, 0x00, ResetDomain::platform, kSheet},
    {"MCR", 4, 1, 0x00, ResetDomain::platform, kSheet},
    {"LSR", 5, 1, 0x60, ResetDomain::platform, kSheet},
    {"MSR", 6, 1, 0x00, ResetDomain::platform, kSheet},
    {"SCR", 7, 1, 0x00, ResetDomain::never, kSheet},
}};
enum Port : unsigned { kData, kIer, kIirFcr, kLcr, kMcr, kLsr, kMsr, kScr };

constexpr std::uint8_t kLsrDataReady = 0x01, kLsrOverrun = 0x02, kLsrThre = 0x20, kLsrTemt = 0x40;
constexpr std::uint8_t kIerData = 0x01, kIerThre = 0x02, kIerLine = 0x04, kIerModem = 0x08;
constexpr std::uint8_t kIirNone = 0x01, kIirModem = 0x00, kIirThre = 0x02, kIirData = 0x04, kIirLine = 0x06,
                       kIirTimeout = 0x0c, kIirFifos = 0xc0;
constexpr std::uint8_t kFcrClearReceiver = 0x02, kFcrClearTransmitter = 0x04, kFcrStored = 0xc9;
constexpr std::uint8_t kMcrOut2 = 0x08;
constexpr std::uint8_t kMsrRing = 0x40;

}  // namespace

Uart16550::Uart16550(const sc_core::sc_module_name& name, const Config& config)
    : sc_module(name),
      space_(this->name(), 8),
      socket("socket", space_),
      config_(config),
      registers_{Register(kRegisters[kData]), Register(kRegisters[kIer]), Register(kRegisters[kIirFcr]),
                 Register(kRegisters[kLcr]),  Register(kRegisters[kMcr]), Register(kRegisters[kLsr]),
                 Register(kRegisters[kMsr]),  Register(kRegisters[kScr])},
      modem_inputs_(config.modem_inputs & 0xf0),
      modem_seen_(modem_inputs_) {
    if (config_.clock_hz == 0)
        throw std::invalid_argument(std::string(this->name()) + ": baud clock of 0 Hz");
    declare();
    pcirst.on_change([this](bool asserted) {
        if (asserted) reset();
    });
    SC_HAS_PROCESS(Uart16550);
    SC_METHOD(expire);
    sensitive << agenda_.event();
    dont_initialize();
}

void Uart16550::declare() {
    const auto read = [this](unsigned port, auto handler) {
        registers_[port].on_read(
            [handler](const AccessContext& context) -> std::uint32_t { return handler(context); });
    };
    const auto write = [this](unsigned port, auto handler) {
        registers_[port].on_write([handler](std::uint32_t, std::uint32_t data, const AccessContext& context) {
            handler(static_cast<std::uint8_t>(data), to_picoseconds(context.now));
        });
    };
    read(kData, [this](const AccessContext& context) {
        return dlab() ? static_cast<std::uint8_t>(divisor_) : read_rbr(context);
    });
    read(kIer,
         [this](const AccessContext&) { return dlab() ? static_cast<std::uint8_t>(divisor_ >> 8) : ier_; });
    read(kIirFcr, [this](const AccessContext& context) { return read_iir(context); });
    read(kLcr, [this](const AccessContext&) { return lcr_; });
    read(kMcr, [this](const AccessContext&) { return mcr_; });
    read(kLsr, [this](const AccessContext& context) { return read_lsr(context); });
    read(kMsr, [this](const AccessContext& context) { return read_msr(context); });
    read(kScr, [this](const AccessContext&) { return scr_; });

    write(kData, [this](std::uint8_t data, std::uint64_t now) {
        if (dlab())
            divisor_ = static_cast<std::uint16_t>((divisor_ & 0xff00) | data);
        else
            write_thr(data, now);
    });
    write(kIer, [this](std::uint8_t data, std::uint64_t) {
        if (dlab())
            divisor_ = static_cast<std::uint16_t>((divisor_ & 0x00ff) | data << 8);
        else
            write_ier(data);
    });
    write(kIirFcr, [this](std::uint8_t data, std::uint64_t now) { write_fcr(data, now); });
    write(kLcr, [this](std::uint8_t data, std::uint64_t) { lcr_ = data; });
    write(kMcr, [this](std::uint8_t data, std::uint64_t now) { write_mcr(data, now); });
    write(kScr, [this](std::uint8_t data, std::uint64_t) { scr_ = data; });
    for (Register& reg : registers_) space_.bank.add(reg);
}

// --- Registers ---

std::uint8_t Uart16550::read_rbr(const AccessContext& context) {
    if (context.debug) return rx_.empty() ? rbr_last_ : rx_.front();
    if (!rx_.empty()) rbr_last_ = rx_.pop();
    const std::uint64_t now = to_picoseconds(context.now);
    timeout_pending_ = false;
    if (!config_.timing) feed_receiver(now);
    restart_timeout(now);
    update_irq();
    return rbr_last_;
}

std::uint8_t Uart16550::read_iir(const AccessContext& context) {
    const std::uint8_t id = interrupt_id();
    if (id == kIirThre && !context.debug) {
        thre_pending_ = false;
        update_irq();
    }
    return static_cast<std::uint8_t>(id | (fifos() ? kIirFifos : 0));
}

std::uint8_t Uart16550::line_status() const {
    std::uint8_t status = 0;
    if (!rx_.empty()) status |= kLsrDataReady;
    if (overrun_) status |= kLsrOverrun;
    if (tx_.empty()) status |= kLsrThre;
    if (tx_.empty() && !tsr_busy_) status |= kLsrTemt;
    return status;
}

std::uint8_t Uart16550::read_lsr(const AccessContext& context) {
    const std::uint8_t status = line_status();
    if (overrun_ && !context.debug) {
        overrun_ = false;
        update_irq();
    }
    return status;
}

std::uint8_t Uart16550::read_msr(const AccessContext& context) {
    const std::uint8_t status = modem_lines() | modem_delta_;
    if (modem_delta_ && !context.debug) {
        modem_delta_ = 0;
        update_irq();
    }
    return status;
}

void Uart16550::write_thr(std::uint8_t data, std::uint64_t now) {
    thre_pending_ = false;
    update_irq();                              // the next THRE interrupt is a new edge
    if (tx_.size() < depth()) tx_.push(data);  // a full FIFO loses the character
    start_transmitter(now);
    update_irq();
}

void Uart16550::write_ier(std::uint8_t data) {
    const bool enables_thre = (data & ~ier_ & kIerThre) != 0;
    ier_ = data & 0x0f;
    if (enables_thre && tx_.empty()) thre_pending_ = true;
    update_irq();
}

void Uart16550::write_fcr(std::uint8_t data, std::uint64_t now) {
    const bool toggled = ((data ^ fcr_) & 0x01) != 0;
    if (toggled || (data & 0x01 && data & kFcrClearReceiver)) {
        rx_.clear();
        timeout_pending_ = false;
    }
    if (toggled || (data & 0x01 && data & kFcrClearTransmitter)) {
        if (!tx_.empty()) thre_pending_ = true;
        tx_.clear();
    }
    // "Bit 0 must be 1 when other FCR bits are written to or they will not be programmed."
    fcr_ = data & 0x01 ? data & kFcrStored : 0;
    if (!config_.timing) feed_receiver(now);
    restart_timeout(now);
    update_irq();
}

void Uart16550::write_mcr(std::uint8_t data, std::uint64_t now) {
    mcr_ = data & 0x1f;
    update_modem();
    feed_receiver(now);
    update_irq();
}

// --- Line ---

unsigned Uart16550::trigger() const {
    constexpr std::array<unsigned, 4> kTriggers{1, 4, 8, 14};
    return fifos() ? kTriggers[fcr_ >> 6] : 1;
}

// Start bit, 5 to 8 data bits, parity, 1, 1.5 or 2 stop bits, at clock / 16 / divisor. Divisor 0 divides by
// 65536.
std::uint64_t Uart16550::character_ps() const {
    const unsigned data_bits = 5 + (lcr_ & 3);
    const unsigned stop_half_bits = !(lcr_ & 0x04) ? 2 : data_bits == 5 ? 3 : 4;
    const unsigned half_bits = 2 * (1 + data_bits + (lcr_ & 0x08 ? 1 : 0)) + stop_half_bits;
    const std::uint64_t clocks = 8ull * half_bits * (divisor_ ? divisor_ : 65536u);
    return ClockRate(config_.clock_hz).picoseconds(clocks);
}

void Uart16550::start_transmitter(std::uint64_t now) {
    if (!config_.timing) {
        while (!tx_.empty()) send(tx_.pop(), now);
        thre_pending_ = true;
        return;
    }
    if (tsr_busy_ || tx_.empty()) return;
    shifting_ = tx_.pop();
    tsr_busy_ = true;
    if (tx_.empty()) thre_pending_ = true;
    agenda_.set(kTransmitted, now + character_ps());
}

// A character has left the shift register.
void Uart16550::send(std::uint8_t data, std::uint64_t now) {
    data &= static_cast<std::uint8_t>(0xff >> (3 - (lcr_ & 3)));
    if (loopback())
        accept(data, now);
    else if (transmit_)
        transmit_(data);
}

void Uart16550::receive(std::span<const std::uint8_t> characters) {
    line_.insert(line_.end(), characters.begin(), characters.end());
    feed_receiver(to_picoseconds(sc_core::sc_time_stamp()));
    update_irq();
}

// Moves characters from the line into the receiver: one after its bit time, or all that fit at once. In
// loopback the line is disconnected.
void Uart16550::feed_receiver(std::uint64_t now) {
    if (line_.empty() || loopback()) return;
    if (config_.timing) {
        if (!agenda_.pending(kReceived)) agenda_.set(kReceived, now + character_ps());
        return;
    }
    while (!line_.empty() && rx_.size() < depth()) {
        const std::uint8_t data = line_.front();
        line_.pop_front();
        accept(data, now);
    }
}

void Uart16550::accept(std::uint8_t data, std::uint64_t now) {
    if (rx_.size() >= depth()) {
        overrun_ = true;
        if (!fifos()) {  // without FIFOs the new character destroys the old one
            rx_.clear();
            rx_.push(data);
        }
    } else {
        rx_.push(data);
    }
    timeout_pending_ = false;
    restart_timeout(now);
}

// Character timeout: the FIFO holds less than its trigger level and nothing moved for four character times.
// Without line timing that moment is now.
void Uart16550::restart_timeout(std::uint64_t now) {
    if (!fifos() || rx_.empty()) {
        agenda_.cancel(kTimeout);
        timeout_pending_ = false;
    } else if (config_.timing) {
        agenda_.set(kTimeout, now + 4 * character_ps());
    } else {
        timeout_pending_ = true;
    }
}

void Uart16550::expire() {
    const std::uint64_t now = to_picoseconds(sc_core::sc_time_stamp());
    for (int slot = agenda_.take_due(now); slot >= 0; slot = agenda_.take_due(now)) {
        switch (slot) {
            case kTransmitted:
                tsr_busy_ = false;
                send(shifting_, now);
                start_transmitter(now);
                break;
            case kReceived:
                if (line_.empty() || loopback()) break;
                accept(line_.front(), now);
                line_.pop_front();
                feed_receiver(now);
                break;
            default:
                timeout_pending_ = true;
                break;
        }
    }
    agenda_.arm();
    update_irq();
}

// --- Modem lines and the interrupt ---

// MSR bits 7..4: the peer's lines, or in loopback OUT2, OUT1, DTR and RTS as DCD, RI, DSR and CTS.
std::uint8_t Uart16550::modem_lines() const {
    if (!loopback()) return modem_inputs_;
    const unsigned dtr = mcr_ & 1, rts = mcr_ >> 1 & 1, out1 = mcr_ >> 2 & 1, out2 = mcr_ >> 3 & 1;
    return static_cast<std::uint8_t>(out2 << 7 | out1 << 6 | dtr << 5 | rts << 4);
}

void Uart16550::set_modem_inputs(std::uint8_t bits) {
    modem_inputs_ = bits & 0xf0;
    update_modem();
    update_irq();
}

void Uart16550::update_modem() {
    const std::uint8_t lines = modem_lines();
    std::uint8_t changed = lines ^ modem_seen_;
    // TERI reports only the trailing edge of RI.
    if (lines & kMsrRing) changed &= static_cast<std::uint8_t>(~kMsrRing);
    modem_delta_ |= changed >> 4;
    modem_seen_ = lines;
}

// The highest of the pending and enabled interrupts, PC16550D table IV.
std::uint8_t Uart16550::interrupt_id() const {
    if (ier_ & kIerLine && overrun_) return kIirLine;
    if (ier_ & kIerData) {
        if (rx_.size() >= trigger()) return kIirData;
        if (timeout_pending_) return kIirTimeout;
    }
    if (ier_ & kIerThre && thre_pending_) return kIirThre;
    if (ier_ & kIerModem && modem_delta_) return kIirModem;
    return kIirNone;
}

void Uart16550::update_irq() { irq.set(interrupt_id() != kIirNone && (mcr_ & kMcrOut2) != 0); }

// Reset-domain matrix, PIIX row "UART 16550" (RSTDRV = MR). Divisor, scratch and RBR keep their values;
// characters still on the line arrive later.
void Uart16550::reset() {
    space_.bank.reset(ResetDomain::platform);
    ier_ = fcr_ = lcr_ = mcr_ = 0;
    rx_.clear();
    tx_.clear();
    tsr_busy_ = overrun_ = thre_pending_ = timeout_pending_ = false;
    agenda_.cancel(kTransmitted);
    agenda_.cancel(kTimeout);
    modem_seen_ = modem_inputs_;
    modem_delta_ = 0;
    feed_receiver(to_picoseconds(sc_core::sc_time_stamp()));
    update_irq();
}

}  // namespace southgate::chipset
