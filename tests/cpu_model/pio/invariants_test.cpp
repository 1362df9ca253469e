// The twelve invariants of port-I/O completion (docs/pio-completion.md), one test each, on the whole engine.
#include <gtest/gtest.h>

#include <cstring>

#include "cpu_model/interpreter/interpreter.h"
#include "cpu_model/pio/completion.h"
#include "cpu_model/pio/completion_policy.h"
#include "cpu_model/pio/vmcs_accounting.h"
#include "engine_suite.h"
#include "pio_columns.h"

namespace southgate::cpu::test {
namespace {

using K = PioPolicyKind;

class PioInvariant : public EngineTest {
  protected:
    void use(const PioColumn& column) {
        cpu->set_pio_policy(column.kind, column.quirk);
        cpu->set_string_rules(StringRules::kernel);
    }
    // A fresh engine on the first instruction of `code`, run to its I/O exit.
    Exit leave_at(const PioColumn& column, const std::vector<std::uint8_t>& code) {
        cpu = GetParam().make(bus);
        cpu->set_memory_map(slots);
        use(column);
        real_mode(code);
        set_reg(Gpr::rax, 0x7788);
        const Exit exit = run();
        EXPECT_EQ(exit.reason, ExitReason::pio);
        if (exit.reason == ExitReason::pio && exit.pio.direction == Direction::in)
            std::memset(exit.pio.data, 0x5a, exit.pio.size);
        return exit;
    }
    // Whether a policy keeps IN on its instruction and may drop it.
    static bool may_cancel(K kind) {
        return kind != K::complete_always && kind != K::skip_before_exit && kind != K::full_emulator;
    }
};

const std::vector<std::uint8_t> in_al{0xe4, 0x92, 0xf4}, out_al{0xe6, 0x92, 0xf4};

// Counts what the engine asks of it.
class Counting final : public CompletionPolicy {
  public:
    std::string_view name() const override { return "counting"; }
    AtExit at_exit(PendingPio&, PioContext&) const override { return AtExit::in_place; }
    PioOutcome at_entry(const PendingPio& pending, PioContext& context) const override {
        ++entries;
        EXPECT_FALSE(pending.set) << "cleared before it is called";
        complete_in_place(pending, context);
        return PioOutcome::completed;
    }
    mutable unsigned entries = 0;
};

TEST_P(PioInvariant, I01_OneCompletionBeforeGuestCode) {
    SOUTHGATE_NEEDS(choose_policy);
    const auto policy = std::make_shared<Counting>();
    cpu->use_pio_policy(policy);
    real_mode({0xe6, 0x80, 0xe6, 0x81, 0xf4});
    for (unsigned n = 0; n < 2; ++n) {
        EXPECT_EQ(run().reason, ExitReason::pio);
        EXPECT_EQ(policy->entries, n);
    }
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(policy->entries, 2u);
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(policy->entries, 2u);
}

TEST_P(PioInvariant, I02_CancelChangesNothing) {
    SOUTHGATE_NEEDS(choose_policy);
    for (const PioColumn& column : pio_columns) {
        if (!may_cancel(column.kind)) continue;
        SCOPED_TRACE(column.name);
        leave_at(column, in_al);
        jam_reset();
        const ArchState before = cpu->state();
        EXPECT_EQ(drain().retired, 0u);
        EXPECT_EQ(cpu->state(), before);
    }
}

TEST_P(PioInvariant, I03_WidthOfInData) {
    SOUTHGATE_NEEDS(choose_policy);
    for (const auto& [code, expected] :
         {std::pair{std::vector<std::uint8_t>{0xec, 0xf4}, std::uint64_t{0x112233445566775a}},
          {{0xed, 0xf4}, 0x1122334455665a5a},
          {{0x66, 0xed, 0xf4}, 0x5a5a5a5a}}) {
        for (const PioColumn& column : pio_columns) {
            // RAX is that of the completion. The emulator loses the data to the write, this policy the
            // completion.
            if (column.kind == K::full_emulator || column.kind == K::cancel_on_rip_write) continue;
            leave_at(column, code);
            set_reg(Gpr::rax, 0x1122334455667788);
            drain();
            EXPECT_EQ(reg(Gpr::rax), expected) << column.name;
        }
    }
}

TEST_P(PioInvariant, I04_CancelledIfAndOnlyIfTheLinearRipDiffers) {
    SOUTHGATE_NEEDS(choose_policy);
    const PioColumn& lr = pio_columns[5];
    struct Place {
        std::uint64_t base, rip;
        bool same;
    };
    for (const Place& place : {Place{0, 0x8000, true},
                               {0x4000, 0x4000, true},
                               {0xffff0000, 0x18000, true},
                               {0x10000, 0x8000, false},
                               {0, 0x8001, false},
                               {0xffff0000, 0xfff0, false}}) {
        leave_at(lr, out_al);
        set_rip(place.rip);
        SpecialRegisters s = cpu->sregs();
        s.seg[static_cast<unsigned>(Seg::cs)].base = place.base;
        cpu->set_sregs(s);
        EXPECT_EQ(drain().retired, place.same ? 1u : 0u) << std::hex << place.base << ':' << place.rip;
        EXPECT_EQ(rip(), place.rip + (place.same ? 2 : 0));
    }
}

TEST_P(PioInvariant, I05_OnlyTheLastValueCounts) {
    SOUTHGATE_NEEDS(choose_policy);
    leave_at(pio_columns[5], in_al);
    for (int i = 0; i < 3; ++i) {
        rewrite_regs();
        cpu->set_sregs(cpu->sregs());
    }
    set_rip(0x9000);
    set_rip(start);
    EXPECT_EQ(drain().retired, 1u);
    EXPECT_EQ(rip(), start + 2);
    EXPECT_EQ(reg(Gpr::rax), 0x775au);
}

TEST_P(PioInvariant, I06_QuirkIsForOutTo7eOnly) {
    SOUTHGATE_NEEDS(choose_policy);
    const PioColumn& lq = pio_columns[6];
    struct Case {
        std::vector<std::uint8_t> code;
        bool early;
    };
    for (const Case& c : {Case{{0xe6, 0x7e}, true},
                          {{0xe7, 0x7e}, true},
                          {{0x66, 0xe7, 0x7e}, true},
                          {{0xe4, 0x7e}, false},
                          {{0xe6, 0x7d}, false},
                          {{0xe6, 0x7f}, false}}) {
        leave_at(lq, c.code);
        EXPECT_EQ(rip(), start + (c.early ? c.code.size() : 0));
        leave_at(pio_columns[5], c.code);
        EXPECT_EQ(rip(), start);
    }
    drain();
    // By DX, and not on the emulator's path.
    cpu->set_pio_policy(K::linear_rip_snapshot, true);
    real_mode({0xba, 0x7e, 0x00, 0xee, 0xf4});
    run();
    EXPECT_EQ(rip(), start + 4);
    cpu->set_pio_policy(K::full_emulator, true);
    real_mode({0xe4, 0x7e, 0xf4});
    run();
    EXPECT_EQ(rip(), start);
}

TEST_P(PioInvariant, I07_StringsAreTheEmulatorsEverywhere) {
    SOUTHGATE_NEEDS(choose_policy);
    for (const PioColumn& column : pio_columns) {
        SCOPED_TRACE(column.name);
        use(column);
        wake_up();
        real_mode({0xf3, 0x6e, 0xf4});
        set_reg(Gpr::rcx, 2);
        for (unsigned left = 2; left-- != 0;) {
            EXPECT_EQ(run().pio.count, 1u);
            EXPECT_EQ(rip(), start);
            EXPECT_EQ(reg(Gpr::rcx), left);
        }
        real_mode({0xf3, 0x6c, 0xf4});
        set_reg(Gpr::rcx, 2000);
        set_reg(Gpr::rdi, 0x9000);
        EXPECT_EQ(run().pio.count, 1024u);
        EXPECT_EQ(run().pio.count, 976u);
        jam_reset();
        for (unsigned i = 0; i < 3; ++i) EXPECT_EQ(run().reason, ExitReason::pio);
        set_reg(Gpr::rcx, 1);
        drain();
    }
}

TEST_P(PioInvariant, I08_ImmediateExitIsIdempotent) {
    SOUTHGATE_NEEDS(choose_policy);
    for (const PioColumn& column : pio_columns) {
        for (const auto& code : {in_al, out_al, std::vector<std::uint8_t>{0x6c, 0xf4}}) {
            SCOPED_TRACE(column.name);
            leave_at(column, code);
            EXPECT_EQ(drain().reason, ExitReason::budget_end);
            const ArchState once = cpu->state();
            EXPECT_EQ(drain().reason, ExitReason::budget_end);
            EXPECT_EQ(cpu->state(), once);
        }
    }
    // The completion's own exit comes first.
    leave_at(pio_columns[5], in_al);
    cpu->set_single_step(true);
    EXPECT_EQ(drain().reason, ExitReason::debug);
    EXPECT_EQ(rip(), start + 2);
    EXPECT_EQ(drain().reason, ExitReason::budget_end);
}

TEST_P(PioInvariant, I09_NoStateInterfaceClearsIt) {
    SOUTHGATE_NEEDS(choose_policy);
    leave_at(pio_columns[5], in_al);
    cpu->set_debug_regs(cpu->debug_regs());
    cpu->set_fpu(cpu->fpu());
    cpu->set_msrs(cpu->msrs());
    EventState e = cpu->events();
    e.activity = ActivityState::uninitialized;
    cpu->set_events(e);
    EXPECT_EQ(run().reason, ExitReason::wait_for_sipi);
    e.activity = ActivityState::halted;
    cpu->set_events(e);
    EXPECT_EQ(drain().retired, 1u);
    EXPECT_EQ(reg(Gpr::rax), 0x775au);

    // Nor an INIT: the emulator still writes its next rip.
    leave_at(pio_columns[7], in_al);
    EXPECT_TRUE(cpu->take_init_now());
    drain();
    EXPECT_EQ(rip(), start + 2);
    EXPECT_EQ(cs().base, 0xffff0000u);
}

TEST_P(PioInvariant, I10_FreshProcessorOwesNothing) {
    SOUTHGATE_NEEDS(choose_policy);
    for (const PioColumn& column : pio_columns) {
        SCOPED_TRACE(column.name);
        leave_at(column, in_al);
        const ArchState state = cpu->state();
        auto other = GetParam().make(bus);
        other->set_memory_map(slots);
        other->set_sregs(state.sregs);
        other->set_regs(state.regs);
        other->set_events(state.events);
        const bool in_place = state.regs.rip == start;
        EXPECT_EQ(other->run({many, false}).reason, in_place ? ExitReason::pio : ExitReason::hlt);
        if (in_place) continue;
        EXPECT_EQ(other->regs().gpr[0], 0x7788u) << "the data is gone";
    }
}

TEST_P(PioInvariant, I11_CancelReadsNeitherLengthNorShadow) {
    SOUTHGATE_NEEDS(choose_policy);
    for (const PioColumn& column : pio_columns) {
        if (!may_cancel(column.kind)) continue;
        leave_at(column, out_al);
        VmcsAccounting accounting;
        cpu->set_vmcs_accounting(&accounting);
        drain();
        real_mode(out_al);
        ASSERT_EQ(run().reason, ExitReason::pio);
        jam_reset();
        drain();
        EXPECT_EQ(letters(accounting.last().at_completion).find_first_of("LI"), std::string::npos)
            << column.name;
    }
}

TEST_P(PioInvariant, I12_EmulatorLosesDataIfAndOnlyIfTheRegistersWereWritten) {
    SOUTHGATE_NEEDS(choose_policy);
    const PioColumn& fe = pio_columns[7];
    leave_at(fe, in_al);
    cpu->set_sregs(cpu->sregs());
    drain();
    EXPECT_EQ(reg(Gpr::rax), 0x775au);
    leave_at(fe, in_al);
    rewrite_regs();
    drain();
    EXPECT_EQ(reg(Gpr::rax), 0x7788u);
    EXPECT_EQ(rip(), start + 2);
    leave_at(fe, in_al);
    set_rip(0x9000);
    drain();
    EXPECT_EQ(rip(), start + 2);
    // RCX = 0 under REP INS: the same exit, every time.
    cpu->set_string_rules(StringRules::kernel);
    real_mode({0xf3, 0x6c, 0xf4});
    set_reg(Gpr::rcx, 4);
    set_reg(Gpr::rdi, 0x9000);
    ASSERT_EQ(run().reason, ExitReason::pio);
    set_reg(Gpr::rcx, 0);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(run().reason, ExitReason::pio);
}

// Rules from outside may be as wrong as they like: nothing is read or written beyond the buffer.
class Endless final : public StringIoRules {
  public:
    std::uint32_t batch(InsRegisters, unsigned, bool, const InsBounds&) const override { return ~0u; }
    bool checks_destination_first() const override { return false; }
    bool outs_loses_step() const override { return false; }
    InsPlan enter_ins(const PendingPio& pending, const PioState& state, InsRegisters now,
                      std::uint64_t) const override {
        return {.action = InsPlan::Action::store,
                .elements = ~std::uint64_t{0},
                .rip = state.rip + pending.length,
                .retired = 1,
                .registers = now,
                .destination = now.rdi};
    }
};

TEST(PioStringRules, RulesFromOutsideStayInsideTheBuffer) {
    TestBus bus;
    Memory ram{0x10000};
    Interpreter cpu(bus);
    const MemorySlot slot{0, ram.size(), ram.data()};
    cpu.set_memory_map({&slot, 1});
    cpu.use_string_rules(std::make_shared<Endless>());
    SpecialRegisters s = cpu.sregs();
    for (SegmentRegister& segment : s.seg) segment.base = segment.selector = 0;
    cpu.set_sregs(s);
    GeneralRegisters r;
    r.rip = 0x8000;
    r.gpr[static_cast<unsigned>(Gpr::rcx)] = 5;
    r.gpr[static_cast<unsigned>(Gpr::rdi)] = 0x2000;
    cpu.set_regs(r);
    ram[0x8000] = 0xf3;
    ram[0x8001] = 0x6d;
    const Exit exit = cpu.run({10, false});
    ASSERT_EQ(exit.reason, ExitReason::pio);
    EXPECT_EQ(exit.pio.count, 512u);
    std::memset(exit.pio.data, 0x5a, 1024);
    cpu.run({0, true});
    EXPECT_EQ(cpu.regs().rip, 0x8002u);
    EXPECT_EQ(ram[0x2000 + 1023], 0x5a);
    EXPECT_EQ(ram[0x2000 + 1024], 0);
}

SOUTHGATE_ENGINE_SUITE(PioInvariant);

}  // namespace
}  // namespace southgate::cpu::test
