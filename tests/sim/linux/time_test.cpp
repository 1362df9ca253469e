// What Linux takes for a second is a second of simulated time.
#include <gtest/gtest.h>

#include <cmath>
#include <regex>

#include "guest.h"

namespace southgate::sim::test {
namespace {

constexpr double tolerance = 0.001;

// When the UART sent the first such character at the start of a line.
double seconds_at(const std::vector<PortWrite>& com1, char marker) {
    for (std::size_t i = 1; i < com1.size(); ++i)
        if (com1[i].data == static_cast<std::uint8_t>(marker) && com1[i - 1].data == '\n')
            return static_cast<double>(com1[i].time_ps) * 1e-12;
    return NAN;
}

// The first number behind the marker at the start of a line.
double number_at(const std::string& serial, const std::string& marker) {
    std::smatch match;
    const bool found = std::regex_search(serial, match, std::regex("\n" + marker + "([0-9.]+)"));
    return found ? std::stod(match[1]) : NAN;
}

// Clocks of the guest, printed at four moments that the characters < > { } mark in the event file: kernel time (from the
// TSC) in ns, and RTC seconds. Between < and > lies a sleep of 1 s, between { and } one of 2000 s.
TEST(Linux, ItsClocksAgreeWithSimulatedTime) {
    const LinuxGuest guest = linux_guest();
    REQUIRE_LINUX(guest);
    const std::string now = "$(awk '/^now at/ {print $3}' /proc/timer_list)", rtc = "$(cat /sys/class/rtc/rtc0/since_epoch)";
    const LinuxRun r = boot_linux(
        guest, {"--memory", "256M", "--tsc-mhz", "2345.678", "--max-time", "3000s", "--expect", linux_prompt, "--send",
                "stty -echo", "--expect", linux_prompt, "--send",
                "echo; echo \"<" + now + "\"; sleep 1; echo \">" + now + "\"; echo \"{" + now + " rtc_a=" + rtc +
                    "\"; sleep 2000; echo \"}" + now + " rtc_b=" + rtc + " date=$(date +%s)\"; dmesg | grep tsc:",
                "--expect", linux_prompt, "--send", "dmesg -r | grep '^<[0-4]>'; poweroff -f"});
    ASSERT_EQ(r.result.status, 0) << r.result.err << r.serial;
    const auto com1 = writes_to(r.events, 0x3f8);

    const double second = seconds_at(com1, '>') - seconds_at(com1, '<');
    EXPECT_NEAR((number_at(r.serial, ">") - number_at(r.serial, "<")) * 1e-9, second, tolerance * second) << r.serial;
    EXPECT_GE(second, 1);
    const double span = seconds_at(com1, '}') - seconds_at(com1, '\x7b');
    EXPECT_NEAR((number_at(r.serial, "\\}") - number_at(r.serial, "\\{")) * 1e-9, span, tolerance * span) << r.serial;
    EXPECT_NEAR(span, 2000, 2000 * tolerance);

    std::smatch match;
    ASSERT_TRUE(std::regex_search(r.serial, match, std::regex("rtc_a=([0-9]+)[^]*rtc_b=([0-9]+) date=([0-9]+)"))) << r.serial;
    const double rtc_span = std::stod(match[2]) - std::stod(match[1]);
    EXPECT_NEAR(rtc_span, span, tolerance * span);  // to the second
    EXPECT_NEAR(std::stod(match[2]), std::stod(match[3]), 1);

    ASSERT_TRUE(std::regex_search(r.serial, match, std::regex("tsc: Detected ([0-9.]+) MHz"))) << r.serial;
    EXPECT_NEAR(std::stod(match[1]), 2345.678, tolerance * 2345.678);
    EXPECT_EQ(unexpected_warnings(r.serial), "");
}

}  // namespace
}  // namespace southgate::sim::test
