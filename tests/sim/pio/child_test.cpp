// Work in a child process: what comes back, and what is said of one that hangs or dies.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "sim/pio/kvm/child.h"

namespace southgate::pio {
namespace {

TEST(Child, HandsOverItsParcel) {
    Parcel parcel;
    const ChildEnd end = run_in_child(10, [](Parcel& p) {
        p.put(42);
        for (unsigned i = 0; i < 50'000; ++i) p.put(i);  // more than a pipe holds
    }, parcel);
    EXPECT_EQ(end.kind, ChildEnd::Kind::returned);
    int first = 0;
    ASSERT_TRUE(parcel.take(first));
    EXPECT_EQ(first, 42);
    unsigned value = 0;
    for (unsigned i = 0; i < 50'000; ++i) ASSERT_TRUE(parcel.take(value) && value == i);
    EXPECT_FALSE(parcel.take(value));
}

TEST(Child, HangIsAResult) {
    Parcel parcel;
    const ChildEnd end = run_in_child(1, [](Parcel&) { for (;;) pause(); }, parcel);
    EXPECT_EQ(end.kind, ChildEnd::Kind::timed_out);
}

TEST(Child, CrashIsAResult) {
    Parcel parcel;
    EXPECT_EQ(run_in_child(10, [](Parcel&) { raise(SIGKILL); }, parcel).why, "signal 9");
    EXPECT_EQ(run_in_child(10, [](Parcel&) { throw 1; }, parcel).why, "exit status 1");
    EXPECT_EQ(run_in_child(10, [](Parcel&) { _exit(7); }, parcel).kind, ChildEnd::Kind::died);
}

}  // namespace
}  // namespace southgate::pio
