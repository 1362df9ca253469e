#include "chipset/flash/cfi_query.h"

#include <bit>
#include <initializer_list>

namespace southgate::chipset::flash {

namespace {

std::uint8_t exponent(std::uint64_t value) { return static_cast<std::uint8_t>(std::bit_width(value - 1)); }

}  // namespace

CfiQuery make_cfi_query(std::uint64_t bytes, std::uint32_t block_bytes, std::uint32_t write_buffer_bytes) {
    constexpr std::uint8_t extended = 0x31;  // where the table of the command set starts
    CfiQuery q{};
    std::size_t at = 0x10;
    const auto put = [&](std::initializer_list<std::uint8_t> values) {
        for (const std::uint8_t value : values) q.at(at++) = value;
    };
    const auto put16 = [&](std::uint64_t value) {
        put({static_cast<std::uint8_t>(value), static_cast<std::uint8_t>(value >> 8)});
    };
    put({'Q', 'R', 'Y', 0x01, 0x00, extended, 0x00});  // 10h: command set 0001h
    put({0x00, 0x00, 0x00, 0x00});                     // 17h: no alternative command set
    // 1Bh, system interface: Vcc 2.7-3.6 V, no Vpp. Typical and maximal times are exponents; operations end at once.
    put({0x27, 0x36, 0x00, 0x00});
    put({0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00});
    // 27h, geometry: size, x8 interface, write buffer, one erase region. A size that is no power of two is rounded up
    // here and exact in the region.
    put({exponent(bytes)});
    put16(0x0000);
    put16(exponent(write_buffer_bytes));
    put({0x01});
    put16(bytes / block_bytes - 1);
    put16(block_bytes / 256);
    // 31h, extended table 1.1: no optional feature; Vcc 3.3 V.
    put({'P', 'R', 'I', '1', '1', 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x33, 0x00, 0x00});
    return q;
}

}  // namespace southgate::chipset::flash
