// The laboratory on this host's /dev/kvm; skipped where there is none. Hosts differ: nothing is expected that a kernel
// of another kind would not do.
#include <gtest/gtest.h>

#include "cpu_model/kvm/host_system.h"
#include "sim/pio/kvm/compare.h"
#include "sim/pio/scenario/catalogue.h"

namespace southgate::pio {
namespace {

class HostKvm : public testing::Test {
  protected:
    void SetUp() override {
        if (const std::string why = cpu::kvm::host_unavailable(); !why.empty()) GTEST_SKIP() << why;
    }
};

// A drain before the reset is right on every path of every kernel; so is an OUT or IN that nobody disturbs.
TEST_F(HostKvm, WhatEveryKernelDoes) {
    const std::vector<Scenario> catalogue = load_catalogue();
    const auto chosen = select(catalogue, {"S02*", "S36-in", "S44-in", "S44-m64"});
    ASSERT_GE(chosen.size(), 7u);
    for (const Compared& one : compare_with_host(chosen).scenarios) {
        EXPECT_TRUE(one.ran()) << one.scenario->id << ": " << one.why;
        EXPECT_EQ(one.verdict, "ok") << one.scenario->id;
    }
}

TEST_F(HostKvm, ComparisonIsTheSameEveryTime) {
    const std::vector<Scenario> catalogue = load_catalogue();
    const auto chosen = select(catalogue, {"S08*", "S10*", "S26*", "S17*"});
    const std::string text = format_comparison(compare_with_host(chosen));
    EXPECT_EQ(text, format_comparison(compare_with_host(chosen)));
    EXPECT_NE(text.find("P1 OUT"), std::string::npos);
    EXPECT_NE(text.find("compared with"), std::string::npos);
}

}  // namespace
}  // namespace southgate::pio
