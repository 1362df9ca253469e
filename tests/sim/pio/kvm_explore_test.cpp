// pio-explore on an engine with rules of its own: a kernel made of the interpreter, and the host's where there is one.
#include <gtest/gtest.h>

#include <algorithm>

#include "cpu_model/kvm/host_system.h"
#include "sim/pio/explore/classes.h"
#include "sim/pio/explore/command.h"
#include "sim/pio/explore/predicted.h"
#include "sim/pio/kvm/explore.h"

namespace southgate::pio::explore {
namespace {

// One mode and no action keep it short; the conditions, places and instructions are all there.
const SearchOptions shortest{.modes = {GuestMode::real16}, .depth = 0, .jobs = 1};

std::vector<Mechanism> classes_on(const VcpuFactory& factory, const Subject& subject, const SearchOptions& how) {
    const SearchResult found = search(subject, how, factory);
    Driver driver(factory);
    driver.set_subject(subject);
    std::vector<Mechanism> mechanisms;
    for (const FailureClass& c : classify(found.minimal, driver)) mechanisms.push_back(c.mechanism);
    return mechanisms;
}

TEST(KvmExplore, ColumnsPredictThemselves) {
    SearchOptions how = shortest;
    how.depth = 1;
    const std::vector<Prediction> predictions = predict_by_columns(how);
    ASSERT_EQ(predictions.size(), 14u);
    const Subject fe{.policy = cpu::PioPolicyKind::full_emulator, .counts_instructions = false, .customise = {}};
    const std::vector<Mechanism> shown = classes_on(interpreter_factory(), fe, how);
    ASSERT_FALSE(shown.empty());
    for (const Mechanism& m : shown) {
        const std::vector<std::string> names = predictors_of(m, predictions);
        EXPECT_NE(std::ranges::find(names, "FE"), names.end()) << id_of(m);
    }
    // A class of another policy is not its own.
    const Mechanism dropped{Group::io, Fault::dropped, Relation::same_values};
    EXPECT_EQ(predictors_of(dropped, predictions), (std::vector<std::string>{"AW vmx", "AW svm"}));
}

// Instruction counts that an engine makes of time must not make a class.
TEST(KvmExplore, NothingIsConcludedFromCountsOfAnEngineThatCannotCount) {
    const Subject quirk{.policy = cpu::PioPolicyKind::skip_before_exit, .counts_instructions = false, .customise = {}};
    for (const Mechanism& m : classes_on(interpreter_factory(), quirk, shortest)) EXPECT_NE(m.fault, Fault::miscounted) << id_of(m);
}

TEST(KvmExplore, TheHostShowsWhatItsModelShows) {
    if (const std::string why = cpu::kvm::host_unavailable(); !why.empty()) GTEST_SKIP() << why;
    const auto model = kvm_explore_model(shortest.modes);
    ASSERT_TRUE(model);
    const Prediction predicted = predict_by(*model, shortest);
    const Subject kernel{.counts_instructions = false, .customise = {}};
    for (const Mechanism& m : classes_on(kvm_explore_factory(), kernel, shortest))
        EXPECT_TRUE(std::ranges::binary_search(predicted.classes, m)) << id_of(m);
}

}  // namespace
}  // namespace southgate::pio::explore
