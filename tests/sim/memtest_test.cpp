// memtest86+ from its ISO: a pass of its first three tests over 64 MiB. tests/sim/memtest lets it run whole.
#include <gtest/gtest.h>

#include <string>

#include "command.h"

namespace southgate::sim::test {
namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(Memtest, PassesItsAddressTests) {
    for (const std::string width : {"ia32", "x64"}) {
        const Result r = southgate({"run", "--memory", "64M", "--vga", "std", "--cdrom",
                                    "/usr/lib/memtest86+/memtest86+" + width + ".iso", "--screen-text", "-",
                                    // Its menu: test selection, a range, 0 to 2.
                                    "--keys", "<f1>@2s", "--keys", "1@2200ms", "--keys", "<f1>@2400ms", "--keys",
                                    "<f4>@2600ms", "--keys", "0<enter>@2800ms", "--keys", "2<enter>@3s", "--keys",
                                    "<f10>@3200ms", "--keys", "<f10>@3400ms", "--stop-at", "Status: Pass", "--stop-at",
                                    "Errors: 1", "--max-time", "60s"});
        EXPECT_EQ(r.status, 0) << r.err;
        EXPECT_TRUE(contains(r.out, "Memtest86+ v6.10")) << r.out;
        EXPECT_TRUE(contains(r.out, "Memory  :   64MB")) << r.out;
        EXPECT_TRUE(contains(r.out, "Pass:  1        Errors: 0")) << r.out;
    }
}

}  // namespace
}  // namespace southgate::sim::test
