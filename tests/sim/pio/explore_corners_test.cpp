// pio-explore, which knows no list of corner cases, finds each one that is known: those that Linux commit 45def77ebf7 gives
// as reasons for its rule, and those that were found since. One test each, to depth 1.
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>

#include "cpu_model/interpreter/interpreter.h"
#include "sim/pio/explore/report.h"

namespace southgate::pio::explore {
namespace {

struct Corner {
    const char* name;
    const char* column;   // the policy it breaks
    const char* id;       // of the class
    const char* example;  // a minimal sequence that shows it
    const char* innocent; // a policy without it; nullptr: all have it
    cpu::PioAdvance advance = cpu::PioAdvance::relative;
};
void PrintTo(const Corner& corner, std::ostream* out) { *out << corner.column << ' ' << corner.id; }

struct Explored {
    std::vector<FailureClass> classes;
    std::vector<Minimal> minimal;

    bool has(const std::string& id) const {
        return std::ranges::any_of(classes, [&](const FailureClass& c) { return id_of(c.mechanism) == id; });
    }
    bool shows(const std::string& example) const {
        return std::ranges::any_of(minimal, [&](const Minimal& m) { return describe(m.sequence) == example; });
    }
};

Explored explore(const char* column, cpu::PioAdvance advance) {
    const VcpuFactory factory = [](cpu::Bus& bus) { return cpu::make_interpreter(bus); };
    const Column& c = columns[*parse_column(column)];
    const Subject subject{.policy = c.kind, .quirk_out_7e = c.quirk, .advance = advance, .customise = {}};
    SearchOptions options;
    options.depth = 1;
    Driver driver(factory);
    driver.set_subject(subject);
    Explored result;
    result.minimal = search(subject, options, factory).minimal;
    result.classes = classify(result.minimal, driver);
    return result;
}

class PioExploreCorner : public testing::TestWithParam<Corner> {};

TEST_P(PioExploreCorner, IsFound) {
    const Corner& corner = GetParam();
    const Explored found = explore(corner.column, corner.advance);
    EXPECT_TRUE(found.has(corner.id));
    EXPECT_TRUE(found.shows(corner.example)) << corner.example;
    if (!corner.innocent) return;
    EXPECT_FALSE(explore(corner.innocent, corner.advance).has(corner.id)) << corner.innocent;
}

constexpr auto svm = cpu::PioAdvance::absolute;

// The reasons in the commit.
INSTANTIATE_TEST_SUITE_P(
    Commit45def77ebf7, PioExploreCorner,
    testing::Values(
        Corner{"ResetCompletes", "CA", "io.completes.new-context", "OUT 92h, AL: reset (real16)", "LR"},
        Corner{"SameValueRestoreBreaksCancelOnWrite", "AW", "io.dropped.same-values", "OUT 92h, AL: same-regs (real16)", "LR"},
        Corner{"CollidingRipBreaksCancelOnChange", "RC", "io.completes.same-offset",
               "OUT 92h, AL: reset (real16, at reset-offset)", "LR"},
        Corner{"ApplicationProcessorBreaksMatchResetVector", "RV", "io.completes.other-vector",
               "OUT 92h, AL: ap-start (real16)", "LR"},
        Corner{"RelocatedVectorBreaksMatchResetVector", "RV", "io.completes.other-vector",
               "OUT 92h, AL: relocated-reset (real16)", "LR"},
        Corner{"PioAtTheResetVectorBreaksTheSnapshot", "LR", "io.completes.same-place-reset",
               "OUT 92h, AL: reset (real16, at reset-vector)", "RV"},
        Corner{"RewrittenCodePageBreaksTheSnapshot", "LR", "io.completes.rewritten", "OUT 92h, AL: rewrite-code (real16)", nullptr},
        Corner{"SkippingFirstLeavesTheDataOfIn", "SB", "io.data-lands.new-context", "IN AL, 92h: reset (real16)", "LR"}),
    [](const auto& info) { return info.param.name; });

// And those beyond it (docs/pio-completion.md).
INSTANTIATE_TEST_SUITE_P(
    Beyond, PioExploreCorner,
    testing::Values(
        Corner{"PostCodeAtTheResetVectorNeverCompletes", "RV", "io.dropped.reset-vector",
               "OUT 92h, AL: no action (real16, at reset-vector)", "LR"},
        Corner{"OtherModeAtTheSameLinearAddress", "LR", "io.completes.other-mode", "OUT 92h, AL: ap-start-alias (long64)", "RC"},
        Corner{"OtherBaseAtTheSameLinearAddress", "LR", "io.completes.same-linear", "OUT 92h, AL: ap-start-alias (real16)", "RC"},
        Corner{"ApplicationProcessorAtItsOwnVector", "LR", "io.completes.same-place",
               "OUT 92h, AL: ap-start (real16, at ap-vector)", "AW"},
        Corner{"OtherSplitOfTheSameLinearAddress", "RC", "io.dropped.other-split", "OUT 92h, AL: move-split (real16)", "LR"},
        Corner{"OtherSplitWithAbsoluteSkip", "LR", "io.stale-rip.other-split", "OUT 92h, AL: move-split (real16)", "AW", svm},
        Corner{"MovedSegmentGoesUnnoticed", "AW", "io.completes.moved-base", "OUT 92h, AL: move-base (real16)", "LR"},
        Corner{"RunItAgainCannotBeSaid", "LR", "io.completes.rewound", "OUT 92h, AL: rewind (real16)", "AW"},
        Corner{"MigrationRepeatsTheInstruction", "LR", "io.not-carried", "OUT 92h, AL: migrate (real16)", nullptr},
        Corner{"ShadowOutlivesTheReset", "LR", "io.shadow-outlives", "OUT 92h, AL: reset (real16, after-sti)", "CA"},
        Corner{"SkippingFirstLosesTheDebugExit", "SB", "io.step-swallowed", "OUT 92h, AL: no action (real16, guest-debug)", "LR"},
        Corner{"SkippingFirstMisleadsWhoSkipsItself", "SB", "io.early.moved", "OUT 92h, AL: skip-self (real16)", "LR"},
        Corner{"SkippingFirstLosesTheTrapToARestore", "SB", "io.trap-dropped", "OUT 92h, AL: same-regs (real16, trap-flag)", "FE"},
        Corner{"QuirkHidesTheIoFromAStep", "LQ", "out-7e.io-exit-lost", "OUT 7Eh, AL: no action (real16, guest-debug)", "LR"},
        Corner{"EmulatorLosesDataToARestore", "FE", "io.data-dropped.same-values", "IN AL, 92h: same-regs (real16)", "LR"},
        Corner{"EmulatorJumpsToTheOldNextRip", "FE", "io.completes.new-context", "IN AL, 92h: reset (real16)", "LR"},
        Corner{"OutsLosesTheTrap", "LR", "outs.step-swallowed", "OUTSB: no action (real16, trap-flag)", nullptr},
        Corner{"InsCompletesInAnotherContext", "LR", "ins.completes.new-context", "INSB: reset (real16)", nullptr},
        Corner{"InsWithRcxZeroNeverEnds", "LR", "ins.livelock", "REP INSB: zero-rcx (real16)", nullptr},
        Corner{"InsStoresMoreThanWasRead", "LR", "ins.count-followed", "REP INSB: write-rcx (real16)", nullptr}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace southgate::pio::explore
