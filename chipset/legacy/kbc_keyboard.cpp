#include "chipset/legacy/kbc_keyboard.h"

#include <initializer_list>

#include "chipset/legacy/kbc_scancodes.h"

namespace southgate::chipset {

namespace {

constexpr std::uint8_t kAck = 0xfa, kResend = 0xfe, kBatPassed = 0xaa, kEcho = 0xee;
constexpr std::uint8_t kSetLeds = 0xed, kScanSet = 0xf0, kTypematic = 0xf3;
constexpr std::size_t kQueueBytes = 16;
constexpr std::size_t kLongestEvent = 8;  // Pause in set 2

}  // namespace

void Ps2Keyboard::set_defaults() {
    leds_ = 0;
    set_ = 2;
    pending_command_ = 0;
}

void Ps2Keyboard::power_on_reset() {
    responses_.clear();
    scans_.clear();
    last_sent_ = 0;
    scanning_ = true;
    set_defaults();
}

void Ps2Keyboard::command(std::uint8_t byte) {
    // EDh and above are commands even where a parameter is expected.
    if (pending_command_ && byte < 0xed) {
        parameter(byte);
        return;
    }
    pending_command_ = 0;
    if (byte != kResend) responses_.clear();
    switch (byte) {
        case kEcho:
            respond(kEcho);
            break;
        case kSetLeds:
        case kScanSet:
        case kTypematic:
        case 0xfb:  // one key: typematic
        case 0xfc:  // one key: make and break
        case 0xfd:  // one key: make only
            pending_command_ = byte;
            respond(kAck);
            break;
        case 0xf2:
            respond(kAck);
            respond(0xab);
            respond(0x83);
            break;
        case 0xf4:
            scans_.clear();
            scanning_ = true;
            respond(kAck);
            break;
        case 0xf5:
            scans_.clear();
            set_defaults();
            scanning_ = false;
            respond(kAck);
            break;
        case 0xf6:
            scans_.clear();
            set_defaults();
            scanning_ = true;
            respond(kAck);
            break;
        case 0xf7:  // all keys: typematic, make/break ...; accepted, and typematic is not modelled
        case 0xf8:
        case 0xf9:
        case 0xfa:
            respond(kAck);
            break;
        case kResend:
            responses_.push_front(last_sent_);
            break;
        case 0xff:
            power_on_reset();
            respond(kAck);
            respond(kBatPassed);
            break;
        default:
            respond(kResend);
            break;
    }
}

void Ps2Keyboard::parameter(std::uint8_t byte) {
    const std::uint8_t command = pending_command_;
    const bool key_list = command >= 0xfb;  // ends with the next command
    if (!key_list) pending_command_ = 0;
    if (command == kScanSet && byte > 3) {
        respond(kResend);
        return;
    }
    respond(kAck);
    if (command == kSetLeds) leds_ = byte & 7;
    if (command == kScanSet) {
        if (byte == 0)
            respond(set_);
        else
            set_ = byte, scans_.clear();
    }
}

std::uint8_t Ps2Keyboard::take() {
    auto& queue = responses_.empty() ? scans_ : responses_;
    if (queue.empty()) return last_sent_;
    last_sent_ = queue.front();
    queue.pop_front();
    return last_sent_;
}

bool Ps2Keyboard::key(const KeyEvent& event) {
    if (!scanning_) return true;
    if (scans_.size() + kLongestEvent > kQueueBytes) return false;
    const auto send = [this](std::initializer_list<unsigned> bytes) {
        for (const unsigned byte : bytes) scans_.push_back(static_cast<std::uint8_t>(byte));
    };
    const auto [key, down] = event;
    const std::uint8_t code = key.code & 0x7f;
    if (set_ == 3) {
        const std::uint8_t special = key.extended ? kExtendedToSet3[code] : kSet1ToSet3[code];
        const std::uint8_t make = special ? special : kSet1ToSet2[code];
        // Power-on default of set 3: only the modifiers on the left and Caps Lock report their release.
        const bool reports_release =
            !key.extended && (code == 0x1d || code == 0x2a || code == 0x36 || code == 0x38 || code == 0x3a);
        if (down)
            send({make});
        else if (reports_release)
            send({0xf0, make});
    } else if (key == kPauseKey) {
        // Pause has no release code: both come with the press.
        if (!down) return true;
        if (set_ == 1)
            send({0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5});
        else
            send({0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77});
    } else {
        if (key.extended) send({0xe0});
        if (set_ == 1) {
            send({down ? code : code | 0x80u});
        } else {
            if (!down) send({0xf0});
            send({kSet1ToSet2[code]});
        }
    }
    return true;
}

}  // namespace southgate::chipset
