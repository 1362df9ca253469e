// Machines with several processors: firmware that counts them, a ROM that works with them and resets the
// machine while they run.
#include <gtest/gtest.h>

#include "command.h"

namespace southgate::sim::test {
namespace {

class Smp : public testing::TestWithParam<unsigned> {
  protected:
    std::string count() const { return std::to_string(GetParam()); }
};

TEST_P(Smp, SeaBiosFindsEveryProcessor) {
    const Result r = southgate({"run", "--smp", count(), "--debugcon", "stdout", "--stop-at",
                                "No bootable device.", "--max-time", "10s"});
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_TRUE(contains(r.out, "Found " + count() + " cpu(s) max supported " + count() + " cpu(s)")) << r.out;
}

// Five times the same round (firmware/roms/smp_rom.asm): every processor came, and the counters under LOCK and
// under the spin lock and the rewritten routine are right, after each kind of reset that hit running processors.
TEST_P(Smp, ProcessorsWorkTogetherAfterEveryReset) {
    const Result r = southgate(
        {"run", "--smp", count(), "--firmware", guest("smp.rom"), "--debugcon", "stdout", "--max-time", "1s"});
    EXPECT_EQ(r.status, 0) << r.err;
    std::string rounds;
    for (unsigned n = 1; n <= 5; ++n) rounds += std::to_string(n) + ": " + count() + " 3\n";
    EXPECT_EQ(r.out, rounds);
}

// Also with a quantum of a few instructions, where every LOCK prefix matters.
TEST_P(Smp, ProcessorsWorkTogetherInShortTurns) {
    const Result r = southgate({"run", "--smp", count(), "--firmware", guest("smp.rom"), "--debugcon", "stdout",
                                "--quantum", "70ns", "--max-time", "1s"});
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_TRUE(r.out.ends_with("5: " + count() + " 3\n")) << r.out;
}

// The same in x2APIC mode, whose page in memory is gone; without the feature the first WRMSR is #GP.
TEST_P(Smp, ProcessorsWorkTogetherInX2ApicMode) {
    std::vector<std::string> arguments{"run", "--smp", count(), "--firmware", guest("smp-x2apic.rom"), "--debugcon", "stdout",
                                       "--max-time", "1s"};
    const Result r = southgate(arguments);
    EXPECT_EQ(r.status, 0) << r.err;
    std::string rounds;
    for (unsigned n = 1; n <= 5; ++n) rounds += std::to_string(n) + ": " + count() + " 3\n";
    EXPECT_EQ(r.out, rounds);
    arguments.insert(arguments.end(), {"--cpu", "x86_64,-x2apic", "--stop-after-resets", "1"});
    EXPECT_EQ(southgate(arguments).out, "");
}

INSTANTIATE_TEST_SUITE_P(Counts, Smp, testing::Values(2, 4, 16),
                         [](const auto& info) { return std::to_string(info.param); });

TEST(Smp, TheTimelineNamesTheProcessor) {
    const Result r = southgate(
        {"run", "--smp", "3", "--firmware", guest("smp.rom"), "--timeline", "--stats", "--max-time", "1s"});
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_TRUE(contains(r.out, "real mode, CPU 1\n")) << r.out;   // the last reset, by an application processor
    EXPECT_TRUE(contains(r.out, "started    CPU 1 at 00008000")) << r.out;
    EXPECT_TRUE(contains(r.out, "reset timeline: 5 resets")) << r.out;
    EXPECT_TRUE(contains(r.out, "\nCPU 2 ")) << r.out;
}

TEST(Smp, TwoRunsAreIdentical) {
    const auto events = [](const std::string& name) {
        const std::string path = scratch() + "/" + name;
        const Result r = southgate({"run", "--smp", "4", "--firmware", guest("smp.rom"), "--timing", "datasheet",
                                    "--max-time", "2s", "--events", path});
        EXPECT_EQ(r.status, 0) << r.err;
        return read_file(path);
    };
    const std::string first = events("first");
    EXPECT_EQ(first, events("second"));
    EXPECT_TRUE(contains(first, R"("kind":"cpu.wait_for_sipi","source":"pc.cpu3","cpu":3)"));
    EXPECT_TRUE(contains(first, R"("kind":"cpu.first_fetch","source":"pc.cpu1","cpu":1,"after":"start-up")"));
}

TEST(Smp, TheInstructionLimitCountsAllProcessors) {
    const Result r = southgate({"run", "--smp", "4", "--firmware", guest("smp.rom"), "--max-instructions",
                                "50000", "--stats"});
    EXPECT_EQ(r.status, 3);
    EXPECT_TRUE(contains(r.out, "instructions                 50000\n")) << r.out;
}

TEST(Smp, BadCountsAndQuantaAreRefused) {
    for (const std::string count : {"0", "17", "-1", "two"}) {
        const Result r = southgate({"run", "--smp", count});
        EXPECT_EQ(r.status, 2) << count;
        EXPECT_TRUE(contains(r.err, "--smp")) << r.err;
    }
    for (const std::string quantum : {"0", "1s", "5"}) {
        const Result r = southgate({"run", "--quantum", quantum});
        EXPECT_EQ(r.status, 2) << quantum;
        EXPECT_TRUE(contains(r.err, "--quantum")) << r.err;
    }
}

}  // namespace
}  // namespace southgate::sim::test
