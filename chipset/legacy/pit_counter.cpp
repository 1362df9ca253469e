#include "chipset/legacy/pit_counter.h"

namespace southgate::chipset {

// --- Programming ---

void PitCounter::write_control(std::uint64_t tick, std::uint8_t control) {
    advance(tick);
    control_ = control & 0x3f;
    access_ = control >> 4 & 3;
    const unsigned mode = control >> 1 & 7;
    mode_ = static_cast<std::uint8_t>(mode > 5 ? mode - 4 : mode);  // M2 is a don't-care in modes 2 and 3
    bcd_ = (control & 1) != 0;
    out_ = mode_ != 0;
    counting_ = strobe_armed_ = false;
    load_at_ = kNever;
    reload_ = 0;
    null_count_ = true;
    second_byte_write_ = second_byte_read_ = false;
    count_latched_ = status_latched_ = false;
}

void PitCounter::write_count(std::uint64_t tick, std::uint8_t data) {
    advance(tick);
    if (access_ == 3 && !second_byte_write_) {
        low_byte_ = data;
        second_byte_write_ = true;
        if (mode_ == 0) {  // "Writing the first byte disables counting. OUT is set low immediately."
            out_ = counting_ = false;
            load_at_ = kNever;
        }
        return;
    }
    std::uint16_t raw = data;
    if (access_ == 2) raw = static_cast<std::uint16_t>(data << 8);
    if (access_ == 3) raw = static_cast<std::uint16_t>(data << 8 | low_byte_);
    second_byte_write_ = false;
    reload_ = decode(raw);
    null_count_ = true;
    switch (mode_) {
        case 0:
            out_ = counting_ = false;
            load_at_ = at_ + 1;
            break;
        case 4:
            load_at_ = at_ + 1;
            break;
        case 2:
        case 3:  // a running cycle ends first
            if (!counting_) load_at_ = at_ + 1;
            break;
        default:  // 1, 5: the trigger loads it
            break;
    }
}

void PitCounter::set_gate(std::uint64_t tick, bool level) {
    advance(tick);
    if (level == gate_) return;
    gate_ = level;
    const bool rate = mode_ == 2 || mode_ == 3;
    if (!level) {
        if (rate) out_ = true;
    } else if (reload_ && (rate || mode_ == 1 || mode_ == 5)) {
        load_at_ = at_ + 1;
    }
}

// --- Reading ---

void PitCounter::latch_count(std::uint64_t tick) {
    if (count_latched_) return;
    count_latched_ = true;
    latched_count_ = encode(at(tick).count());
}

void PitCounter::latch_status(std::uint64_t tick) {
    if (status_latched_) return;
    status_latched_ = true;
    const PitCounter later = at(tick);
    latched_status_ = static_cast<std::uint8_t>(later.out_ << 7 | later.null_count_ << 6 | control_);
}

std::uint8_t PitCounter::read_count(std::uint64_t tick) {
    if (status_latched_) {
        status_latched_ = false;
        return latched_status_;
    }
    const std::uint16_t value = count_latched_ ? latched_count_ : encode(at(tick).count());
    const bool high = access_ == 2 || (access_ == 3 && second_byte_read_);
    if (access_ == 3) second_byte_read_ = !second_byte_read_;
    if (access_ != 3 || high) count_latched_ = false;
    return static_cast<std::uint8_t>(high ? value >> 8 : value);
}

std::uint16_t PitCounter::count() const {
    std::uint32_t value = ce_;
    // Mode 3 counts by two; the high half of an odd count begins one below it and includes 0.
    if (mode_ == 3 && counting_) value = 2 * (high_half_ && (cycle_ & 1) ? ce_ - 1 : ce_);
    return static_cast<std::uint16_t>(value % modulus());
}

std::uint32_t PitCounter::decode(std::uint16_t raw) const {
    if (!bcd_) return raw ? raw : 65536;
    const std::uint32_t value =
        ((raw >> 12) * 1000u + (raw >> 8 & 15) * 100u + (raw >> 4 & 15) * 10u + (raw & 15)) % 10000;
    return value ? value : 10000;
}

std::uint16_t PitCounter::encode(std::uint32_t value) const {
    if (!bcd_) return static_cast<std::uint16_t>(value);
    return static_cast<std::uint16_t>(value / 1000 % 10 << 12 | value / 100 % 10 << 8 | value / 10 % 10 << 4 |
                                      value % 10);
}

// --- Counting ---

void PitCounter::advance(std::uint64_t tick) {
    if (load_at_ <= tick) {
        if (load_at_ > at_) run(load_at_ - 1 - at_);
        at_ = load_at_;
        load();
    }
    if (tick > at_) {
        run(tick - at_);
        at_ = tick;
    }
}

void PitCounter::load() {
    load_at_ = kNever;
    null_count_ = false;
    counting_ = strobe_armed_ = true;
    cycle_ = reload_;
    high_half_ = true;
    ce_ = mode_ == 3 ? half_period() : reload_;
    if (mode_ == 1)
        out_ = false;
    else if (mode_ == 2)
        out_ = !gate_ || ce_ != 1;
    else if (mode_ != 0)
        out_ = true;
}

void PitCounter::run(std::uint64_t pulses) {
    if (!pulses || !counting_) return;
    if (mode_ >= 4 && !out_) out_ = true;  // the strobe lasts one pulse whatever GATE does
    if (!gate_ && mode_ != 1 && mode_ != 5) return;
    if (mode_ == 2)
        run_rate(pulses);
    else if (mode_ == 3)
        run_square(pulses);
    else
        run_down(pulses);
}

void PitCounter::run_down(std::uint64_t pulses) {
    if (strobe_armed_ && pulses >= ce_) {
        strobe_armed_ = false;
        out_ = mode_ < 4 || pulses > ce_;
    }
    // Past the terminal count the element goes on from FFFFh or 9999.
    ce_ = static_cast<std::uint32_t>((ce_ + modulus() - pulses % modulus()) % modulus());
}

void PitCounter::run_rate(std::uint64_t pulses) {
    if (pulses < ce_) {
        ce_ -= static_cast<std::uint32_t>(pulses);
    } else {
        pulses -= ce_;
        cycle_ = reload_;
        null_count_ = false;
        ce_ = static_cast<std::uint32_t>(cycle_ - pulses % cycle_);
    }
    out_ = ce_ != 1;
}

std::uint32_t PitCounter::half_period() const { return high_half_ ? (cycle_ + 1) / 2 : cycle_ / 2; }

void PitCounter::run_square(std::uint64_t pulses) {
    if (pulses < ce_) {
        ce_ -= static_cast<std::uint32_t>(pulses);
        return;
    }
    pulses -= ce_;
    high_half_ = !high_half_;
    cycle_ = reload_;
    null_count_ = false;
    ce_ = half_period();
    for (pulses %= cycle_; pulses >= ce_;) {  // count 1 (illegal) has no low half
        pulses -= ce_;
        high_half_ = !high_half_;
        ce_ = half_period();
    }
    ce_ -= static_cast<std::uint32_t>(pulses);
    out_ = high_half_;
}

std::uint64_t PitCounter::next_edge() const {
    const std::uint64_t running = running_edge();
    if (running < load_at_ || load_at_ == kNever) return running;
    const PitCounter loaded = at(load_at_);
    return loaded.out_ != out_ ? load_at_ : loaded.running_edge();
}

std::uint64_t PitCounter::running_edge() const {
    if (!counting_) return kNever;
    if (mode_ >= 4 && !out_) return at_ + 1;
    if (!gate_ && mode_ != 1 && mode_ != 5) return kNever;
    switch (mode_) {
        case 2:
            if (ce_ > 1) return at_ + ce_ - 1;
            return reload_ > 1 ? at_ + 1 : kNever;
        case 3:
            return reload_ > 1 || !out_ ? at_ + ce_ : kNever;
        default:
            return strobe_armed_ ? at_ + ce_ : kNever;
    }
}

}  // namespace southgate::chipset
