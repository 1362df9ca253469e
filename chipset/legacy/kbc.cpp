#include "chipset/legacy/kbc.h"

#include <algorithm>

#include "chipset/legacy/kbc_scancodes.h"
#include "chipset/observer.h"

namespace southgate::chipset {

namespace {

constexpr std::uint8_t kIrq1Enable = 0x01, kIrq12Enable = 0x02, kSystemFlag = 0x04, kKeyboardDisable = 0x10,
                       kMouseDisable = 0x20, kTranslate = 0x40;  // command byte
constexpr std::uint8_t kOutputFull = 0x01, kInputFull = 0x02, kCommandLast = 0x08, kNotInhibited = 0x10,
                       kMouseFull = 0x20;  // status
constexpr std::uint8_t kResetLine = 0x01, kA20Line = 0x02;

// Both interfaces wait for firmware to enable them.
constexpr std::uint8_t kResetCommandByte = kKeyboardDisable | kMouseDisable;
constexpr std::uint8_t kResetPort2 = 0x0f;   // bits 0-3; A20 open, no reset
constexpr std::uint8_t kPort2Clocks = 0xc0;  // keyboard clock and data idle high
constexpr std::uint8_t kInputPort = 0x80;    // keyboard not inhibited
constexpr std::uint8_t kSelfTestPassed = 0x55;
constexpr std::uint8_t kBreakPrefix = 0xf0;

constexpr const char* kSource = "IBM PC/AT Technical Reference, keyboard controller";
constexpr RegisterInfo kData{"KBD_DATA", 0, 1, 0x00, ResetDomain::platform, kSource, {}, true};
constexpr RegisterInfo kCommandStatus{"KBD_CMD_STAT", 4, 1, 0x10, ResetDomain::platform, kSource, {}, true};

}  // namespace

KeyboardController::KeyboardController(const sc_core::sc_module_name& module_name, const Config& config)
    : sc_module(module_name),
      space_(name(), 5),
      socket("socket", space_),
      config_(config),
      data_(kData),
      command_status_(kCommandStatus),
      command_byte_(kResetCommandByte),
      port2_(kResetPort2) {
    data_.on_read([this](const AccessContext& context) { return read_data(context); });
    data_.on_write([this](std::uint32_t, std::uint32_t written, const AccessContext& context) {
        write_data(static_cast<std::uint8_t>(written), to_picoseconds(context.now));
    });
    command_status_.on_read([this](const AccessContext&) { return read_status(); });
    command_status_.on_write([this](std::uint32_t, std::uint32_t written, const AccessContext& context) {
        write_command(static_cast<std::uint8_t>(written), to_picoseconds(context.now));
    });
    space_.bank.add(data_);
    space_.bank.add(command_status_);

    rstdrv.on_change([this](bool asserted) {
        if (asserted) reset_controller();
    });
    power_good.on_change([this](bool) {
        keyboard_.power_on_reset();
        mouse_.power_on_reset();
    });

    SC_HAS_PROCESS(KeyboardController);
    SC_METHOD(expire);
    sensitive << agenda_.event();
    dont_initialize();
}

void KeyboardController::end_of_elaboration() { drive_output_port(); }

void KeyboardController::expire() {
    const std::uint64_t now = to_picoseconds(sc_core::sc_time_stamp());
    for (int slot = agenda_.take_due(now); slot >= 0; slot = agenda_.take_due(now)) {
        switch (static_cast<Action>(slot)) {
            case kExecute:
                execute(now);
                break;
            case kPulseEnd:
                pulsed_low_ = 0;
                drive_output_port();
                break;
            case kDeliver:
                deliver(now);
                break;
            case kType:
                type_next(now);
                break;
            case kActionCount:
                break;
        }
    }
    agenda_.arm();
}

// RSTDRV reaches the controller only: keyboard and mouse are powered devices behind a serial line.
void KeyboardController::reset_controller() {
    agenda_.cancel(kExecute);
    agenda_.cancel(kPulseEnd);
    agenda_.cancel(kDeliver);
    full_ = aux_ = last_was_command_ = break_prefix_ = false;
    response_.reset();
    parameter_of_ = 0;
    pulsed_low_ = 0;
    command_byte_ = kResetCommandByte;
    port2_ = kResetPort2;
    update_interrupts();
    drive_output_port();
}

// --- ports 60h and 64h ---

std::uint32_t KeyboardController::read_status() const {
    std::uint32_t status = kNotInhibited | (command_byte_ & kSystemFlag);
    if (full_) status |= aux_ ? kOutputFull | kMouseFull : kOutputFull;
    if (agenda_.pending(kExecute)) status |= kInputFull;
    if (last_was_command_) status |= kCommandLast;
    return status;
}

std::uint32_t KeyboardController::read_data(const AccessContext& context) {
    const std::uint8_t data = output_buffer_;
    if (!context.debug && full_) {
        const std::uint64_t now = to_picoseconds(context.now);
        full_ = aux_ = false;
        update_interrupts();
        ready_at_ = now + config_.byte_time;
        deliver(now);
    }
    return data;
}

void KeyboardController::write_data(std::uint8_t data, std::uint64_t now) {
    if (agenda_.pending(kExecute)) return;
    last_was_command_ = false;
    if (parameter_of_) {
        const std::uint8_t command = parameter_of_;
        parameter_of_ = 0;
        command_parameter(command, data, now);
        return;
    }
    command_byte_ &= static_cast<std::uint8_t>(~kKeyboardDisable);  // sending re-enables the interface
    keyboard_.command(data);
    data_arrived(now);
}

void KeyboardController::write_command(std::uint8_t command, std::uint64_t now) {
    if (agenda_.pending(kExecute)) return;
    last_was_command_ = true;
    parameter_of_ = 0;
    if (command >= 0xf0) {
        pulse_output_port(command, now);
        return;
    }
    // 8042 RAM: only byte 0, the command byte, has a meaning; the others swallow their parameter.
    if ((command & 0xe0) == 0x60) {
        parameter_of_ = command;
        return;
    }
    switch (command) {
        case 0x20:
            respond(command_byte_, Origin::controller, now);
            break;
        case 0xa7:
            change_command_byte(command_byte_ | kMouseDisable, now);
            break;
        case 0xa8:
            change_command_byte(command_byte_ & ~kMouseDisable, now);
            break;
        case 0xad:
            change_command_byte(command_byte_ | kKeyboardDisable, now);
            break;
        case 0xae:
            change_command_byte(command_byte_ & ~kKeyboardDisable, now);
            break;
        case 0xa9:
        case 0xab:
            respond(0x00, Origin::controller, now);
            break;  // interface tests pass
        case 0xaa:
            self_test(now);
            break;
        case 0xc0:
            respond(kInputPort, Origin::controller, now);
            break;
        case 0xd0:
            respond(output_port(), Origin::controller, now);
            break;
        case 0xd1:
        case 0xd2:
        case 0xd3:
        case 0xd4:
            parameter_of_ = command;
            break;
        case 0xdd:
        case 0xdf:
            write_output_port(static_cast<std::uint8_t>((port2_ & ~kA20Line) | (command & kA20Line)), now);
            break;
        default:
            break;
    }
}

void KeyboardController::command_parameter(std::uint8_t command, std::uint8_t data, std::uint64_t now) {
    switch (command) {
        case 0x60:
            change_command_byte(data, now);
            break;
        case 0xd1:
            write_output_port(data & 0x0f, now);
            break;
        case 0xd2:
            respond(data, Origin::keyboard, now);
            break;
        case 0xd3:
            respond(data, Origin::mouse, now);
            break;
        case 0xd4:
            command_byte_ &= static_cast<std::uint8_t>(~kMouseDisable);
            mouse_.command(data);
            data_arrived(now);
            break;
        default:
            break;
    }
}

void KeyboardController::change_command_byte(unsigned value, std::uint64_t now) {
    command_byte_ = static_cast<std::uint8_t>(value);
    update_interrupts();
    deliver(now);
}

// Vendors differ in what else AAh does; most reload command byte and output port, with A20 open.
void KeyboardController::self_test(std::uint64_t now) {
    if (!config_.personality.kbc_self_test_keeps_state) {
        command_byte_ = kResetCommandByte;
        if (port2_ != kResetPort2) write_output_port(kResetPort2, now);
    }
    command_byte_ |= kSystemFlag;
    update_interrupts();
    respond(kSelfTestPassed, Origin::controller, now);
}

// --- output port P2 ---

std::uint8_t KeyboardController::output_port() const {
    return static_cast<std::uint8_t>(kPort2Clocks | irq12.level() << 5 | irq1.level() << 4 |
                                     (port2_ & ~pulsed_low_ & 0x0f));
}

// Holds what is written: bit 0 = 0 keeps RCIN# low until it is rewritten.
void KeyboardController::write_output_port(std::uint8_t data, std::uint64_t now) {
    if (!(data & kResetLine) && (port2_ & kResetLine)) report("kbc-output-port", now);
    next_port2_ = data;
    next_is_pulse_ = false;
    start(now);
}

// F0h-FFh: pulses low each of bits 3:0 whose bit in the command is 0.
void KeyboardController::pulse_output_port(std::uint8_t command, std::uint64_t now) {
    std::uint8_t low = ~command & 0x0f;
    if (config_.personality.kbc_pulse_resets_only) low &= kResetLine;
    if (low == 0) return;
    if (low & port2_ & ~pulsed_low_ & kResetLine) report("kbc-pulse", now);
    next_port2_ = low;
    next_is_pulse_ = true;
    start(now);
}

void KeyboardController::start(std::uint64_t now) {
    if (config_.timing.kbc_latency > 0)
        agenda_.set(kExecute, now + std::min(config_.timing.kbc_latency, kNeverPs / 2));
    else
        execute(now);
}

// The line may reset this very controller before drive_output_port() returns.
void KeyboardController::execute(std::uint64_t now) {
    if (!next_is_pulse_) {
        port2_ = next_port2_;
        drive_output_port();
        return;
    }
    pulsed_low_ |= next_port2_;
    if (config_.timing.kbc_pulse > 0) {
        agenda_.set(kPulseEnd, now + std::min(config_.timing.kbc_pulse, kNeverPs / 2));
        drive_output_port();
    } else {
        drive_output_port();
        pulsed_low_ = 0;
        drive_output_port();
    }
}

// A20 first: a write that opens A20 and resets in one go finds its reset vector.
void KeyboardController::drive_output_port() {
    a20gate.set(port2_ & ~pulsed_low_ & kA20Line);
    rcin.set(!(port2_ & ~pulsed_low_ & kResetLine));
}

// --- output buffer ---

void KeyboardController::respond(std::uint8_t data, Origin origin, std::uint64_t now) {
    response_ = Response{data, origin};
    deliver(now);
}

void KeyboardController::load(std::uint8_t data, Origin origin) {
    output_buffer_ = data;
    full_ = true;
    aux_ = origin == Origin::mouse;
    update_interrupts();
}

void KeyboardController::data_arrived(std::uint64_t now) {
    if (!full_ && !agenda_.pending(kDeliver)) ready_at_ = std::max(ready_at_, now + config_.byte_time);
    deliver(now);
}

// Fills an empty output buffer: the controller's own answer first, then keyboard, then mouse.
void KeyboardController::deliver(std::uint64_t now) {
    while (!full_) {
        if (response_) {
            const Response response = *response_;
            response_.reset();
            load(response.data, response.origin);
            return;
        }
        const bool keyboard = !(command_byte_ & kKeyboardDisable) && keyboard_.has_data();
        const bool mouse = !(command_byte_ & kMouseDisable) && mouse_.has_data();
        if (!keyboard && !mouse) return;
        const bool paced = command_byte_ & (keyboard ? kIrq1Enable : kIrq12Enable);
        if (paced && now < ready_at_) {
            agenda_.set(kDeliver, ready_at_);
            return;
        }
        if (!keyboard) {
            load(mouse_.take(), Origin::mouse);
            return;
        }
        std::uint8_t byte = keyboard_.take();
        if (command_byte_ & kTranslate) {
            if (byte == kBreakPrefix) {
                break_prefix_ = true;
                continue;
            }
            byte = static_cast<std::uint8_t>(kSet2ToSet1[byte] | (break_prefix_ ? 0x80 : 0));
            break_prefix_ = false;
        }
        load(byte, Origin::keyboard);
    }
}

void KeyboardController::update_interrupts() {
    irq1.set(full_ && !aux_ && (command_byte_ & kIrq1Enable));
    irq12.set(full_ && aux_ && (command_byte_ & kIrq12Enable));
}

void KeyboardController::report(const char* source, std::uint64_t now) const {
    if (observer) observer->reset_requested(name(), source, from_picoseconds(now));
}

// --- injected input ---

void KeyboardController::press(std::span<const KeyEvent> events) {
    typing_.insert(typing_.end(), events.begin(), events.end());
    if (typing_.empty() || agenda_.pending(kType)) return;
    agenda_.set(kType, std::max(next_key_at_, to_picoseconds(sc_core::sc_time_stamp())));
}

void KeyboardController::type_next(std::uint64_t now) {
    if (typing_.empty()) return;
    if (keyboard_.key(typing_.front())) {
        typing_.pop_front();
        data_arrived(now);
    }
    next_key_at_ = now + config_.key_interval;
    if (!typing_.empty()) agenda_.set(kType, next_key_at_);
}

void KeyboardController::move_mouse(int dx, int dy, std::uint8_t buttons) {
    mouse_.move(dx, dy, buttons);
    data_arrived(to_picoseconds(sc_core::sc_time_stamp()));
}

}  // namespace southgate::chipset
