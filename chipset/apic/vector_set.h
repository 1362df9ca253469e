// A 256-bit register of interrupt vectors (ISR, TMR, IRR of a local APIC), Intel SDM vol. 3A 10.8.4.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace southgate::chipset {

class VectorSet {
  public:
    void set(std::uint8_t vector) { words_[vector / 32] |= 1u << (vector % 32); }
    void clear(std::uint8_t vector) { words_[vector / 32] &= ~(1u << (vector % 32)); }
    bool test(std::uint8_t vector) const { return (words_[vector / 32] >> (vector % 32) & 1) != 0; }
    void clear_all() { words_ = {}; }
    // Highest vector, -1 when empty.
    int highest() const {
        for (unsigned i = words_.size(); i-- > 0;)
            if (words_[i]) return static_cast<int>(32 * i + 31) - std::countl_zero(words_[i]);
        return -1;
    }
    std::uint32_t word(unsigned n) const { return words_[n]; }

  private:
    std::array<std::uint32_t, 8> words_{};
};

}  // namespace southgate::chipset
