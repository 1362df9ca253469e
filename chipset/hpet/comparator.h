// One timer block of an HPET as a function of the main counter: IA-PC HPET specification 1.0a, 2.3.9. Plain logic, no
// SystemC. Positions count the ticks of the main counter while it runs; they never decrease and do not wrap.
#pragma once

#include <cstdint>
#include <optional>

namespace southgate::chipset {

class HpetComparator {
  public:
    // The counter compares as 64 bits, or as its low 32.
    void set_32_bits(bool narrow);
    void set_periodic(bool periodic) { periodic_ = periodic; }
    bool periodic() const { return periodic_; }

    // Moves on to `position`, at which the main counter reads `counter`; true if it matched on the way. In periodic
    // mode each match adds the period to the comparator.
    bool advance(std::uint64_t position, std::uint64_t counter);
    // The main counter was written.
    void jump(std::uint64_t counter) { counter_ = counter; }
    // Ticks from the latest position to the next match; nullopt: more than 2^64 - 1.
    std::optional<std::uint64_t> ticks_to_match() const;

    // The comparator register; the accumulator in periodic mode.
    std::uint64_t value() const { return value_; }
    void set_value(std::uint64_t value) { value_ = value & mask(); }
    std::uint64_t period() const { return period_; }
    void set_period(std::uint64_t period) { period_ = period & mask(); }

    void reset();

  private:
    std::uint64_t mask() const { return narrow_ ? 0xffff'ffff : ~std::uint64_t{0}; }

    bool narrow_ = false, periodic_ = false;
    std::uint64_t value_ = ~std::uint64_t{0}, period_ = 0;
    std::uint64_t position_ = 0, counter_ = 0;  // at the latest advance()
};

}  // namespace southgate::chipset
