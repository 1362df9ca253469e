// The memory of the compatibility-mode oracle: the same linear addresses on both sides.
#pragma once

#include <cstdint>

namespace southgate::cpu::test::compat {

// Nothing else lies in [reservation, reservation_end).
inline constexpr std::uint32_t base = 0x20000000, reservation = base - 0x20000;
// The way from 64-bit code into the segments under test; user code can read and execute it.
inline constexpr std::uint32_t control = base + 0x1000;
// INT3 around the instruction; readable and executable. Unmapped pages in front and behind.
inline constexpr std::uint32_t code = base + 0x3000, code_size = 0x2000;
// Readable and writable, not executable; then one page that can only be read, then nothing.
inline constexpr std::uint32_t data = base + 0x6000, data_size = 0x3000;
inline constexpr std::uint32_t read_only = data + data_size, end = read_only + 0x1000;
inline constexpr std::uint32_t reservation_end = base + 0x40000;

// Pages that exist, in this order: control, code, data, read-only.
inline constexpr std::uint32_t page_count = 7;
inline constexpr std::uint32_t code_at = 0x1000, data_at = code_at + code_size, memory_size = page_count * 0x1000;

}  // namespace southgate::cpu::test::compat
