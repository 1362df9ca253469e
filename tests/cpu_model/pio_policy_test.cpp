// The completion policies alone, on a PioState: the rules behind the scenarios of sim/pio/scenarios.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cpu_model/pio/pio_unit.h"
#include "pio_columns.h"

namespace southgate::cpu::test {
namespace {

struct Recorder final : PioObserver {
    std::vector<std::pair<char, PioEvent>> events;
    void pio_exit(const PioEvent& event) override { events.emplace_back('e', event); }
    void pio_complete(const PioEvent& event) override { events.emplace_back('c', event); }
    void pio_cancel(const PioEvent& event) override { events.emplace_back('x', event); }
};

TEST(PioPolicy, NamesRoundTrip) {
    for (const PioColumn& column : pio_columns) {
        EXPECT_EQ(parse_pio_policy(name_of(column.kind)), column.kind);
        PioUnit unit;
        unit.set_policy(column.kind, column.quirk);
        EXPECT_EQ(unit.policy().name(), name_of(column.kind));
    }
    EXPECT_FALSE(parse_pio_policy("linear-rip").has_value());
    EXPECT_FALSE(parse_pio_policy("").has_value());
}

// Where shadow, retired count and step processing happen.
struct Effects {
    bool shadow_at_exit, step_at_exit, step_at_entry;
    unsigned retired_at_exit, retired_at_entry;
};

Effects effects(PioPolicyKind kind, bool quirk, Direction direction, std::uint16_t port, AtExit expected) {
    PioUnit unit;
    unit.set_policy(kind, quirk);
    PioState context;
    context.rip = 0x8000;
    context.interrupt_shadow = true;
    EXPECT_EQ(unit.begin(direction, port, 1, 0, 0x8002, context), expected);
    Effects result{context.interrupt_shadow, context.step_due, false, static_cast<unsigned>(context.retired),
                   0};
    context.step_due = false;
    context.retired = 0;
    if (unit.is_pending()) unit.enter(context);
    result.step_at_entry = context.step_due;
    result.retired_at_entry = static_cast<unsigned>(context.retired);
    return result;
}

TEST(PioPolicy, ShadowCountAndStep) {
    using K = PioPolicyKind;
    for (K kind : {K::complete_always, K::cancel_on_rip_write, K::cancel_on_rip_change, K::match_reset_vector,
                   K::linear_rip_snapshot}) {
        for (Direction direction : {Direction::in, Direction::out}) {
            const Effects e = effects(kind, true, direction, 0x80, AtExit::in_place);
            EXPECT_TRUE(e.shadow_at_exit);
            EXPECT_FALSE(e.step_at_exit);
            EXPECT_TRUE(e.step_at_entry);
            EXPECT_EQ(e.retired_at_exit, 0u);
            EXPECT_EQ(e.retired_at_entry, 1u);
        }
        const Effects quirk = effects(kind, true, Direction::out, 0x7e, AtExit::advanced_or_step);
        EXPECT_FALSE(quirk.shadow_at_exit);
        EXPECT_TRUE(quirk.step_at_exit);
        EXPECT_EQ(quirk.retired_at_exit, 1u);
        EXPECT_EQ(quirk.retired_at_entry, 0u);
        // Only OUT, only this port.
        effects(kind, true, Direction::in, 0x7e, AtExit::in_place);
        effects(kind, true, Direction::out, 0x7f, AtExit::in_place);
        effects(kind, false, Direction::out, 0x7e, AtExit::in_place);
    }
    const Effects skip = effects(K::skip_before_exit, false, Direction::in, 0x80, AtExit::advanced);
    EXPECT_FALSE(skip.shadow_at_exit);
    EXPECT_TRUE(skip.step_at_exit);
    EXPECT_FALSE(skip.step_at_entry);
    EXPECT_EQ(skip.retired_at_exit + skip.retired_at_entry, 1u);

    const Effects emulator_out =
        effects(K::full_emulator, true, Direction::out, 0x7e, AtExit::advanced_no_step);
    EXPECT_FALSE(emulator_out.shadow_at_exit);
    EXPECT_FALSE(emulator_out.step_at_exit);
    EXPECT_EQ(emulator_out.retired_at_exit, 1u);
    const Effects emulator_in = effects(K::full_emulator, true, Direction::in, 0x80, AtExit::in_place);
    EXPECT_TRUE(emulator_in.shadow_at_exit);
    EXPECT_TRUE(emulator_in.step_at_entry);
    EXPECT_EQ(emulator_in.retired_at_entry, 1u);
}

TEST(PioPolicy, CancelChangesNothing) {
    PioUnit unit;
    PioState context{.rip = 0x8000, .rax = 0x7788, .interrupt_shadow = true};
    unit.begin(Direction::in, 0x92, 1, 0, 0x8002, context);
    unit.exit_payload().data[0] = 0x5a;
    context.rip = 0x8001;
    EXPECT_EQ(unit.enter(context), PioOutcome::cancelled);
    EXPECT_EQ(context.rip, 0x8001u);
    EXPECT_EQ(context.rax, 0x7788u);
    EXPECT_TRUE(context.interrupt_shadow);
    EXPECT_FALSE(context.step_due);
    EXPECT_EQ(context.retired, 0u);
}

TEST(PioPolicy, SizeRuleOfIn) {
    for (const auto& [size, expected] :
         {std::pair{1u, 0x11223344556677f6u}, {2u, 0x112233445566e5f6u}, {4u, std::uint64_t{0xc3d4e5f6}}}) {
        PioUnit unit;
        PioState context{.rip = 0x8000, .rax = 0x1122334455667788};
        unit.begin(Direction::in, 0x80, size, 0, 0x8001, context);
        const std::uint32_t data = 0xc3d4e5f6;
        std::memcpy(unit.exit_payload().data, &data, size);
        unit.enter(context);
        EXPECT_EQ(context.rax, expected) << size;
    }
}

TEST(PioPolicy, DataLeftAloneReadsZero) {
    PioUnit unit;
    PioState context{.rip = 0x8000, .rax = 0x7788};
    unit.begin(Direction::out, 0x80, 4, 0xffffffff, 0x8001, context);
    unit.enter(context);
    context.rip = 0x8000;
    unit.begin(Direction::in, 0x80, 2, 0, 0x8001, context);
    unit.enter(context);
    EXPECT_EQ(context.rax, 0u);
}

TEST(PioPolicy, Events) {
    Recorder recorder;
    PioUnit unit;
    unit.set_observer(&recorder);
    PioState context{.rip = 0x8000, .rax = 0x7788, .cs_base = 0x10000};
    unit.begin(Direction::in, 0x92, 1, 0, 0x8002, context);
    unit.exit_payload().data[0] = 0x5a;
    unit.enter(context);
    context.rip = 0x9000;
    unit.begin(Direction::out, 0xcf9, 1, 0x06, 0x9001, context);
    context.cs_base = 0xffff0000;
    context.rip = 0xfff0;
    unit.enter(context);
    ASSERT_EQ(recorder.events.size(), 4u);
    std::string order;
    for (const auto& [what, event] : recorder.events) order += what;
    EXPECT_EQ(order, "ecex");
    const PioEvent& complete = recorder.events[1].second;
    EXPECT_EQ(complete.direction, Direction::in);
    EXPECT_EQ(complete.port, 0x92);
    EXPECT_EQ(complete.size, 1);
    EXPECT_EQ(complete.count, 1u);
    EXPECT_EQ(complete.data, 0x5au);
    EXPECT_EQ(complete.snapshot, 0x18000u);
    EXPECT_EQ(complete.visible_rip, 0x8000u);
    EXPECT_EQ(complete.linear_rip, 0x18002u);
    EXPECT_EQ(complete.rip, 0x8002u);
    const PioEvent& cancel = recorder.events[3].second;
    EXPECT_EQ(cancel.data, 6u);
    EXPECT_EQ(cancel.snapshot, 0x19000u);
    EXPECT_EQ(cancel.linear_rip, 0xfffffff0u);
    EXPECT_EQ(cancel.rip, 0xfff0u);

    // A policy that is done before the exit says so before the platform sees the exit.
    recorder.events.clear();
    unit.set_policy(PioPolicyKind::skip_before_exit, false);
    unit.begin(Direction::out, 0x92, 1, 1, 0xfff2, context);
    ASSERT_EQ(recorder.events.size(), 2u);
    EXPECT_EQ(recorder.events[0].second.visible_rip, 0xfff2u);
    EXPECT_EQ(recorder.events[1].first, 'c');
}

// --- String rules ---

PendingPio pending_ins(bool rep, std::uint32_t count) {
    PendingPio pending;
    pending.set = pending.string = true;
    pending.count = count;
    pending.rip = pending.linear_rip = 0x8000;
    pending.length = 2;
    pending.next_rip = 0x8002;
    pending.ins.rep = rep;
    pending.ins.registers = {count, 0x3000};
    return pending;
}

TEST(StringPio, BatchSizes) {
    EXPECT_EQ(ins_batch(0, 3, 1, false), 3u);
    EXPECT_EQ(ins_batch(0, 2500, 1, false), 1024u);
    EXPECT_EQ(ins_batch(0, 2500, 2, false), 512u);
    EXPECT_EQ(ins_batch(0xffe, 5, 1, false), 2u);
    EXPECT_EQ(ins_batch(0x1002, 5, 1, true), 2u);
    EXPECT_EQ(ins_batch(0x1000, 5, 1, true), 1u);
    EXPECT_EQ(ins_batch(0xfff, 5, 4, false), 1u);
}

TEST(StringPio, ArchitecturalPlan) {
    using Action = InsPlan::Action;
    constexpr std::uint64_t any = ~std::uint64_t{0};
    const ArchitecturalStrings rules;
    PioState here{.rip = 0x8000};
    InsPlan plan = rules.enter_ins(pending_ins(true, 4), here, {4, 0x3000}, any);
    EXPECT_EQ(plan.action, Action::store);
    EXPECT_EQ(plan.elements, 4u);
    EXPECT_EQ(plan.rip, 0x8000u);
    EXPECT_EQ(plan.retired, 4u);
    EXPECT_FALSE(plan.unfinished);
    // A smaller budget stores what fits and keeps the rest.
    PendingPio pending = pending_ins(true, 4);
    plan = rules.enter_ins(pending, here, {4, 0x3000}, 3);
    EXPECT_EQ(plan.elements, 3u);
    EXPECT_TRUE(plan.unfinished);
    pending.ins.stored = 3;
    plan = rules.enter_ins(pending, here, {1, 0x3003}, 3);
    EXPECT_EQ(plan.elements, 1u);
    EXPECT_EQ(plan.destination, 0x3003u);
    EXPECT_FALSE(plan.unfinished);

    plan = rules.enter_ins(pending_ins(false, 1), here, {0, 0}, any);
    EXPECT_EQ(plan.elements, 1u);
    EXPECT_EQ(plan.rip, 0x8002u);
    EXPECT_EQ(rules.enter_ins(pending_ins(true, 4), here, {1, 0}, any).elements, 1u);
    EXPECT_EQ(rules.enter_ins(pending_ins(true, 4), here, {0, 0}, any).elements, 0u);
    PioState reset{.rip = 0xfff0, .cs_base = 0xffff0000};
    EXPECT_EQ(rules.enter_ins(pending_ins(true, 4), reset, {0, 0}, any).action, Action::cancel);
    EXPECT_EQ(rules.enter_ins(pending_ins(false, 1), reset, {0, 0}, any).action, Action::cancel);
}

TEST(StringPio, KernelPlan) {
    using Action = InsPlan::Action;
    const KernelStrings rules;
    PioState reset{.rip = 0xfff0, .cs_base = 0xffff0000};
    PendingPio pending = pending_ins(true, 4);
    pending.regs_written = true;
    EXPECT_EQ(rules.enter_ins(pending, reset, {0, 0}, 0).action, Action::repeat);  // S26
    const InsPlan nine = rules.enter_ins(pending, reset, {9, 0}, 0);               // S26b
    EXPECT_EQ(nine.action, Action::store);
    EXPECT_EQ(nine.elements, 9u);
    EXPECT_EQ(nine.rip, 0x8000u);
    EXPECT_EQ(nine.destination, 0x3000u);
    EXPECT_EQ(nine.registers.rdi, 0u);
    EXPECT_EQ(nine.retired, 1u);
    EXPECT_TRUE(nine.at_once);
    pending.ins.descending = true;
    EXPECT_FALSE(rules.enter_ins(pending, reset, {9, 0x10}, 0).at_once);
    EXPECT_EQ(rules.enter_ins(pending_ins(false, 1), reset, {0, 0}, 0).rip, 0x8002u);
    // Registers nobody wrote are the emulator's own.
    EXPECT_EQ(rules.enter_ins(pending_ins(true, 4), reset, {0, 0}, 0).elements, 4u);
}

}  // namespace
}  // namespace southgate::cpu::test
