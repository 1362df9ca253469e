// Numbers with units as the command line and configuration files write them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace southgate::sim {

// "128M", "1G", "512 KiB", "4096": bytes. K, M, G are binary. Throws UsageError.
std::uint64_t parse_size(std::string_view text);
// "2s", "1.5 ms", "480ns": picoseconds. A unit is required unless the value is 0. Throws UsageError.
std::uint64_t parse_duration(std::string_view text);
// "402", "0x402", "402h": an I/O port, always hexadecimal. Throws UsageError.
std::uint16_t parse_port(std::string_view text);

// "1000000", "5M": a count; K, M and G are thousands, millions and billions. Throws UsageError.
std::uint64_t parse_count(std::string_view text);
// "2.5": a number of seconds or the like, not negative. Throws UsageError.
double parse_number(std::string_view text);

}  // namespace southgate::sim
