// What the reset timeline tells of events it is given: triple faults, restarts without a reset, power.
#include "platform/events/timeline.h"

#include <gtest/gtest.h>

#include "platform/events/json_lines.h"

namespace southgate::platform::test {
namespace {

constexpr std::uint64_t ms = 1'000'000'000;

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

class Timeline : public testing::Test {
  protected:
    void at(std::uint64_t time_ps, EventPayload payload) {
        timeline.take({time_ps, time_ps / 10'000, "cpu", std::move(payload)});
    }
    void power_on() {
        at(0, ResetRequested{"power-on", "", 0, false});
        at(0, FirstFetch{CpuReset::power_on, 0xfffffff0});
    }

    ResetTimeline timeline;
    // INT3 with an empty IDT, as Linux does it.
    static constexpr cpu::TripleFault empty_idt{{{{13, true, 0x1a}, {13, true, 0x6b}, {13, true, 0x43}}}, 3};
};

TEST_F(Timeline, ShutdownTellsTheExceptionsBehindIt) {
    power_on();
    at(5 * ms, CpuActivityChanged{CpuActivity::shutdown, 0x1234, empty_idt});
    at(5 * ms, ResetRequested{"shutdown", "long 64", 0x1234, false});
    at(5 * ms, FirstFetch{CpuReset::init, 0xfffffff0});
    EXPECT_TRUE(contains(timeline.format(), "cause      triple fault #GP(1Ah), #GP(6Bh), #GP(43h), CPU at 00001234, long 64"))
        << timeline.format();
    // The next one has another cause.
    at(6 * ms, CpuActivityChanged{CpuActivity::shutdown, 0x2000});
    at(6 * ms, ResetRequested{"shutdown", "smm", 0x2000, false});
    EXPECT_TRUE(contains(timeline.format(), "cause      cpu, CPU at 00002000, smm")) << timeline.format();
}

TEST_F(Timeline, RestartWithoutAResetHasItsPlaceInTheStory) {
    power_on();
    at(5 * ms, CpuActivityChanged{CpuActivity::reset_vector, 0x99123});
    at(7 * ms, ResetRequested{"cf9-hard", "protected 32", 0xefaac, false});
    at(7 * ms, FirstFetch{CpuReset::reset, 0xfffffff0});
    at(9 * ms, CpuActivityChanged{CpuActivity::reset_vector, 0x99124});
    EXPECT_EQ(timeline.resets(), 1u);
    ASSERT_EQ(timeline.restarts().size(), 2u);
    const std::string text = timeline.format();
    const auto first = text.find("5.000 ms  jump              500000 instructions, 5.000 ms after the previous start");
    const auto reset = text.find("#1       7.000 ms  cf9-hard          200000 instructions, 2.000 ms after the previous start");
    const auto second = text.find("00099124 to F000:FFF0, real mode; no line moved");
    EXPECT_LT(first, reset) << text;
    EXPECT_LT(reset, second) << text;
    EXPECT_LT(second, text.size()) << text;
}

TEST_F(Timeline, PowerThatFailsBelongsToTheRequestBehindIt) {
    at(0, ResetRequested{"power-on", "", 0, false});
    at(0, LineChanged{"power_good", true});
    at(0, FirstFetch{CpuReset::power_on, 0xfffffff0});
    at(5 * ms, ResetRequested{"port92", "real", 0x7c00, false});
    at(5 * ms, LineChanged{"init", true});
    at(5 * ms, LineChanged{"init", false});
    at(5 * ms, FirstFetch{CpuReset::init, 0xfffffff0});
    at(9 * ms, ResetRequested{"s5", "long 64", 0x1000, false});
    at(9 * ms, LineChanged{"power_good", false});
    at(9 * ms, LineChanged{"powered_off", true});
    const std::string text = timeline.format();
    EXPECT_TRUE(contains(text, "lines      power_good on +0\n")) << text;
    EXPECT_TRUE(contains(text, "lines      power_good off +0, powered_off on +0\n")) << text;
}

TEST_F(Timeline, JsonNamesTheExceptions) {
    EXPECT_EQ(JsonLines::format({1, 2, "cpu", CpuActivityChanged{CpuActivity::shutdown, 0x10, empty_idt}}),
              R"({"t":1,"i":2,"kind":"cpu.shutdown","source":"cpu","linear_rip":"0x10",)"
              R"j("exceptions":["#GP(1Ah)","#GP(6Bh)","#GP(43h)"]})j");
    EXPECT_EQ(JsonLines::format({1, 2, "cpu", CpuActivityChanged{CpuActivity::reset_vector, 0x10}}),
              R"({"t":1,"i":2,"kind":"cpu.reset_vector","source":"cpu","linear_rip":"0x10"})");
}

}  // namespace
}  // namespace southgate::platform::test
