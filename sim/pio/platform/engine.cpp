#include "sim/pio/platform/engine.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <stdexcept>

#include "sim/pio/kvm/child.h"
#include "sim/pio/machine/verdict.h"
#include "sim/pio/platform/bench.h"

namespace southgate::pio {

namespace {

constexpr unsigned seconds = 60;

std::span<const ResetSource> sources_of(const PlatformPlan& plan) {
    return plan.start_up ? sources_of_start_up() : sources_of_reset();
}

// Every column under every skip model, each by every source, in this order.
std::vector<PlatformRequest> all_requests(std::span<const ResetSource> sources) {
    std::vector<PlatformRequest> result;
    for (const cpu::PioAdvance advance : skip_models)
        for (unsigned column = 0; column < column_count; ++column)
            for (const ResetSource source : sources) result.push_back({column, advance, source});
    return result;
}

void put(Parcel& parcel, const PlatformCell& cell) {
    parcel.put(cell.ended);
    parcel.put(cell.seen);
    parcel.put(cell.story.steps.size());
    for (const Step& step : cell.story.steps) parcel.put(step);
}

bool take(Parcel& parcel, PlatformCell& cell) {
    std::size_t steps = 0;
    if (!parcel.take(cell.ended) || !parcel.take(cell.seen) || !parcel.take(steps)) return false;
    for (Step step; steps > 0; --steps) {
        if (!parcel.take(step)) return false;
        cell.story.steps.push_back(step);
    }
    return true;
}

std::vector<PlatformCell> run_in_machine(const Scenario& scenario, const PlatformPlan& plan,
                                         std::span<const PlatformRequest> requests) {
    Parcel parcel;
    const ChildEnd end = run_in_child(
        seconds,
        [&](Parcel& p) {
            PlatformBench bench("bench", scenario, plan);
            for (const PlatformCell& cell : bench.run(requests)) put(p, cell);
        },
        parcel);
    if (end.kind != ChildEnd::Kind::returned)
        throw std::runtime_error(fmt::format("{} on the platform: {}", scenario.id,
                                             end.kind == ChildEnd::Kind::timed_out ? "no end" : end.why));
    std::vector<PlatformCell> cells(requests.size());
    for (PlatformCell& cell : cells)
        if (!take(parcel, cell)) throw std::runtime_error(scenario.id + " on the platform: the child said too little");
    return cells;
}

class PlatformEngine final : public MatrixEngine {
  public:
    std::string_view name() const override { return "platform"; }

    std::string not_applicable(const Scenario& scenario) const override {
        std::string why;
        (void)plan_for(scenario, why);
        return why;
    }

    CellResult run(const Scenario& scenario, unsigned column, cpu::PioAdvance advance, Story* story) override {
        std::string why;
        const auto plan = plan_for(scenario, why);
        if (!plan) {
            CellResult result;
            result.note = why;
            result.not_runnable = true;
            return result;
        }
        const auto sources = sources_of(*plan);
        if (scenario_ != &scenario) {
            cells_ = run_in_machine(scenario, *plan, all_requests(sources));
            scenario_ = &scenario;
        }
        const std::size_t first =
            (static_cast<std::size_t>(advance) * column_count + column) * sources.size();
        if (story) *story = cells_[first].story;
        return summary(std::span(cells_).subspan(first, sources.size()), sources);
    }

  private:
    CellResult summary(std::span<const PlatformCell> cells, std::span<const ResetSource> sources) const {
        CellResult result;
        result.rip = cells[0].seen.rip;
        result.rax = cells[0].seen.rax;
        bool all_the_same = true;
        std::string each;
        for (std::size_t i = 0; i < cells.size(); ++i) {
            std::string code = "no end";
            if (cells[i].ended) judge(*scenario_, cells[i].seen, code);
            if (i == 0) result.code = code;
            all_the_same &= code == result.code;
            each += fmt::format("{}{}: {}", each.empty() ? "" : ", ", name_of(sources[i]), code);
            result.note += fmt::format("{}{}", result.note.empty() ? "reset by " : ", ", name_of(sources[i]));
        }
        if (!all_the_same) result.code = each;
        return result;
    }

    const Scenario* scenario_ = nullptr;
    std::vector<PlatformCell> cells_;  // of the scenario, as all_requests() has them
};

}  // namespace

std::unique_ptr<MatrixEngine> make_platform_engine() { return std::make_unique<PlatformEngine>(); }

}  // namespace southgate::pio
