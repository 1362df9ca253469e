// What real kernels did, recorded by `southgate pio-matrix --engine kvm --compare --format json`, against the model of a
// host: needs no /dev/kvm.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "sim/pio/kvm/model_run.h"
#include "sim/pio/kvm/probe.h"
#include "sim/pio/kvm/seen.h"
#include "sim/pio/machine/verdict.h"
#include "sim/pio/scenario/catalogue.h"

namespace southgate::pio {
namespace {

std::vector<std::filesystem::path> recordings() {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(SOUTHGATE_RECORDINGS)) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

// What a recorded host does otherwise than the model, and why (docs/kvm.md).
struct Difference {
    std::string_view recording, scenario;
};
constexpr Difference differences[] = {
    {"linux-6.1-svm", "S20c"},  // the step that the emulator loses behind OUTS is lost for good, not one instruction late
    {"linux-6.1-svm", "S33"},   // QEMU's SVM saves a next rip that is not cut to 32 bits
};

class RecordedHost : public testing::TestWithParam<std::filesystem::path> {
  protected:
    RecordedHost() {
        std::ifstream in(GetParam());
        json = nlohmann::json::parse(in);
    }
    HostPath path(const std::string& mode) const {
        const auto& m = json.at("modes").at(mode);
        return {*parse_column(m.at("column").get<std::string>()), *cpu::parse_skip_model(m.at("skip_model").get<std::string>()),
                m.at("drops_on_control_change").get<bool>()};
    }
    bool differs(std::string_view scenario) const {
        return std::ranges::any_of(differences, [&](const Difference& d) {
            return d.recording == GetParam().stem().string() && d.scenario == scenario;
        });
    }
    nlohmann::json json;
};

// A kernel of the kind the probes found would answer each probe as this one did.
TEST_P(RecordedHost, ProbesAreThoseOfTheColumn) {
    for (const GuestMode mode : guest_modes) {
        const std::string name(name_of(mode));
        const ModeProbes model = probe_model(mode, path(name));
        EXPECT_TRUE(model.conclusive) << name;
        EXPECT_EQ(columns[model.path.column].name, json["modes"][name]["column"]) << name;
        EXPECT_EQ(model.path.drops_on_control_change, json["modes"][name]["drops_on_control_change"]) << name;
        for (const Probe& probe : model.probes) EXPECT_EQ(probe.seen, json["modes"][name]["probes"][probe.name]) << name << probe.name;
    }
}

TEST_P(RecordedHost, TheModelPredictsEveryScenario) {
    const std::vector<Scenario> catalogue = load_catalogue();
    ModelRun model;
    std::size_t compared = 0;
    for (const auto& recorded : json["scenarios"]) {
        const std::string id = recorded["id"];
        const auto scenario = std::find_if(catalogue.begin(), catalogue.end(), [&](const Scenario& s) { return s.id == id; });
        ASSERT_NE(scenario, catalogue.end()) << id << ": record again (docs/kvm.md)";
        if (!recorded.contains("seen")) continue;
        const Scenario shown = as_a_kernel_shows_it(*scenario);
        const Observation& predicted = model.run(shown, path(recorded["mode"]));
        std::string verdict;
        judge(shown, predicted, verdict);
        const Seen seen = describe(shown, predicted);
        if (differs(id)) {
            const bool same = std::ranges::all_of(
                seen, [&](const auto& one) { return recorded["seen"].value(one.first, "-") == one.second; });
            EXPECT_FALSE(same) << id << ": no difference any more";
            continue;
        }
        EXPECT_EQ(verdict, recorded["verdict"]) << id;
        EXPECT_EQ(seen.size(), recorded["seen"].size()) << id;
        for (const auto& [name, value] : seen) EXPECT_EQ(value, recorded["seen"].value(name, "-")) << id << ' ' << name;
        ++compared;
    }
    EXPECT_GE(compared, 170u);
}

// Without what was found out about the host, the emulator's column alone does not: the rule is there for a reason.
TEST_P(RecordedHost, PeculiarityIsNeeded) {
    const std::vector<Scenario> catalogue = load_catalogue();
    ModelRun model;
    std::size_t needed = 0;
    for (const auto& recorded : json["scenarios"]) {
        HostPath path = this->path(recorded["mode"]);
        if (!path.drops_on_control_change) continue;
        path.drops_on_control_change = false;
        const auto scenario = std::find_if(catalogue.begin(), catalogue.end(), [&](const Scenario& s) { return s.id == recorded["id"]; });
        ASSERT_NE(scenario, catalogue.end());
        const Scenario shown = as_a_kernel_shows_it(*scenario);
        std::string verdict;
        judge(shown, model.run(shown, path), verdict);
        needed += verdict != recorded.value("verdict", "");
    }
    if (json["modes"]["long64"]["drops_on_control_change"]) EXPECT_GE(needed, 10u);
    else EXPECT_EQ(needed, 0u);
}

INSTANTIATE_TEST_SUITE_P(Kernels, RecordedHost, testing::ValuesIn(recordings()), [](const auto& info) {
    std::string name = info.param.stem();
    std::replace_if(name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
    return name;
});

// The probes tell the columns apart that they are meant to tell apart.
TEST(Probes, FindTheColumnOfAModel) {
    for (const GuestMode mode : guest_modes) {
        for (const char* name : {"SB", "AW", "LR", "LQ", "FE"}) {
            for (const bool drops : {false, true}) {
                const HostPath path{*parse_column(name), cpu::PioAdvance::relative, drops && std::string_view(name) == "FE"};
                const ModeProbes found = probe_model(mode, path);
                EXPECT_TRUE(found.conclusive) << name_of(mode) << ' ' << name;
                EXPECT_EQ(found.path, path) << name_of(mode) << ' ' << name;
            }
        }
    }
}

TEST(Probes, FindTheSkipModel) {
    const HostPath svm{*parse_column("LR"), cpu::PioAdvance::absolute, false};
    EXPECT_EQ(probe_model(GuestMode::real16, svm).path, svm);
}

}  // namespace
}  // namespace southgate::pio
