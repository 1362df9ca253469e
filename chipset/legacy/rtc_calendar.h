// The time-of-day registers of the MC146818 as a function of elapsed seconds. Motorola MC146818A data sheet,
// "Time, calendar and alarm locations".
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace southgate::chipset {

// Representation chosen by register B.
struct RtcFormat {
    bool binary = false;   // DM
    bool hours_24 = true;  // 24/12
};

// Time registers 00h..09h in order, raw: seconds, seconds alarm, minutes, minutes alarm, hours, hours alarm,
// day of week, day of month, month, year.
struct RtcTime {
    unsigned second = 0, minute = 0, hour = 0;  // 0..59, 0..59, 0..23
    unsigned weekday = 1;                       // 1..7, Sunday = 1; free-running beside the date
    unsigned day = 1, month = 1, year = 0;      // 1..31, 1..12, 0..99

    // The UTC calendar date of `unix_seconds`; the year modulo 100.
    static RtcTime from_unix(std::int64_t unix_seconds);
    // This time `seconds` later. A year divisible by four is a leap year, the century is nobody's business.
    RtcTime plus(std::uint64_t seconds) const;

    unsigned second_of_day() const { return (hour * 60 + minute) * 60 + second; }

    // Raw value of register 0, 2, 4, 6, 7, 8 or 9.
    std::uint8_t get(unsigned index, RtcFormat format) const;
    // Stores a raw value; one outside the field's range (undefined by the data sheet) is folded into it.
    void set(unsigned index, std::uint8_t raw, RtcFormat format);
};

// The alarm bytes as written: seconds, minutes, hours. C0h..FFh matches anything.
struct RtcAlarm {
    std::array<std::uint8_t, 3> raw{};

    // Seconds from second-of-day `from` (0..86399) until the next match at or after it; none if it never
    // matches.
    std::optional<std::uint32_t> next_match(std::uint32_t from, RtcFormat format) const;
};

}  // namespace southgate::chipset
