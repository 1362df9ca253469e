#include "sim/pio/kvm/host_model.h"

#include "cpu_model/pio/full_emulator.h"
#include "cpu_model/pio/string_rules.h"

namespace southgate::pio {

using namespace cpu;

struct HostModel::Emulator final : CompletionPolicy {
    explicit Emulator(const bool& dropped) : dropped_(dropped) {}
    std::string_view name() const override { return rules_.name(); }
    bool takes_quirk() const override { return false; }
    AtExit at_exit(PendingPio& pending, PioContext& context) const override { return rules_.at_exit(pending, context); }
    PioOutcome at_entry(const PendingPio& pending, PioContext& context) const override {
        return dropped_ ? PioOutcome::cancelled : rules_.at_entry(pending, context);
    }

  private:
    const bool& dropped_;
    FullEmulator rules_;
};

struct HostModel::Strings final : KernelStrings {
    explicit Strings(const bool& dropped) : dropped_(dropped) {}
    InsPlan enter_ins(const PendingPio& pending, const PioState& state, InsRegisters now,
                      std::uint64_t budget) const override {
        if (dropped_) return {};
        return KernelStrings::enter_ins(pending, state, now, budget);
    }

  private:
    const bool& dropped_;
};

HostModel::HostModel(Bus& bus) : Interpreter(bus) {}

void HostModel::follow(const HostPath& path) {
    configure(*this, columns[path.column], path.advance);
    if (!path.drops_on_control_change) return;
    if (columns[path.column].kind == PioPolicyKind::full_emulator) use_pio_policy(std::make_shared<Emulator>(dropped_));
    use_string_rules(std::make_shared<Strings>(dropped_));
}

Exit HostModel::run(const Budget& budget) {
    const bool waits = events().activity == ActivityState::uninitialized;
    const Exit exit = Interpreter::run(budget);
    if (waits) return exit;  // what pends still does
    pending_in_ = exit.reason == ExitReason::pio && exit.pio.direction == Direction::in;
    dropped_ = false;
    return exit;
}

void HostModel::set_sregs(const SpecialRegisters& s) {
    const SpecialRegisters old = sregs();
    if (pending_in_ && (s.cr0 != old.cr0 || s.cr3 != old.cr3 || s.cr4 != old.cr4 || s.efer != old.efer)) dropped_ = true;
    Interpreter::set_sregs(s);
}

}  // namespace southgate::pio
