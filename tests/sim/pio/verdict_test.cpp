// The verdict: observations made up by hand against one right outcome.
#include <gtest/gtest.h>

#include <set>

#include "sim/pio/machine/verdict.h"

namespace southgate::pio {
namespace {

using cpu::ExitReason;

class Verdict : public testing::Test {
  protected:
    Verdict() {
        s.guest.code = {0xe4, 0x80};
        s.port_length = 2;
        s.port_is_in = true;
        s.right.rip = 0x8002;
        s.right.rax = 0x775a;
        stop(ExitReason::pio, 0x8000);
        seen.rip = 0x8002;
        seen.rax = 0x775a;
    }
    void stop(ExitReason reason, std::uint64_t rip, std::uint64_t rcx = 0) {
        seen.stops[seen.stop_count++] = {reason, rip, 0x7788, rcx};
    }
    // What a reset during the IN should leave.
    void expect_reset() {
        s.right.rip = 0xfff0;
        s.right.rax = 0;
        seen.rip = 0xfff0;
        seen.rax = 0;
    }
    std::string code() const {
        std::string out = "left over";
        judge(s, seen, out);
        return out;
    }
    Scenario s;
    Observation seen;
};

TEST_F(Verdict, Right) {
    EXPECT_EQ(code(), "ok");
    EXPECT_TRUE(is_right(code()));
    seen.stops[0].rip = 0x8002;
    EXPECT_EQ(code(), "ok+wr");
    EXPECT_TRUE(is_right(code()));
}

TEST_F(Verdict, WhereRipEndsUp) {
    seen.rip = 0x8004;
    EXPECT_EQ(code(), "SK 8004");
    expect_reset();
    seen.rip = 0x8002;
    EXPECT_EQ(code(), "JN 8002");
    seen.rip = 0x8000;
    EXPECT_EQ(code(), "JO 8000");
    seen.rip = 0x1234;
    EXPECT_EQ(code(), "XX 1234");
    seen.rip = 0xfff2;
    seen.rax = 0x5a;
    seen.stops[0].rip = 0x8002;
    EXPECT_EQ(code(), "SK FFF2+RX+wr");
    EXPECT_FALSE(is_right(code()));
}

TEST_F(Verdict, NextRipWrapsOutsideLongMode) {
    s.guest.rip = 0xfffffffe;
    expect_reset();
    seen.stops[0].rip = 0xfffffffe;
    seen.rip = 0;
    EXPECT_EQ(code(), "JN 0");
    s.guest.mode = GuestMode::long64;
    EXPECT_EQ(code(), "XX 0");
    seen.rip = 0x100000000;
    EXPECT_EQ(code(), "JN 100000000");
}

TEST_F(Verdict, CodeSegmentCounts) {
    s.right.cs_base = 0x9a000;
    EXPECT_EQ(code(), "XX 8002");
    seen.cs_base = 0x9a000;
    EXPECT_EQ(code(), "ok");
}

TEST_F(Verdict, Data) {
    seen.rax = 0x7788;
    EXPECT_EQ(code(), "LD");
    seen.rax = 0x1234;
    EXPECT_EQ(code(), "LD");
    s.right.rax = 0x7799;
    seen.rax = 0x775a;
    EXPECT_EQ(code(), "RX");
    seen.rax = 0x1;
    EXPECT_EQ(code(), "RA 1");
    s.port_is_in = false;
    seen.rax = 0x775a;
    EXPECT_EQ(code(), "RA 775A");
}

TEST_F(Verdict, IssuedAgain) {
    seen.rip = 0x8000;
    seen.rax = 0x7788;
    seen.issued_again = true;
    EXPECT_EQ(code(), "RP 8000+LD");
    s.right.rip = 0x8000;
    s.right.rax.reset();
    s.right.again = Again::yes;
    EXPECT_EQ(code(), "ok");
    seen.issued_again = false;
    seen.rip = 0x8002;
    EXPECT_EQ(code(), "NR 8002");
    s.right.again = Again::by_reset;
    EXPECT_EQ(code(), "SK 8002");
}

TEST_F(Verdict, Transfers) {
    s.right.reads = 1;
    seen.reads = 1;
    EXPECT_EQ(code(), "ok");
    seen.reads = 2;
    EXPECT_EQ(code(), "RP 8002");
    seen.reads = 0;
    EXPECT_EQ(code(), "IL");
    s.right.reads.reset();
    s.right.writes = 1;
    EXPECT_EQ(code(), "IL");
}

TEST_F(Verdict, DebugExits) {
    s.right.debug = {0x8002};
    EXPECT_EQ(code(), "DL");
    stop(ExitReason::debug, 0x8003);
    EXPECT_EQ(code(), "DL");
    seen.stops[1].rip = 0x8002;
    EXPECT_EQ(code(), "ok");
    s.right.debug->clear();
    EXPECT_EQ(code(), "DB 8002");
    s.right.reads = 1;
    EXPECT_EQ(code(), "IL");
}

TEST_F(Verdict, Frames) {
    s.right.vector = 1;
    s.right.pushed = 0x8002;
    EXPECT_EQ(code(), "TL");
    seen.vector = 1;
    EXPECT_EQ(code(), "TL");
    seen.pushed = 0x8002;
    EXPECT_EQ(code(), "ok");
    seen.pushed = 0x8004;
    EXPECT_EQ(code(), "LT 8004");
    seen.vector = 6;
    EXPECT_EQ(code(), "TL");
    s.right.vector = seen.vector = 0x40;
    EXPECT_EQ(code(), "SK 8004");
    seen.pushed = 0x8000;
    EXPECT_EQ(code(), "JO 8000");
    // Issued again instead: that says it all.
    seen.vector.reset();
    seen.issued_again = true;
    EXPECT_EQ(code(), "RP 8002");
}

TEST_F(Verdict, TheRest) {
    s.right.shadow = false;
    seen.shadow = true;
    EXPECT_EQ(code(), "SH");
    seen.shadow = false;
    s.right.rcx = 4;
    EXPECT_EQ(code(), "CX");
    seen.rcx = 4;
    s.right.rdi = 1;
    EXPECT_EQ(code(), "CX");
    seen.rdi = 1;
    s.right.exit_rcx = {0};
    EXPECT_EQ(code(), "ok");
    s.right.exit_rcx = {0, 0};
    EXPECT_EQ(code(), "CX");
    s.right.exit_rcx = {3};
    EXPECT_EQ(code(), "CX");
    s.right.exit_rcx.clear();
    seen.memory_right = false;
    EXPECT_EQ(code(), "MW");
    seen.memory_right = true;
    s.right.postponed = true;
    EXPECT_EQ(code(), "EA");
    stop(ExitReason::wait_for_sipi, 0x8000);
    EXPECT_EQ(code(), "ok");
    seen.stops[1].rip = 0x8002;
    EXPECT_EQ(code(), "EA");
    s.right.postponed = false;
    s.right.retired = 1;
    EXPECT_EQ(code(), "RT 0");
    seen.retired = 1;
    EXPECT_EQ(code(), "ok");
    seen.livelock = true;
    EXPECT_EQ(code(), "WG");
}

TEST_F(Verdict, OnlyTheExitCounts) {
    s.right = {};
    s.right.exit_rip = 0x8000;
    EXPECT_EQ(code(), "ok");
    seen.stops[0].rip = 0x8002;
    EXPECT_EQ(code(), "wr");
}

TEST(VerdictCodes, AreDescribedOnce) {
    std::set<std::string_view> names;
    for (const Code& code : verdict_codes()) {
        EXPECT_TRUE(names.insert(code.name).second) << code.name;
        EXPECT_FALSE(code.meaning.empty());
    }
    for (const char* name : {"ok", "SK x", "JN x", "JO x", "RP x", "NR x", "RX", "LD", "DL", "DB x", "IL", "TL", "LT x",
                             "SH", "CX", "MW", "EA", "RT n", "WG", "RA x", "XX x", "wr"})
        EXPECT_TRUE(names.contains(name)) << name;
}

}  // namespace
}  // namespace southgate::pio
