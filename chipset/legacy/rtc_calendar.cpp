#include "chipset/legacy/rtc_calendar.h"

#include <algorithm>
#include <chrono>

namespace southgate::chipset {

namespace {

constexpr std::uint32_t kSecondsPerDay = 86400;
constexpr std::uint64_t kDaysPerFourYears = 4 * 365 + 1;
constexpr std::uint64_t kDaysPerCycle = 25 * kDaysPerFourYears;  // the two-digit year comes round

constexpr std::array<unsigned, 12> kMonthDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

unsigned days_in(unsigned month, unsigned year) {
    return kMonthDays[month - 1] + (month == 2 && year % 4 == 0 ? 1 : 0);
}

std::uint8_t to_raw(unsigned value, RtcFormat format) {
    return static_cast<std::uint8_t>(format.binary ? value : value / 10 << 4 | value % 10);
}

unsigned from_raw(std::uint8_t raw, RtcFormat format) {
    return format.binary ? raw : (raw >> 4) * 10u + (raw & 15);
}

constexpr std::uint8_t kPm = 0x80;

std::uint8_t hour_to_raw(unsigned hour, RtcFormat format) {
    if (format.hours_24) return to_raw(hour, format);
    const unsigned twelve = hour % 12 == 0 ? 12 : hour % 12;
    return static_cast<std::uint8_t>(to_raw(twelve, format) | (hour >= 12 ? kPm : 0));
}

unsigned hour_from_raw(std::uint8_t raw, RtcFormat format) {
    if (format.hours_24) return from_raw(raw, format) % 24;
    const unsigned twelve = from_raw(raw & 0x7f, format) % 12;
    return twelve + (raw & kPm ? 12 : 0);
}

unsigned fold(unsigned value, unsigned first, unsigned count) {
    return first + (value + count - first) % count;
}

}  // namespace

RtcTime RtcTime::from_unix(std::int64_t unix_seconds) {
    using namespace std::chrono;
    // Outside +-32767 years nothing is representable; the two-digit year repeats long before.
    const sys_seconds when{
        seconds(std::clamp<std::int64_t>(unix_seconds, -900'000'000'000, 900'000'000'000))};
    const auto midnight = floor<days>(when);
    const year_month_day date{midnight};
    const hh_mm_ss clock{when - midnight};
    RtcTime time;
    time.second = static_cast<unsigned>(clock.seconds().count());
    time.minute = static_cast<unsigned>(clock.minutes().count());
    time.hour = static_cast<unsigned>(clock.hours().count());
    time.weekday = std::chrono::weekday(midnight).c_encoding() + 1;
    time.day = static_cast<unsigned>(date.day());
    time.month = static_cast<unsigned>(date.month());
    const int year = static_cast<int>(date.year()) % 100;
    time.year = static_cast<unsigned>(year < 0 ? year + 100 : year);
    return time;
}

RtcTime RtcTime::plus(std::uint64_t seconds) const {
    RtcTime time = *this;
    const std::uint64_t of_day = second_of_day() + seconds % kSecondsPerDay;
    const std::uint64_t days = seconds / kSecondsPerDay + of_day / kSecondsPerDay;
    const auto clock = static_cast<unsigned>(of_day % kSecondsPerDay);
    time.second = clock % 60;
    time.minute = clock / 60 % 60;
    time.hour = clock / 3600;
    if (days == 0) return time;
    time.weekday = static_cast<unsigned>((weekday - 1 + days) % 7 + 1);
    for (std::uint64_t left = days % kDaysPerCycle; left > 0;) {
        const unsigned rest =
            days_in(time.month, time.year) - std::min(time.day, days_in(time.month, time.year));
        if (left <= rest) {
            time.day += static_cast<unsigned>(left);
            break;
        }
        left -= rest + 1;
        time.day = 1;
        if (++time.month > 12) {
            time.month = 1;
            time.year = (time.year + 1) % 100;
        }
    }
    return time;
}

std::uint8_t RtcTime::get(unsigned index, RtcFormat format) const {
    switch (index) {
        case 0:
            return to_raw(second, format);
        case 2:
            return to_raw(minute, format);
        case 4:
            return hour_to_raw(hour, format);
        case 6:
            return to_raw(weekday, format);
        case 7:
            return to_raw(day, format);
        case 8:
            return to_raw(month, format);
        default:
            return to_raw(year, format);
    }
}

void RtcTime::set(unsigned index, std::uint8_t raw, RtcFormat format) {
    const unsigned value = from_raw(raw, format);
    switch (index) {
        case 0:
            second = value % 60;
            break;
        case 2:
            minute = value % 60;
            break;
        case 4:
            hour = hour_from_raw(raw, format);
            break;
        case 6:
            weekday = fold(value, 1, 7);
            break;
        case 7:
            day = fold(value, 1, 31);
            break;
        case 8:
            month = fold(value, 1, 12);
            break;
        default:
            year = value % 100;
            break;
    }
}

std::optional<std::uint32_t> RtcAlarm::next_match(std::uint32_t from, RtcFormat format) const {
    const auto matches = [](std::uint8_t alarm, std::uint8_t time) { return alarm >= 0xc0 || alarm == time; };
    // Walks hours, then minutes, then seconds, each at most once round; two days cover the wrap.
    for (std::uint32_t at = from; at < 2 * kSecondsPerDay;) {
        const std::uint32_t hour = at / 3600, minute = at / 60 % 60, second = at % 60;
        if (!matches(raw[2], hour_to_raw(hour % 24, format)))
            at = (hour + 1) * 3600;
        else if (!matches(raw[1], to_raw(minute, format)))
            at = (at / 60 + 1) * 60;
        else if (!matches(raw[0], to_raw(second, format)))
            ++at;
        else
            return at - from;
    }
    return std::nullopt;
}

}  // namespace southgate::chipset
