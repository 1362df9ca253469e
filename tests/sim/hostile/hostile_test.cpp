// Whatever a guest does, the machine neither crashes nor hangs, and does the same thing twice.
// SOUTHGATE_HOSTILE_GUESTS and SOUTHGATE_HOSTILE_SEED make the run longer or another.
#include <gtest/gtest.h>

#include "../command.h"
#include "guest.h"
#include "tests/setting.h"

namespace southgate::sim::test {
namespace {

TEST(HostileGuest, NeitherCrashesNorHangsTheMachine) {
    const auto guests = static_cast<std::uint32_t>(southgate::test::setting("SOUTHGATE_HOSTILE_GUESTS", 40));
    const auto first = static_cast<std::uint32_t>(southgate::test::setting("SOUTHGATE_HOSTILE_SEED", 1));
    const std::string dir = scratch();
    const std::string frame = read_file(guest("hostile.rom"));
    ASSERT_EQ(frame.size(), 65536u);
    std::uint64_t events = 0;
    for (std::uint32_t seed = first; seed < first + guests; ++seed) {
        write_file(dir + "/hostile.rom", hostile_guest(frame, seed));
        std::vector<std::string> arguments{"run",      "--firmware", "hostile.rom",          "--disk",
                                           guest("demo.img"), "--vga",  "std",              "--smp",
                                           std::to_string(1 + seed % 3), "--max-instructions", "500000", "--max-time",
                                           "1s",      "--max-wall", "120",                  "--timing",
                                           seed % 2 ? "zero" : "datasheet", "--personality", seed % 5 ? "strict" : "qemu",
                                           "--serial", "serial.txt"};
        const bool twice = seed % 8 == 0;
        if (twice) arguments.insert(arguments.end(), {"--events", "events.jsonl"});
        const Result r = southgate(arguments, dir);
        ASSERT_TRUE(r.status == 0 || r.status == 3) << "seed " << seed << ": status " << r.status << " " << r.err;
        ASSERT_EQ(r.err.find("--max-wall"), std::string::npos) << "seed " << seed << " makes no progress";
        if (!twice) continue;
        const std::string before = read_file(dir + "/events.jsonl");
        events += before.size();
        southgate(arguments, dir);
        ASSERT_TRUE(before == read_file(dir + "/events.jsonl")) << "seed " << seed << ": another run, other events";
    }
    EXPECT_GT(events, guests < 8 ? 0 : 10000);
}

}  // namespace
}  // namespace southgate::sim::test
