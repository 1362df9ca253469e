// VMREADs of whole scenarios: those of what userspace does, not of who watches.
#include <gtest/gtest.h>

#include <algorithm>

#include "cpu_model/interpreter/interpreter.h"
#include "sim/pio/machine/runner.h"
#include "sim/pio/scenario/catalogue.h"

namespace southgate::pio {
namespace {

std::string cost(std::string_view id, std::string_view column) {
    static const std::vector<Scenario> scenarios = load_catalogue();
    const auto scenario =
        std::find_if(scenarios.begin(), scenarios.end(), [&](const Scenario& s) { return s.id == id; });
    if (scenario == scenarios.end()) return "no such scenario";
    Machine machine([](cpu::Bus& bus) { return cpu::make_interpreter(bus); });
    Runner runner(machine);
    cpu::VmcsAccounting accounting;
    runner.load(*scenario);
    runner.set_column(*parse_column(column), cpu::PioAdvance::relative);
    runner.set_accounting(&accounting);
    Story story;
    runner.run(&story);
    return cpu::letters(runner.cost().at_exit) + '/' + cpu::letters(runner.cost().at_completion);
}

TEST(PioCost, Scenarios) {
    EXPECT_EQ(cost("S01", "CA"), "QF/RLI");
    EXPECT_EQ(cost("S01", "LR"), "QFRB/LI");
    EXPECT_EQ(cost("S01-m64", "LR"), "QFRA/LI");
    EXPECT_EQ(cost("S01-compat", "LR"), "QFRAB/LI");
    EXPECT_EQ(cost("S05", "LR"), "QFRB/B");
    EXPECT_EQ(cost("S06", "LR"), "QFRB/B");
    EXPECT_EQ(cost("S23", "LQ"), "QFRLI/");
    EXPECT_EQ(cost("S35", "LR"), "QFRB/") << "a fresh vCPU owes nothing";
}

}  // namespace
}  // namespace southgate::pio
