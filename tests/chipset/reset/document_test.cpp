// docs/reset.md lists what the tables in the code hold.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

#include "chipset/personality.h"
#include "chipset/reset/reset_timing.h"

namespace southgate::chipset {
namespace {

std::string document() {
    std::ifstream in(SOUTHGATE_RESET_DOCUMENT);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

std::string duration(std::uint64_t ps) {
    if (ps == 0) return "0";
    constexpr std::array units{"ps", "ns", "us", "ms", "s"};
    double value = static_cast<double>(ps);
    std::size_t unit = 0;
    for (; value >= 1000 && unit + 1 < units.size(); ++unit) value /= 1000;
    char text[40];
    std::snprintf(text, sizeof text, "%g %s", value, units[unit]);
    return text;
}

TEST(ResetDocument, ListsEveryPersonalityOption) {
    const std::string text = document();
    for (const auto& option : kPersonalityOptions) {
        const std::string row = "| " + std::to_string(option.row) + " | `" + std::string(option.name) +
                                "` | " + std::string(option.description) + " |";
        EXPECT_NE(text.find(row), text.npos) << row;
    }
}

TEST(ResetDocument, ListsEveryTimingValue) {
    const std::string text = document();
    const ResetTiming piix = ResetTiming::datasheet(), ich9 = ResetTiming::datasheet(Southbridge::ich9);
    for (const auto& field : kResetTimingFields) {
        const std::string row = "| `" + std::string(field.name) + "` | " + duration(piix.*field.member) +
                                " | " + duration(ich9.*field.member) + " | " +
                                std::string(field.description) + " | " + std::string(field.source) + " |";
        EXPECT_NE(text.find(row), text.npos) << row;
    }
}

}  // namespace
}  // namespace southgate::chipset
