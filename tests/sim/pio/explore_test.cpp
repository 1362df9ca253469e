// pio-explore finds the known corners by itself.
#include <gtest/gtest.h>

#include <algorithm>

#include "cpu_model/interpreter/interpreter.h"
#include "sim/pio/explore/search.h"

namespace southgate::pio::explore {
namespace {

SearchResult explore(cpu::PioPolicyKind policy, unsigned jobs = 2) {
    SearchOptions options;
    options.depth = 1;
    options.jobs = jobs;
    return search({.policy = policy, .advance = cpu::PioAdvance::relative, .customise = {}}, options,
                  [](cpu::Bus& bus) { return cpu::make_interpreter(bus); });
}

bool found(const SearchResult& result, Damage damage, Intent intent, PlaceKind place = PlaceKind::plain) {
    return std::any_of(result.minimal.begin(), result.minimal.end(), [&](const Minimal& m) {
        return m.damage == damage && m.sequence.depth == 1 && m.sequence.intents[0] == intent &&
               m.sequence.start.place == place && m.sequence.start.pio == PioKind::out_imm_1;
    });
}

using enum cpu::PioPolicyKind;

TEST(PioExplore, SameValueRestoreBreaksCancelOnRipWrite) {
    EXPECT_TRUE(found(explore(cancel_on_rip_write), Damage::repeated, Intent::same_regs));
    EXPECT_FALSE(found(explore(linear_rip_snapshot), Damage::repeated, Intent::same_regs));
}
TEST(PioExplore, CollidingRipBreaksCancelOnRipChange) {
    const SearchResult result = explore(cancel_on_rip_change);
    EXPECT_TRUE(found(result, Damage::code_skipped, Intent::reset, PlaceKind::reset_offset));
    EXPECT_FALSE(found(result, Damage::code_skipped, Intent::reset));
}
TEST(PioExplore, OtherVectorsBreakMatchResetVector) {
    const SearchResult result = explore(match_reset_vector);
    EXPECT_TRUE(found(result, Damage::code_skipped, Intent::ap_start));
    EXPECT_TRUE(found(result, Damage::code_skipped, Intent::relocated_reset));
    EXPECT_FALSE(found(result, Damage::code_skipped, Intent::reset));
}
TEST(PioExplore, ThePlaceOfTheResetVectorBreaksTheSnapshot) {
    const SearchResult result = explore(linear_rip_snapshot);
    EXPECT_TRUE(found(result, Damage::code_skipped, Intent::reset, PlaceKind::reset_vector));
    EXPECT_TRUE(found(result, Damage::not_again, Intent::rewrite_code));
    EXPECT_TRUE(found(result, Damage::repeated, Intent::migrate));
}
TEST(PioExplore, JobsDoNotMatter) {
    const SearchResult one = explore(full_emulator, 1), three = explore(full_emulator, 3);
    EXPECT_EQ(one.sequences, three.sequences);
    ASSERT_EQ(one.minimal.size(), three.minimal.size());
    for (std::size_t n = 0; n < one.minimal.size(); n++) {
        EXPECT_TRUE(one.minimal[n].sequence == three.minimal[n].sequence);
        EXPECT_EQ(one.minimal[n].damage, three.minimal[n].damage);
    }
}

}  // namespace
}  // namespace southgate::pio::explore
