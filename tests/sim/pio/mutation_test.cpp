// A wrong policy cannot pass: every mutant runs over all scenarios and must change at least one verdict.
#include <gtest/gtest.h>

#include <cstdio>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "cpu_model/interpreter/interpreter.h"
#include "mutants.h"
#include "sim/pio/machine/cost.h"
#include "sim/pio/machine/runner.h"
#include "sim/pio/machine/verdict.h"
#include "sim/pio/scenario/catalogue.h"

namespace southgate::pio::test {
namespace {

// A machine of its own for everything that may write where it should not.
struct Bench {
    Machine machine{[](cpu::Bus& bus) { return cpu::make_interpreter(bus); }};
    Runner runner{machine};

    std::string verdict(const Scenario& scenario) {
        std::string code;
        judge(scenario, runner.run(), code);
        return code;
    }
    // Both vCPUs of the machine: the second one serves migration.
    void use(const std::function<void(cpu::Vcpu&)>& set) {
        set(machine.cpu());
        machine.set_configure(set);
    }
};

struct Catch {
    const Scenario* scenario = nullptr;
    std::string verdict;
};

class PioMutation : public testing::Test {
  protected:
    static const std::vector<Scenario>& scenarios() {
        static const std::vector<Scenario> all = load_catalogue();
        return all;
    }
    // Scenarios whose prediction the real policy fulfils. What else the catalogue predicts is for the matrix
    // tests to complain about; a scenario that is wrong anyway must not catch a mutant.
    using Trusted = std::vector<const Scenario*>;
    const Trusted& trusted(unsigned column, cpu::PioAdvance advance) {
        const auto [at, fresh] = trusted_.try_emplace({column, advance});
        if (!fresh) return at->second;
        Bench bench;
        bench.runner.set_column(column, advance);
        for (const Scenario& scenario : scenarios()) {
            bench.runner.load(scenario);
            if (bench.verdict(scenario) == predicted(scenario, column, advance))
                at->second.push_back(&scenario);
        }
        EXPECT_GT(at->second.size() * 100, scenarios().size() * 95)
            << "too many scenarios are not as predicted";
        return at->second;
    }
    static const std::string& predicted(const Scenario& scenario, unsigned column, cpu::PioAdvance advance) {
        return scenario.cells[static_cast<unsigned>(advance)][column];
    }
    // The first scenario whose verdict is not the real policy's.
    Catch run(const Mutant& mutant) {
        const unsigned column = *parse_column(mutant.column);
        Bench bench;
        bench.use([&mutant, column](cpu::Vcpu& cpu) {
            configure(cpu, columns[column], mutant.advance);
            if (mutant.policy) cpu.use_pio_policy(mutant.policy);
            if (mutant.strings) dynamic_cast<cpu::Interpreter&>(cpu).use_string_rules(mutant.strings);
        });
        for (const Scenario* scenario : trusted(column, mutant.advance)) {
            bench.runner.load(*scenario);
            if (mutant.costs) {
                const std::string& right = scenario->vmreads[column];
                if (right.empty()) continue;
                cpu::VmcsAccounting accounting(mutant.host);
                bench.runner.set_accounting(&accounting);
                const std::string code = bench.verdict(*scenario);
                bench.runner.set_accounting(nullptr);
                EXPECT_EQ(code, predicted(*scenario, column, mutant.advance)) << mutant.rule << " changes more than the cost";
                if (const std::string cost = vmread_letters(bench.runner.cost()); cost != right) return {scenario, cost};
                continue;
            }
            std::string verdict = bench.verdict(*scenario);
            if (verdict != predicted(*scenario, column, mutant.advance))
                return {scenario, std::move(verdict)};
        }
        return {};
    }

  private:
    std::map<std::pair<unsigned, cpu::PioAdvance>, Trusted> trusted_;
};

// The same policy through the way mutants come in: nothing but the rules makes the difference.
TEST_F(PioMutation, ARealPolicyFromOutsideSurvives) {
    for (const Column& column : columns) {
        for (const cpu::PioAdvance advance : skip_models) {
            Mutant same{"none", std::string(column.name), advance,
                              cpu::make_completion_policy(column.kind, column.quirk), nullptr, false, {}};
            for (const bool costs : {false, true}) {
                if (costs && advance == cpu::PioAdvance::absolute) continue;
                same.costs = costs;
                const Catch found = run(same);
                if (found.scenario)
                    ADD_FAILURE() << column.name << ": " << found.scenario->id << ' ' << found.verdict;
            }
        }
    }
}

TEST_F(PioMutation, EveryMutantIsCaught) {
    std::vector<Mutant> mutants = policy_mutants();
    for (Mutant& mutant : string_mutants()) mutants.push_back(std::move(mutant));
    for (Mutant& mutant : cost_mutants()) mutants.push_back(std::move(mutant));
    EXPECT_GE(mutants.size(), 100u);
    unsigned caught = 0;
    std::set<std::string> names;
    for (const Mutant& mutant : mutants) {
        EXPECT_TRUE(names.insert(mutant.column + mutant.rule).second) << mutant.rule << " is listed twice";
        const Catch by = run(mutant);
        caught += by.scenario != nullptr;
        std::printf("%-8s %s %-64s", by.scenario ? "caught" : "SURVIVED", mutant.column.c_str(),
                    mutant.rule.c_str());
        std::printf(" %-6s %s\n", by.scenario ? by.scenario->id.c_str() : "", by.verdict.c_str());
        EXPECT_NE(by.scenario, nullptr) << mutant.column << ": " << mutant.rule << ": no scenario notices";
    }
    std::printf("mutation score: %u of %zu (%zu%%)\n", caught, mutants.size(), caught * 100 / mutants.size());
}

}  // namespace
}  // namespace southgate::pio::test
