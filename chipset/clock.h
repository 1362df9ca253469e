// Clocks computed from simulated time: a rate turns picoseconds into clock edges and back, in integers, so
// that a counter read at any time and the event of its expiry always agree. Assumes SystemC's default
// resolution, 1 ps.
#pragma once

#include <cstdint>
#include <limits>
#include <systemc>

namespace southgate::chipset {

inline std::uint64_t to_picoseconds(const sc_core::sc_time& time) { return time.value(); }
inline sc_core::sc_time from_picoseconds(std::uint64_t ps) { return sc_core::sc_time::from_value(ps); }

inline constexpr std::uint64_t kPicosecondsPerSecond = 1'000'000'000'000;
// Later than any simulation lasts (106 days); no event is ever scheduled from here on.
inline constexpr std::uint64_t kNeverPs = std::numeric_limits<std::uint64_t>::max() / 2;

// A clock of numerator / denominator Hz whose edge 0 is at time 0.
class ClockRate {
  public:
    constexpr explicit ClockRate(std::uint64_t numerator_hz, std::uint64_t denominator = 1)
        : numerator_(numerator_hz),
          divisor_(static_cast<Wide>(denominator) * kPicosecondsPerSecond),
          reciprocal_(numerator_ < divisor_ ? static_cast<std::uint64_t>((numerator_ << 64) / divisor_) : 0) {
    }

    // Edges in (0, ps].
    constexpr std::uint64_t ticks(std::uint64_t ps) const {
        if (!reciprocal_) return static_cast<std::uint64_t>(static_cast<Wide>(ps) * numerator_ / divisor_);
        // The reciprocal is rounded down: the product is the quotient or one less. Counters are polled; no
        // division.
        auto quotient = static_cast<std::uint64_t>(static_cast<Wide>(ps) * reciprocal_ >> 64);
        if ((static_cast<Wide>(quotient) + 1) * divisor_ <= static_cast<Wide>(ps) * numerator_) ++quotient;
        return quotient;
    }
    // Time of edge number `ticks`: the first picosecond p with ticks(p) == ticks. kNeverPs when beyond it.
    constexpr std::uint64_t picoseconds(std::uint64_t ticks) const {
        const Wide ps = (static_cast<Wide>(ticks) * divisor_ + numerator_ - 1) / numerator_;
        return ps < kNeverPs ? static_cast<std::uint64_t>(ps) : kNeverPs;
    }

  private:
    __extension__ using Wide = unsigned __int128;
    Wide numerator_;
    Wide divisor_;
    std::uint64_t reciprocal_;  // 2^64 times the rate in edges per picosecond; 0 when that does not fit
};

// Moves the (only) pending notification of `event` to the absolute time `target_ps`; kNeverPs cancels it. A
// target that has passed is notified in the next delta cycle.
inline void notify_at(sc_core::sc_event& event, std::uint64_t target_ps) {
    event.cancel();
    if (target_ps >= kNeverPs) return;
    const std::uint64_t now = to_picoseconds(sc_core::sc_time_stamp());
    event.notify(target_ps > now ? from_picoseconds(target_ps - now) : sc_core::SC_ZERO_TIME);
}

}  // namespace southgate::chipset
