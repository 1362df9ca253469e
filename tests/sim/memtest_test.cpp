// memtest86+ of both widths completes its first pass over 64 MiB: every test, from the ISO, judged by its screen.
#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "command.h"

namespace southgate::sim::test {
namespace {

struct Width {
    std::string file, build;  // of the ISO, and what the screen says

    friend void PrintTo(const Width& width, std::ostream* out) { *out << width.file; }
};

class Memtest : public testing::TestWithParam<Width> {};

TEST_P(Memtest, CompletesItsFirstPassWithoutAnError) {
    // The last test, bit fade, waits ten minutes of simulated time: fewer instructions with a slow processor.
    const Result r = southgate({"run", "--memory", "64M", "--mips", "10", "--vga", "std", "--cdrom",
                                "/usr/lib/memtest86+/memtest86+" + GetParam().file + ".iso", "--screen-text", "-",
                                "--stop-at", "Status: Pass", "--stop-at", "Errors: 1", "--max-time", "20000s"});
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_TRUE(contains(r.out, "Memtest86+ v6.10")) << r.out;
    EXPECT_TRUE(contains(r.out, "6.10.unknown." + GetParam().build)) << r.out;
    EXPECT_TRUE(contains(r.out, "Memory  :   64MB")) << r.out;
    EXPECT_TRUE(contains(r.out, "Status: Pass")) << r.out;
    EXPECT_TRUE(contains(r.out, "Pass:  1        Errors: 0\n")) << r.out;
}

INSTANTIATE_TEST_SUITE_P(Widths, Memtest, testing::Values(Width{"ia32", "x32"}, Width{"x64", "x64"}),
                         [](const auto& info) { return info.param.file; });

}  // namespace
}  // namespace southgate::sim::test
