// Every known corner is found, under the policy it breaks and under no other, and has its class.
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>

#include "cpu_model/interpreter/interpreter.h"
#include "cpu_model/pio/completion.h"
#include "sim/pio/explore/report.h"

namespace southgate::pio::explore {
namespace {

using Classes = std::set<std::string>;

Classes explore(const Subject& subject, unsigned depth) {
    const VcpuFactory factory = [](cpu::Bus& bus) { return cpu::make_interpreter(bus); };
    SearchOptions options;
    options.depth = depth;
    Driver driver(factory);
    driver.set_subject(subject);
    Classes classes;
    for (const FailureClass& c : classify(search(subject, options, factory).minimal, driver)) {
        EXPECT_TRUE(classes.insert(id_of(c.mechanism)).second) << id_of(c.mechanism);
        EXPECT_NE(c.mechanism.fault, Fault::unexplained)
            << describe(c.representative.sequence) << ' ' << name_of(c.representative.damage);
    }
    return classes;
}
Subject subject(std::string_view column, cpu::PioAdvance advance) {
    const Column& c = columns[*parse_column(column)];
    return {.policy = c.kind, .quirk_out_7e = c.quirk, .advance = advance, .customise = {}};
}

constexpr auto vmx = cpu::PioAdvance::relative, svm = cpu::PioAdvance::absolute;

struct Expected {
    std::string_view column;
    cpu::PioAdvance advance;
    Classes found, absent;
};

TEST(PioExploreClasses, KnownCorners) {
    const Expected table[] = {
        {"CA", vmx, {"io.completes.new-context", "io.completes.moved", "io.completes.rewritten", "io.not-carried"},
         {"io.shown-past", "io.data-lands.new-context", "io.stale-rip.other-split"}},
        {"CA", svm, {"io.completes.new-context", "io.stale-rip.other-split"}, {"io.shown-past"}},
        // Data of IN, the shown rip and the step are what advancing before the exit costs.
        {"SB", vmx,
         {"io.shown-past", "io.data-lands.new-context", "io.step-swallowed", "io.trap-dropped", "io.not-carried",
          "io.early.moved", "io.early.moved-base"},
         {"io.completes.new-context", "io.shadow-outlives"}},
        // A save and restore of the same values.
        {"AW", vmx, {"io.dropped.same-values", "io.completes.moved-base", "io.completes.rewritten"},
         {"io.completes.new-context", "io.completes.same-offset", "io.completes.rewound"}},
        // Colliding offsets.
        {"RC", vmx, {"io.completes.same-offset", "io.dropped.other-split", "io.completes.moved-base"},
         {"io.completes.new-context", "io.dropped.same-values"}},
        // APs and relocated vectors; an instruction at the vector itself.
        {"RV", vmx, {"io.completes.other-vector", "io.dropped.reset-vector", "io.completes.moved"},
         {"io.completes.new-context", "io.completes.same-place-reset"}},
        // An instruction at FFFFFFF0h, from either side of the mode; rewritten code; shadow; migration.
        {"LR", vmx,
         {"io.completes.same-place-reset", "io.completes.same-place", "io.completes.same-linear",
          "io.completes.other-mode", "io.completes.rewritten", "io.completes.rewound", "io.shadow-outlives",
          "io.not-carried", "outs.shown-past", "outs.step-swallowed", "ins.livelock", "ins.count-followed",
          "ins.completes.new-context"},
         {"io.shown-past", "io.step-swallowed", "io.completes.new-context", "io.completes.same-offset",
          "io.completes.moved", "io.completes.moved-base", "io.dropped.same-values", "io.dropped.other-split",
          "io.stale-rip.other-split"}},
        {"LR", svm, {"io.stale-rip.other-split"}, {"io.completes.new-context"}},
        // The quirk brings them back, for one port.
        {"LQ", vmx, {"out-7e.shown-past", "out-7e.io-exit-lost", "out-7e.trap-dropped", "out-7e.early.moved"},
         {"io.shown-past", "io.io-exit-lost"}},
        {"FE", vmx,
         {"io.shown-past", "io.step-swallowed", "io.completes.new-context", "io.data-dropped.same-values",
          "io.stale-rip.other-split", "ins.livelock"},
         {"io.dropped.same-values", "io.data-lands.new-context"}},
    };
    for (const Expected& e : table) {
        const Classes found = explore(subject(e.column, e.advance), 1);
        const auto where = std::string(e.column) + ' ' + std::string(cpu::name_of(e.advance)) + ": ";
        for (const std::string& id : e.found) EXPECT_TRUE(found.contains(id)) << where << id << " is not found";
        for (const std::string& id : e.absent) EXPECT_FALSE(found.contains(id)) << where << id << " is found";
    }
}

// What docs/pio-explore.md explains: the first column of its table of classes, `id` or `id` (svm).
void documented(Classes& both, Classes& only_vmx, Classes& only_svm) {
    std::ifstream doc(PIO_EXPLORE_DOC);
    ASSERT_TRUE(doc) << PIO_EXPLORE_DOC;
    for (std::string line; std::getline(doc, line);) {
        if (!line.starts_with("| `")) continue;
        const auto end = line.find('`', 3);
        ASSERT_NE(end, std::string::npos) << line;
        const std::string id = line.substr(3, end - 3);
        if (id.find('.') == std::string::npos) continue;  // the table of policies
        const std::string cell = line.substr(end, line.find('|', end) - end);
        ASSERT_GT(line.size(), line.find('|', end) + 20) << "no explanation: " << line;
        Classes& to = cell.find("vmx") != std::string::npos   ? only_vmx
                      : cell.find("svm") != std::string::npos ? only_svm
                                                              : both;
        EXPECT_TRUE(to.insert(id).second) << id << " is listed twice";
    }
}

TEST(PioExploreClasses, TheDocumentExplainsAllThatRemainUnderLinearRipSnapshot) {
    Classes both, only_vmx, only_svm;
    documented(both, only_vmx, only_svm);
    for (const cpu::PioAdvance advance : skip_models) {
        Classes listed = both;
        const Classes& more = advance == vmx ? only_vmx : only_svm;
        listed.insert(more.begin(), more.end());
        EXPECT_EQ(explore(subject("LR", advance), 2), listed) << cpu::name_of(advance);
    }
}

// A policy that asks the oracle: whatever still fails is no fault of policies.
class Omniscient final : public cpu::CompletionPolicy {
  public:
    explicit Omniscient(const std::optional<Oracle>& oracle) : oracle_(oracle) {}
    std::string_view name() const override { return "omniscient"; }
    cpu::AtExit at_exit(cpu::PendingPio&, cpu::PioContext&) const override { return cpu::AtExit::in_place; }
    cpu::PioOutcome at_entry(const cpu::PendingPio&, cpu::PioContext& context) const override {
        const Ideal& must = oracle_->ideal();
        if (must.context != Context::same) return cpu::PioOutcome::cancelled;
        context.set_rip(must.rip);
        context.set_rax(must.rax);
        cpu::retire(context);
        return cpu::PioOutcome::completed;
    }

  private:
    const std::optional<Oracle>& oracle_;
};
class OmniscientStrings final : public cpu::KernelStrings {
  public:
    explicit OmniscientStrings(const std::optional<Oracle>& oracle) : oracle_(oracle) {}
    bool outs_loses_step() const override { return false; }
    cpu::InsPlan enter_ins(const cpu::PendingPio& pending, const cpu::PioState&, cpu::InsRegisters now,
                           std::uint64_t) const override {
        const Ideal& must = oracle_->ideal();
        if (must.context != Context::same) return {};
        cpu::InsPlan plan;
        plan.action = cpu::InsPlan::Action::store;
        plan.elements = must.stored;
        plan.rip = must.rip;
        plan.retired = 1;
        plan.registers = now;
        plan.destination = pending.ins.registers.rdi;
        return plan;
    }

  private:
    const std::optional<Oracle>& oracle_;
};

TEST(PioExploreClasses, OnlyTheApiFailsUnderAPolicyThatKnowsEverything) {
    Subject perfect = subject("LR", vmx);
    perfect.customise = [](cpu::Vcpu& cpu, const std::optional<Oracle>& oracle) {
        cpu.use_pio_policy(std::make_shared<Omniscient>(oracle));
        dynamic_cast<cpu::Interpreter&>(cpu).use_string_rules(std::make_shared<OmniscientStrings>(oracle));
    };
    Classes found = explore(perfect, 2);
    // OUTS shows what the exit shows, whatever happens later.
    std::erase_if(found, [](const std::string& id) { return id.starts_with("outs."); });
    EXPECT_EQ(found, (Classes{"io.trap-dropped", "io.not-carried", "ins.not-carried", "io.shadow-outlives"}));
}

}  // namespace
}  // namespace southgate::pio::explore
