// Random operands that meet every class of x87 value.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <random>

namespace southgate::cpu::test {

class X87Values {
  public:
    explicit X87Values(std::uint64_t seed) : random_(seed) {}
    std::uint64_t bits() { return random_(); }
    unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }

    // Extended precision: sign and exponent, significand with its integer bit.
    std::array<std::uint8_t, 10> extended() {
        constexpr std::uint64_t j = std::uint64_t{1} << 63, quiet = std::uint64_t{1} << 62;
        const std::uint64_t any = bits();
        std::uint64_t m = any | j;
        unsigned e = 0x3fff;
        switch (below(16)) {
            case 0:
                e = 0, m = 0;
                break;
            case 1:
                e = 0, m = (any & ~j) >> below(63);
                break;  // denormal
            case 2:
                e = 0, m = any | j;
                break;  // pseudo-denormal
            case 3:
                e = 0x7fff, m = j;
                break;  // infinity
            case 4:
                e = 0x7fff, m = j | quiet | any;
                break;  // quiet NaN
            case 5:
                e = 0x7fff, m = j | ((any & ~quiet) | 1);
                break;  // signalling NaN
            case 6:
                e = 0x7fff, m = below(2) ? any & ~j : 0;
                break;  // pseudo-NaN, pseudo-infinity
            case 7:
                e = 1 + below(0x7ffe), m = any & ~j;
                break;  // unnormal
            case 8:
                e = 1 + below(70);
                break;  // near underflow
            case 9:
                e = 0x7ffe - below(70);
                break;  // near overflow
            case 10:
                e = 0x3fff + below(70), m = j | any << below(64);
                break;  // few bits: integers, ties
            case 11:
                e = 0x3f81 - 30 + below(300), m = j | (any & ~std::uint64_t{0xff});
                break;  // single precision's
            case 12:
                e = 0x3fff - below(3), m = j;
                break;  // 1, 1/2, 1/4
            case 13:
                e = 1 + below(0x7ffe);
                break;
            default:
                e = 0x3fff - 40 + below(80);
                break;
        }
        std::array<std::uint8_t, 10> r;
        const auto se = static_cast<std::uint16_t>(e | (below(2) ? 0x8000 : 0));
        std::memcpy(r.data(), &m, 8);
        std::memcpy(r.data() + 8, &se, 2);
        return r;
    }
    std::uint32_t single() {
        const auto any = static_cast<std::uint32_t>(bits());
        switch (below(8)) {
            case 0:
                return any & 0x80000000;
            case 1:
                return any & 0x807fffff;  // denormal
            case 2:
                return (any & 0x80000000) | 0x7f800000;  // infinity
            case 3:
                return any | 0x7f800000;  // mostly NaNs
            case 4:
                return (any & 0x80ff0000) | 0x3f000000;
            default:
                return any;
        }
    }
    std::uint64_t double_precision() {
        const std::uint64_t any = bits(), sign = any & (std::uint64_t{1} << 63);
        constexpr std::uint64_t exponent = std::uint64_t{0x7ff} << 52;
        switch (below(8)) {
            case 0:
                return sign;
            case 1:
                return any & ~exponent;
            case 2:
                return sign | exponent;
            case 3:
                return any | exponent;
            case 4:
                return (any & ~exponent) | std::uint64_t{0x3fe + below(4)} << 52;
            default:
                return any;
        }
    }
    std::array<std::uint8_t, 10> bcd() {
        std::array<std::uint8_t, 10> r;
        for (auto& b : r) b = static_cast<std::uint8_t>(below(10) << 4 | below(10));
        r[9] = below(2) ? 0x80 : 0;
        return r;
    }

  private:
    std::mt19937_64 random_;
};

}  // namespace southgate::cpu::test
