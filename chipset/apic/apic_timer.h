// The timer of a local APIC as a function of time: Intel SDM vol. 3A 10.5.4. Plain logic, no SystemC; all
// times in picoseconds, never decreasing.
//
// The divided clock starts with the count: a count of N with divider D expires exactly N * D clocks after it
// was written, and every N * D clocks from then on in periodic mode.
#pragma once

#include <cstdint>

#include "chipset/clock.h"

namespace southgate::chipset {

class ApicTimer {
  public:
    explicit ApicTimer(std::uint64_t hz) : clock_(hz) {}

    // The initial-count register was written; 0 stops the timer.
    void start(std::uint32_t count, std::uint64_t now) {
        initial_ = base_count_ = count;
        base_ = now;
    }
    // Mode and divider take effect on the count that is left.
    void set_periodic(bool periodic, std::uint64_t now) {
        if (periodic == periodic_) return;
        rebase(now);
        periodic_ = periodic;
    }
    void set_divider(unsigned divider, std::uint64_t now) {
        if (divider == divider_) return;
        rebase(now);
        divider_ = divider;
    }

    std::uint32_t initial() const { return initial_; }
    bool periodic() const { return periodic_; }
    // The current-count register.
    std::uint32_t count(std::uint64_t now) const {
        if (base_count_ == 0) return 0;
        const std::uint64_t ticks = elapsed(now);
        if (ticks < base_count_) return static_cast<std::uint32_t>(base_count_ - ticks);
        if (!periodic_ || initial_ == 0) return 0;
        return static_cast<std::uint32_t>(initial_ - (ticks - base_count_) % initial_);
    }
    // The first expiry after `now`; kNeverPs when there is none.
    std::uint64_t next_expiry(std::uint64_t now) const {
        if (base_count_ == 0) return kNeverPs;
        const std::uint64_t ticks = elapsed(now);
        std::uint64_t next = base_count_;
        if (ticks >= next) {
            if (!periodic_ || initial_ == 0) return kNeverPs;
            next += ((ticks - next) / initial_ + 1) * initial_;
        }
        return base_ + clock_.picoseconds(next * divider_);
    }

  private:
    std::uint64_t elapsed(std::uint64_t now) const {
        return now > base_ ? clock_.ticks(now - base_) / divider_ : 0;
    }
    void rebase(std::uint64_t now) {
        base_count_ = count(now);
        base_ = now;
    }

    ClockRate clock_;
    std::uint32_t initial_ = 0;
    std::uint32_t base_count_ = 0;  // count at base_; 0 = stopped
    std::uint64_t base_ = 0;
    unsigned divider_ = 2;  // DCR = 0
    bool periodic_ = false;
};

}  // namespace southgate::chipset
