#include "chipset/legacy/rtc_calendar.h"

#include <gtest/gtest.h>

#include <random>

#include "chipset/legacy/cmos_defaults.h"

namespace southgate::chipset {
namespace {

constexpr RtcFormat kBcd24{false, true}, kBinary24{true, true}, kBcd12{false, false};

bool same(const RtcTime& a, const RtcTime& b) {
    return a.second == b.second && a.minute == b.minute && a.hour == b.hour && a.weekday == b.weekday &&
           a.day == b.day && a.month == b.month && a.year == b.year;
}

TEST(RtcCalendar, AgreesWithTheGregorianCalendarFrom2000To2099) {
    constexpr std::int64_t k2000 = 946684800, k2100 = 4102444800;
    std::mt19937_64 random(2);
    for (unsigned i = 0; i < 2000; ++i) {
        const auto from = static_cast<std::int64_t>(random() % (k2100 - k2000)) + k2000;
        const auto to = from + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(k2100 - from));
        const RtcTime reached = RtcTime::from_unix(from).plus(static_cast<std::uint64_t>(to - from));
        ASSERT_TRUE(same(reached, RtcTime::from_unix(to))) << from << " to " << to;
    }
}

TEST(RtcCalendar, KnownDates) {
    const RtcTime time = RtcTime::from_unix(1767225600);  // Thursday 2026-01-01
    EXPECT_EQ(time.get(9, kBcd24), 0x26);
    EXPECT_EQ(time.get(8, kBcd24), 0x01);
    EXPECT_EQ(time.get(7, kBcd24), 0x01);
    EXPECT_EQ(time.get(6, kBcd24), 0x05);
    const RtcTime leap = RtcTime::from_unix(1709164799).plus(1);  // 2024-02-28 23:59:59
    EXPECT_EQ(leap.day, 29u);
    EXPECT_EQ(leap.plus(86400).month, 3u);
    const RtcTime last = RtcTime::from_unix(4102444799);  // 2099-12-31 23:59:59
    EXPECT_EQ(last.plus(1).year, 0u);
    EXPECT_EQ(RtcTime::from_unix(-1).year, 69u);
}

TEST(RtcCalendar, HourFormats) {
    RtcTime time;
    const std::array<std::pair<unsigned, unsigned>, 4> hours{{{0, 0x12}, {9, 0x09}, {12, 0x92}, {23, 0x91}}};
    for (const auto& [hour, raw] : hours) {
        time.hour = hour;
        EXPECT_EQ(time.get(4, kBcd12), raw);
        RtcTime back;
        back.set(4, static_cast<std::uint8_t>(raw), kBcd12);
        EXPECT_EQ(back.hour, hour);
    }
    time.hour = 23;
    EXPECT_EQ(time.get(4, kBcd24), 0x23);
    EXPECT_EQ(time.get(4, kBinary24), 23);
}

TEST(RtcCalendar, AnyByteIsFoldedIntoItsField) {
    for (unsigned raw = 0; raw < 256; ++raw)
        for (const RtcFormat format : {kBcd24, kBinary24, kBcd12, RtcFormat{true, false}}) {
            RtcTime time;
            for (const unsigned index : {0u, 2u, 4u, 6u, 7u, 8u, 9u})
                time.set(index, static_cast<std::uint8_t>(raw), format);
            ASSERT_LT(time.second, 60u);
            ASSERT_LT(time.hour, 24u);
            ASSERT_TRUE(time.weekday >= 1 && time.weekday <= 7);
            ASSERT_TRUE(time.day >= 1 && time.day <= 31);
            ASSERT_TRUE(time.month >= 1 && time.month <= 12);
            ASSERT_LT(time.plus(123456789).day, 32u);
        }
}

TEST(RtcCalendar, AlarmMatchesAsAByteComparisonEachSecond) {
    std::mt19937 random(3);
    for (unsigned i = 0; i < 300; ++i) {
        const RtcFormat format = i % 2 ? kBcd24 : kBcd12;
        RtcAlarm alarm;
        RtcTime set;
        set.second = static_cast<unsigned>(random() % 60);
        set.minute = static_cast<unsigned>(random() % 60);
        set.hour = static_cast<unsigned>(random() % 24);
        alarm.raw = {set.get(0, format), set.get(2, format), set.get(4, format)};
        for (std::uint8_t& raw : alarm.raw)
            if (random() % 2) raw = static_cast<std::uint8_t>(0xc0 + random() % 0x40);
        const auto from = static_cast<std::uint32_t>(random() % 86400);
        const auto found = alarm.next_match(from, format);
        ASSERT_TRUE(found.has_value());
        RtcTime midnight;
        for (std::uint32_t at = from;; ++at) {
            const RtcTime time = midnight.plus(at % 86400);
            const auto matches = [&](unsigned n) {
                return alarm.raw[n] >= 0xc0 || alarm.raw[n] == time.get(2 * n, format);
            };
            if (matches(0) && matches(1) && matches(2)) {
                ASSERT_EQ(*found, at - from);
                break;
            }
        }
    }
    RtcAlarm never;
    never.raw = {0x61, 0xff, 0xff};
    EXPECT_FALSE(never.next_match(0, kBcd24).has_value());
}

TEST(CmosDefaults, MemorySizesAndBootOrder) {
    const CmosImage cmos = cmos_defaults(256ull << 20);
    EXPECT_EQ(cmos[0x34], 0x00);
    EXPECT_EQ(cmos[0x35], 0x0f);
    EXPECT_EQ(cmos[0x30], 0xff);
    EXPECT_EQ(cmos[0x31], 0xff);
    EXPECT_EQ(cmos[0x15] | cmos[0x16] << 8, 640);
    EXPECT_EQ(cmos[0x3d], 0x32);
    EXPECT_EQ(cmos[0x38], 0x10);
    EXPECT_EQ(cmos[0x5f], 0);
    EXPECT_EQ(cmos[0x0f], 0);
    unsigned sum = 0;
    for (unsigned i = 0x10; i <= 0x2d; ++i) sum += cmos[i];
    EXPECT_EQ(sum, static_cast<unsigned>(cmos[0x2e] << 8 | cmos[0x2f]));

    CmosSettings settings;
    settings.memory_below_4g = 3ull << 30;
    settings.memory_above_4g = 5ull << 30;
    settings.cpus = 4;
    const CmosImage large = cmos_defaults(settings);
    EXPECT_EQ(large[0x34] | large[0x35] << 8, (3072 - 16) * 16);
    EXPECT_EQ(large[0x5b] | large[0x5c] << 8 | large[0x5d] << 16, 5 << 14);
    EXPECT_EQ(large[0x5f], 3);
    EXPECT_EQ(cmos_defaults(512 * 1024)[0x30], 0);
}

}  // namespace
}  // namespace southgate::chipset
