#include "cpu_model/interpreter/interpreter.h"
#include "sim/pio/machine/cost.h"
#include "sim/pio/machine/runner.h"
#include "sim/pio/machine/verdict.h"
#include "sim/pio/matrix/engine.h"

namespace southgate::pio {

namespace {

class InterpreterEngine final : public MatrixEngine {
  public:
    InterpreterEngine()
        : machine_([](cpu::Bus& bus) { return cpu::make_interpreter(bus); }), runner_(machine_) {}

    std::string_view name() const override { return "interpreter"; }

    CellResult run(const Scenario& scenario, unsigned column, cpu::PioAdvance advance,
                   Story* story) override {
        if (loaded_ != &scenario) runner_.load(scenario);
        loaded_ = &scenario;
        runner_.set_column(column, advance);
        cpu::VmcsAccounting accounting;
        runner_.set_accounting(&accounting);
        const Observation& seen = runner_.run(story);
        runner_.set_accounting(nullptr);
        CellResult result;
        judge(scenario, seen, result.code);
        result.rip = seen.rip;
        result.rax = seen.rax;
        result.cost = runner_.cost();
        if (story) result.note = describe_cost(*result.cost, advance);
        return result;
    }

  private:
    Machine machine_;
    Runner runner_;
    const Scenario* loaded_ = nullptr;
};

}  // namespace

std::unique_ptr<MatrixEngine> make_interpreter_engine() { return std::make_unique<InterpreterEngine>(); }

}  // namespace southgate::pio
