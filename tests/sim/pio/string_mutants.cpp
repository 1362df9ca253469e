#include "mutants.h"

namespace southgate::pio::test {

namespace {

using cpu::InsBounds;
using cpu::InsPlan;
using cpu::InsRegisters;
using cpu::KernelStrings;
using cpu::PendingPio;
using cpu::PioState;
using Action = InsPlan::Action;

struct WrongBatch : KernelStrings {
    explicit WrongBatch(std::uint32_t (*batch)(InsRegisters, unsigned, bool)) : batch_(batch) {}
    std::uint32_t batch(InsRegisters now, unsigned size, bool descending, const InsBounds&) const override {
        return batch_(now, size, descending);
    }
    std::uint32_t (*batch_)(InsRegisters, unsigned, bool);
};

struct WrongPlan : KernelStrings {
    using Change = void (*)(InsPlan&, const PendingPio&, const PioState&, InsRegisters);
    explicit WrongPlan(Change change) : change_(change) {}
    InsPlan enter_ins(const PendingPio& pending, const PioState& state, InsRegisters now,
                      std::uint64_t budget) const override {
        InsPlan plan = KernelStrings::enter_ins(pending, state, now, budget);
        change_(plan, pending, state, now);
        return plan;
    }
    Change change_;
};

struct ChecksFirst : KernelStrings {
    bool checks_destination_first() const override { return true; }
};
struct KeepsStep : KernelStrings {
    bool outs_loses_step() const override { return false; }
};
struct OutsAdvances : KernelStrings {
    explicit OutsAdvances(bool advances) : advances_(advances) {}
    bool outs_advances(bool) const override { return advances_; }
    bool advances_;
};

std::uint32_t at_most(InsRegisters now, unsigned size, bool down, std::uint64_t n) {
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(cpu::ins_batch(now.rdi, now.rcx, size, down), n));
}

}  // namespace

std::vector<Mutant> string_mutants() {
    std::vector<Mutant> list;
    // Strings are the same in every column; LR stands for all.
    const auto add = [&](std::string rule, std::shared_ptr<const cpu::StringIoRules> rules) {
        list.push_back({std::move(rule), "LR", cpu::PioAdvance::relative, nullptr, std::move(rules)});
    };
    const auto batch = [&](std::string rule, std::uint32_t (*f)(InsRegisters, unsigned, bool)) {
        add(std::move(rule), std::make_shared<WrongBatch>(f));
    };
    const auto plan = [&](std::string rule, WrongPlan::Change f) {
        add(std::move(rule), std::make_shared<WrongPlan>(f));
    };

    batch("a batch is one element", [](InsRegisters, unsigned, bool) { return 1u; });
    batch("a batch is at most 512 bytes",
          [](InsRegisters now, unsigned size, bool down) { return at_most(now, size, down, 512 / size); });
    batch("a batch crosses the edge of the page", [](InsRegisters now, unsigned size, bool) {
        return static_cast<std::uint32_t>(std::min<std::uint64_t>(now.rcx, cpu::pio_batch_bytes / size));
    });
    batch("DF does not turn the page edge round", [](InsRegisters now, unsigned size, bool) {
        return cpu::ins_batch(now.rdi, now.rcx, size, false);
    });
    batch("a batch upwards ends where one downwards would",
          [](InsRegisters now, unsigned size, bool) { return cpu::ins_batch(now.rdi, now.rcx, size, true); });
    add("the architectural rules", std::make_shared<cpu::ArchitecturalStrings>());
    add("the destination is checked before the device is read", std::make_shared<ChecksFirst>());
    add("the step over OUTS is not lost", std::make_shared<KeepsStep>());
    add("REP OUTS shows the next instruction", std::make_shared<OutsAdvances>(true));
    add("OUTS shows the instruction", std::make_shared<OutsAdvances>(false));

    plan("another linear rip drops the batch",
         [](InsPlan& p, const PendingPio& pending, const PioState& state, InsRegisters) {
             if (cpu::linear_rip(state) != pending.linear_rip) p = {};
         });
    plan("RCX = 0 drops the batch", [](InsPlan& p, const PendingPio&, const PioState&, InsRegisters) {
        if (p.action == Action::repeat) p = {};
    });
    plan("RCX = 0 stores the batch",
         [](InsPlan& p, const PendingPio& pending, const PioState&, InsRegisters now) {
             if (p.action != Action::repeat) return;
             p = {Action::store, pending.count, pending.rip, 1, now, pending.ins.registers.rdi, true, false};
         });
    plan("the count of the exit is stored",
         [](InsPlan& p, const PendingPio& pending, const PioState&, InsRegisters) {
             if (p.action == Action::store && pending.ins.rep) p.elements = pending.count;
         });
    plan("rip stays where it is now",
         [](InsPlan& p, const PendingPio& pending, const PioState& state, InsRegisters) {
             if (p.action == Action::store && pending.ins.rep) p.rip = state.rip;
         });
    plan("REP INS ends with its last element",
         [](InsPlan& p, const PendingPio& pending, const PioState&, InsRegisters) {
             if (p.action == Action::store && p.elements == p.registers.rcx) p.rip = pending.next_rip;
         });
    plan("INS advances relative to the rip of now",
         [](InsPlan& p, const PendingPio& pending, const PioState& state, InsRegisters) {
             if (p.action == Action::store && !pending.ins.rep) p.rip = state.rip + pending.length;
         });
    plan("INS stays on the instruction",
         [](InsPlan& p, const PendingPio& pending, const PioState&, InsRegisters) {
             if (p.action == Action::store && !pending.ins.rep) p.rip = pending.rip;
         });
    plan("the destination is that of RDI now",
         [](InsPlan& p, const PendingPio&, const PioState&, InsRegisters now) { p.destination = now.rdi; });
    plan("registers written by userspace are not taken up",
         [](InsPlan& p, const PendingPio& pending, const PioState&, InsRegisters) {
             p.registers = pending.ins.registers;
         });
    plan("every element counts as an instruction",
         [](InsPlan& p, const PendingPio&, const PioState&, InsRegisters) { p.retired = p.elements; });
    plan("a batch is not counted",
         [](InsPlan& p, const PendingPio&, const PioState&, InsRegisters) { p.retired = 0; });
    return list;
}

}  // namespace southgate::pio::test
