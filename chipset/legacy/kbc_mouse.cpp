#include "chipset/legacy/kbc_mouse.h"

#include <algorithm>

namespace southgate::chipset {

namespace {

constexpr std::uint8_t kAck = 0xfa, kResend = 0xfe, kBatPassed = 0xaa, kId = 0x00;
constexpr std::uint8_t kSetResolution = 0xe8, kSetRate = 0xf3, kReset = 0xff, kResetWrap = 0xec;
constexpr std::size_t kQueueBytes = 16;
constexpr int kLargestStep = 255, kLargestSum = 1 << 20;

}  // namespace

void Ps2Mouse::set_defaults() {
    rate_ = 100;
    resolution_ = 2;
    enabled_ = remote_ = wrap_ = scaling_ = false;
    dx_ = dy_ = 0;
    pending_command_ = 0;
}

void Ps2Mouse::power_on_reset() {
    set_defaults();
    queue_.clear();
    buttons_ = 0;
    last_sent_ = 0;
}

void Ps2Mouse::command(std::uint8_t byte) {
    if (byte != kResend) queue_.clear();  // any command ends what was being sent
    if (pending_command_) {
        parameter(byte);
        return;
    }
    if (wrap_ && byte != kReset && byte != kResetWrap) {
        send(byte);
        return;
    }
    switch (byte) {
        case 0xe6:
            scaling_ = false, send(kAck);
            break;
        case 0xe7:
            scaling_ = true, send(kAck);
            break;
        case kSetResolution:
        case kSetRate:
            pending_command_ = byte;
            send(kAck);
            break;
        case 0xe9:
            send(kAck);
            send(static_cast<std::uint8_t>(remote_ << 6 | enabled_ << 5 | scaling_ << 4 |
                                           (buttons_ & 1) << 2 | (buttons_ & 4) >> 1 | (buttons_ & 2) >> 1));
            send(resolution_);
            send(rate_);
            break;
        case 0xea:
            remote_ = false, send(kAck);
            break;
        case 0xeb:
            send(kAck);
            send_packet();
            break;
        case kResetWrap:
            wrap_ = false, send(kAck);
            break;
        case 0xee:
            wrap_ = true, send(kAck);
            break;
        case 0xf0:
            remote_ = true, send(kAck);
            break;
        case 0xf2:
            send(kAck);
            send(kId);
            break;
        case 0xf4:
            enabled_ = true, send(kAck);
            break;
        case 0xf5:
            enabled_ = false, send(kAck);
            break;
        case 0xf6:
            set_defaults(), send(kAck);
            break;
        case kResend:
            queue_.push_front(last_sent_);
            break;
        case kReset:
            power_on_reset();
            send(kAck);
            send(kBatPassed);
            send(kId);
            break;
        default:
            send(kResend);
            break;
    }
    while (queue_.size() > kQueueBytes) queue_.pop_back();
}

void Ps2Mouse::parameter(std::uint8_t byte) {
    if (pending_command_ == kSetResolution)
        resolution_ = byte & 3;
    else
        rate_ = byte;
    pending_command_ = 0;
    send(kAck);
}

std::uint8_t Ps2Mouse::take() {
    if (queue_.empty()) return last_sent_;
    last_sent_ = queue_.front();
    queue_.pop_front();
    return last_sent_;
}

void Ps2Mouse::move(int dx, int dy, std::uint8_t buttons) {
    const auto add = [](int sum, int step) {
        return std::clamp(sum + std::clamp(step, -kLargestSum, kLargestSum), -kLargestSum, kLargestSum);
    };
    dx_ = add(dx_, dx);
    dy_ = add(dy_, dy);
    buttons_ = buttons & 7;
    if (reporting() && queue_.size() + 3 <= kQueueBytes) send_packet();
}

// Byte 1: overflow, signs, one, buttons; then the low eight bits of each movement. What does not fit waits.
void Ps2Mouse::send_packet() {
    const int x = std::clamp(dx_, -kLargestStep, kLargestStep),
              y = std::clamp(dy_, -kLargestStep, kLargestStep);
    dx_ -= x;
    dy_ -= y;
    send(static_cast<std::uint8_t>(0x08 | (y < 0) << 5 | (x < 0) << 4 | buttons_));
    send(static_cast<std::uint8_t>(x));
    send(static_cast<std::uint8_t>(y));
}

}  // namespace southgate::chipset
