// Port I/O by the contract: what an exit shows, what completion changes, and the scenarios of matrix B.
#include <algorithm>
#include <cstring>

#include "engine_suite.h"
#include "pio_columns.h"

namespace southgate::cpu::test {
namespace {

using K = PioPolicyKind;

class ContractPio : public EngineTest {
  protected:
    struct Recorder final : PioObserver {
        std::string order;
        PioEvent last{};
        void pio_exit(const PioEvent& event) override { note('e', event); }
        void pio_complete(const PioEvent& event) override { note('c', event); }
        void pio_cancel(const PioEvent& event) override { note('x', event); }
        void note(char what, const PioEvent& event) {
            order += what;
            last = event;
        }
    };
};

TEST_P(ContractPio, OutCarriesTheOldRax) {
    SOUTHGATE_NEEDS(choose_policy);
    flat_mode({0xef});  // OUT DX, EAX
    set_reg(Gpr::rax, 0xcafebabe);
    set_reg(Gpr::rdx, 0x1cf8);
    const Exit exit = run();
    ASSERT_EQ(exit.reason, ExitReason::pio);
    EXPECT_EQ(exit.retired, 0u);
    EXPECT_EQ(exit.pio.port, 0x1cf8);
    EXPECT_EQ(exit.pio.size, 4);
    std::uint32_t data = 0;
    std::memcpy(&data, exit.pio.data, 4);
    EXPECT_EQ(data, 0xcafebabe);
    EXPECT_EQ(drain().retired, 1u);
    EXPECT_EQ(rip(), start + 1);
}

TEST_P(ContractPio, InMergesOrZeroExtends) {
    // IN AL, DX / IN AX, DX / IN EAX, DX in 32-bit code.
    const std::pair<std::vector<std::uint8_t>, std::uint64_t> cases[] = {
        {{0xec}, 0x556677f6}, {{0x66, 0xed}, 0x5566e5f6}, {{0xed}, 0xc3d4e5f6}};
    for (const auto& [code, expected] : cases) {
        flat_mode(code);
        set_reg(Gpr::rax, 0x55667788);
        const Exit exit = run();
        ASSERT_EQ(exit.reason, ExitReason::pio);
        const std::uint32_t data = 0xc3d4e5f6;
        std::memcpy(exit.pio.data, &data, exit.pio.size);
        drain();
        EXPECT_EQ(reg(Gpr::rax), expected);
    }
}

TEST_P(ContractPio, DataLeftAloneReadsZero) {
    real_mode({0xec});
    set_reg(Gpr::rax, 0x7788);
    run();
    drain();
    EXPECT_EQ(reg(Gpr::rax), 0x7700u);
}

TEST_P(ContractPio, RunGoesOnAfterCompletion) {
    SOUTHGATE_NEEDS(exact_budgets);
    SOUTHGATE_NEEDS(choose_policy);
    // OUT 80h; INC AX; IN AL, 60h; INC AX; HLT
    real_mode({0xe6, 0x80, 0x40, 0xe4, 0x60, 0x40, 0xf4});
    Exit exit = run();
    ASSERT_EQ(exit.reason, ExitReason::pio);
    EXPECT_EQ(exit.retired, 0u);
    exit = run();
    ASSERT_EQ(exit.reason, ExitReason::pio);
    EXPECT_EQ(exit.retired, 2u);  // the OUT and the INC
    EXPECT_EQ(exit.pio.port, 0x60);
    exit.pio.data[0] = 0x41;
    exit = run();
    EXPECT_EQ(exit.reason, ExitReason::hlt);
    EXPECT_EQ(exit.retired, 3u);
    EXPECT_EQ(reg(Gpr::rax), 0x42u);
}

TEST_P(ContractPio, ReadingStateChangesNothing) {
    SOUTHGATE_NEEDS(choose_policy);
    real_mode({0xec});
    set_reg(Gpr::rax, 0x7788);
    const Exit exit = run();
    exit.pio.data[0] = 0x5a;
    const ArchState state = cpu->state();
    EXPECT_EQ(state.regs.rip, start);
    cpu->set_sregs(state.sregs);
    cpu->set_events(state.events);
    drain();
    EXPECT_EQ(reg(Gpr::rax), 0x775au);
}

// Invariant 5: writing other values and the old ones again is invisible to the snapshot.
TEST_P(ContractPio, MovingAwayAndBackCompletes) {
    SOUTHGATE_NEEDS(choose_policy);
    real_mode({0xe6, 0x80});
    run();
    const ArchState state = cpu->state();
    jam_reset();
    cpu->set_regs(state.regs);
    cpu->set_sregs(state.sregs);
    EXPECT_EQ(drain().retired, 1u);
    EXPECT_EQ(rip(), start + 2);
}

// S45
TEST_P(ContractPio, InMergesIntoRaxAtCompletion) {
    SOUTHGATE_NEEDS(choose_policy);
    real_mode({0xec});
    const Exit exit = run();
    exit.pio.data[0] = 0x5a;
    set_reg(Gpr::rax, 0xaabbccdd);
    drain();
    EXPECT_EQ(reg(Gpr::rax), 0xaabbcc5au);
}

// S44: drain, then reset.
TEST_P(ContractPio, ResetAfterDrainIsRightUnderEveryPolicy) {
    SOUTHGATE_NEEDS(choose_policy);
    for (const PioColumn& column : pio_columns) {
        SCOPED_TRACE(column.name);
        cpu->set_pio_policy(column.kind, column.quirk);
        real_mode({0xe4, 0x92});
        const Exit exit = run();
        ASSERT_EQ(exit.reason, ExitReason::pio);
        exit.pio.data[0] = 0x5a;
        drain();
        jam_reset();
        drain();
        EXPECT_EQ(rip(), 0xfff0u);
        EXPECT_EQ(reg(Gpr::rax), 0u);
    }
}

// S35, S36: a fresh vCPU owes nothing.
TEST_P(ContractPio, FreshVcpuIssuesAgain) {
    real_mode({0xec});
    run().pio.data[0] = 0x5a;
    const ArchState state = cpu->state();
    auto other = GetParam().make(bus);
    other->set_memory_map(slots);
    other->set_sregs(state.sregs);
    other->set_regs(state.regs);
    const Exit again = other->run({many, false});
    EXPECT_EQ(again.reason, ExitReason::pio);
    EXPECT_EQ(again.pio.data[0], 0);
}

// S46: each exit stands alone.
TEST_P(ContractPio, ResetsInARow) {
    SOUTHGATE_NEEDS(exact_budgets);
    SOUTHGATE_NEEDS(tell_strings);
    flash.put(0xfff1, {0xe6, 0x92});
    flash.put(0xfff0, {0x90});
    real_mode({0xe6, 0x92});
    ASSERT_EQ(run().reason, ExitReason::pio);
    for (int i = 0; i < 3; ++i) {
        jam_reset();
        const Exit exit = run();
        ASSERT_EQ(exit.reason, ExitReason::pio);
        EXPECT_EQ(exit.retired, 1u);
        EXPECT_EQ(exit.pio.linear_rip, 0xfffffff1u);
    }
}

TEST_P(ContractPio, ResetLineWhilePending) {
    SOUTHGATE_NEEDS(choose_policy);
    const std::pair<K, std::uint64_t> cases[] = {
        {K::linear_rip_snapshot, 0xfff0},  {K::complete_always, 0xfff2},    {K::cancel_on_rip_write, 0xfff0},
        {K::cancel_on_rip_change, 0xfff0}, {K::match_reset_vector, 0xfff0}, {K::skip_before_exit, 0xfff0}};
    for (const auto& [kind, expected] : cases) {
        SCOPED_TRACE(name_of(kind));
        cpu->set_pio_policy(kind, false);
        real_mode({0xe6, 0x92});
        ASSERT_EQ(run().reason, ExitReason::pio);
        cpu->reset(false);
        drain();
        EXPECT_EQ(rip(), expected);
        EXPECT_EQ(cs().base, 0xffff0000u);
        real_mode({0xe6, 0x92});
        ASSERT_EQ(run().reason, ExitReason::pio);
        EXPECT_TRUE(cpu->take_init_now());
        drain();
        EXPECT_EQ(rip(), expected);
    }
}

// S39: completion precedes injection.
TEST_P(ContractPio, InterruptWhilePendingPushesTheNextRip) {
    set_vector(0x20, 0, 0x9000);
    set_vector(2, 0, 0x9000);
    for (const bool nmi : {false, true}) {
        real_mode({0xec, 0x90});
        GeneralRegisters r = cpu->regs();
        r.rflags = 0x202;
        r.gpr[0] = 0x7700;
        cpu->set_regs(r);
        const Exit exit = run();
        ASSERT_EQ(exit.reason, ExitReason::pio);
        exit.pio.data[0] = 0x5a;
        if (nmi)
            cpu->pulse_nmi();
        else
            cpu->set_intr(true);
        bus.on_acknowledge = [this] { cpu->set_intr(false); };
        EXPECT_EQ(run().reason, ExitReason::hlt);
        EXPECT_EQ(rip(), 0x9001u);
        EXPECT_EQ(reg(Gpr::rax), 0x775au);
        EXPECT_EQ(ram.get<std::uint16_t>(0x6ffa), start + 1);
    }
}

// S41: the STI shadow is kept at the exit, cleared by completion, kept by a cancellation.
TEST_P(ContractPio, InterruptShadow) {
    SOUTHGATE_NEEDS(choose_policy);
    for (const bool cancel : {false, true}) {
        real_mode({0xfb, 0xe6, 0x80, 0x90});
        const Exit exit = run();
        ASSERT_EQ(exit.reason, ExitReason::pio);
        EXPECT_EQ(exit.retired, 1u);
        EXPECT_TRUE(cpu->events().sti_shadow);
        if (cancel) jam_reset();
        drain();
        EXPECT_EQ(cpu->events().sti_shadow, cancel);
    }
}

// S20, S20b, S21, S47: single stepping by the debugger.
TEST_P(ContractPio, SingleStep) {
    SOUTHGATE_NEEDS(choose_policy);
    struct Case {
        K kind;
        bool quirk;
        std::uint8_t opcode, port;
        bool io_seen;         // the I/O exit reaches the platform
        std::uint64_t debug;  // rip of the first debug exit
    };
    const Case cases[] = {
        {K::linear_rip_snapshot, true, 0xe6, 0x80, true, start + 2},
        {K::linear_rip_snapshot, true, 0xe4, 0x80, true, start + 2},
        {K::linear_rip_snapshot, true, 0xe6, 0x7e, false, start + 2},
        {K::linear_rip_snapshot, false, 0xe6, 0x7e, true, start + 2},
        {K::complete_always, false, 0xe6, 0x80, true, start + 2},
        {K::skip_before_exit, false, 0xe6, 0x80, true, start + 3},
        {K::skip_before_exit, false, 0xe4, 0x80, true, start + 3},
        {K::full_emulator, false, 0xe6, 0x80, true, start + 3},
        {K::full_emulator, false, 0xe4, 0x80, true, start + 2},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(std::string(name_of(c.kind)) + (c.opcode == 0xe6 ? " OUT " : " IN ") +
                     std::to_string(c.port));
        cpu->set_pio_policy(c.kind, c.quirk);
        real_mode({c.opcode, c.port, 0x90, 0x90});
        cpu->set_single_step(true);
        Exit exit = run();
        if (c.io_seen) {
            ASSERT_EQ(exit.reason, ExitReason::pio);
            exit = run();
        }
        EXPECT_EQ(exit.reason, ExitReason::debug);
        EXPECT_EQ(rip(), c.debug);
        cpu->set_single_step(false);
        drain();
    }
}

TEST_P(ContractPio, NoStepExitForACancelledIo) {  // S47
    SOUTHGATE_NEEDS(choose_policy);
    flash.put(0xfff0, {0x90, 0x90});
    real_mode({0xe4, 0x92});
    cpu->set_single_step(true);
    ASSERT_EQ(run().reason, ExitReason::pio);
    jam_reset();
    const Exit exit = run();
    EXPECT_EQ(exit.reason, ExitReason::debug);
    EXPECT_EQ(rip(), 0xfff1u);  // the first instruction there, not the IN
    EXPECT_EQ(exit.retired, 1u);
}

// S22: the guest's own trap flag.
TEST_P(ContractPio, TrapFlag) {
    SOUTHGATE_NEEDS(choose_policy);
    struct Case {
        K kind;
        std::uint8_t opcode;
        std::uint16_t pushed;
    };
    for (const Case& c :
         {Case{K::linear_rip_snapshot, 0xe6, start + 2}, Case{K::linear_rip_snapshot, 0xe4, start + 2},
          Case{K::skip_before_exit, 0xe6, start + 2}, Case{K::full_emulator, 0xe6, start + 3},
          Case{K::full_emulator, 0xe4, start + 2}}) {
        SCOPED_TRACE(name_of(c.kind));
        set_vector(1, 0, 0x9000);
        cpu->set_pio_policy(c.kind, false);
        real_mode({c.opcode, 0x80, 0x90, 0x90});
        GeneralRegisters r = cpu->regs();
        r.rflags = 0x102;
        cpu->set_regs(r);
        ASSERT_EQ(run().reason, ExitReason::pio);
        EXPECT_EQ(run().reason, ExitReason::hlt);
        EXPECT_EQ(ram.get<std::uint16_t>(0x6ffa), c.pushed);
    }
}

TEST_P(ContractPio, ObserverSeesTheFate) {
    SOUTHGATE_NEEDS(tell_strings);
    Recorder recorder;
    cpu->set_pio_observer(&recorder);
    real_mode({0xe6, 0x92});
    set_reg(Gpr::rax, 1);
    run();
    EXPECT_EQ(recorder.order, "e");
    EXPECT_EQ(recorder.last.data, 1u);
    EXPECT_EQ(recorder.last.visible_rip, start);
    jam_reset();
    drain();
    EXPECT_EQ(recorder.order, "ex");
    EXPECT_EQ(recorder.last.snapshot, start);
    EXPECT_EQ(recorder.last.linear_rip, 0xfffffff0u);
    cpu->set_pio_observer(nullptr);
}

TEST_P(ContractPio, IoPermission) {
    // CPL 3, IOPL 0, TSS without a bitmap: #GP, here a triple fault, and no exit.
    flat_mode({0xe6, 0x80});
    SpecialRegisters s = cpu->sregs();
    for (SegmentRegister& segment : s.seg) segment = wide_segment(0x13, false, 3);
    s.seg[static_cast<unsigned>(Seg::cs)] = wide_segment(0x0b, true, 3);
    s.tr = {0x700, 0x67, 0x8b, 0x18};
    ram.put<std::uint16_t>(0x766, 0x68);
    cpu->set_sregs(s);
    EXPECT_EQ(run().reason, ExitReason::shutdown);
}

SOUTHGATE_ENGINE_SUITE(ContractPio);

}  // namespace
}  // namespace southgate::cpu::test
