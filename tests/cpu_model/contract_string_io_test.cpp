// INS and OUTS by the contract: exits, batches, restarts (reference scenarios S25, S26, S36b).
#include <cstring>

#include "engine_suite.h"
#include "pio_columns.h"

namespace southgate::cpu::test {
namespace {

using K = PioPolicyKind;

class ContractStringIo : public EngineTest {
  protected:
    static constexpr std::uint64_t buffer = 0x20000;
    static constexpr std::uint64_t eflags_rf = 1u << 16;

    // 32-bit flat code with EDI/ESI at the buffer and ECX elements.
    void prepare(const std::vector<std::uint8_t>& code, std::uint64_t address, std::uint64_t count) {
        flat_mode(code);
        set_reg(Gpr::rsi, address);
        set_reg(Gpr::rdi, address);
        set_reg(Gpr::rcx, count);
        set_reg(Gpr::rdx, 0x1f0);
        set_reg(Gpr::rax, 0x7788);
    }
    // Answers INS with 1, 2, 3 ... until something else happens; returns the batch sizes.
    std::vector<std::uint32_t> feed(Exit& exit) {
        std::vector<std::uint32_t> counts;
        std::uint8_t next = 1;
        for (exit = run(); exit.reason == ExitReason::pio; exit = run()) {
            counts.push_back(exit.pio.count);
            for (std::uint32_t i = 0; i < exit.pio.count * exit.pio.size; ++i) exit.pio.data[i] = next++;
            if (counts.size() > 5000) break;
        }
        return counts;
    }
};

TEST_P(ContractStringIo, OutsExitsAtTheNextInstruction) {
    SOUTHGATE_NEEDS(tell_strings);
    prepare({0x6e, 0xf4}, buffer, 5);
    ram[buffer] = 0xab;
    const Exit exit = run();
    ASSERT_EQ(exit.reason, ExitReason::pio);
    EXPECT_TRUE(exit.pio.string);
    EXPECT_EQ(exit.pio.direction, Direction::out);
    EXPECT_EQ(exit.pio.data[0], 0xab);
    EXPECT_EQ(exit.pio.linear_rip, start);
    EXPECT_EQ(rip(), start + 1);
    EXPECT_EQ(reg(Gpr::rsi), buffer + 1);
    EXPECT_EQ(reg(Gpr::rcx), 5u);
    EXPECT_EQ(drain().retired, 0u);
}

TEST_P(ContractStringIo, RepOutsStaysOnTheInstruction) {
    SOUTHGATE_NEEDS(choose_policy);
    for (const PioColumn& column : pio_columns) {
        SCOPED_TRACE(column.name);
        cpu->set_pio_policy(column.kind, column.quirk);
        prepare({0xf3, 0x6e, 0xf4}, buffer, 3);
        for (unsigned i = 0; i < 3; ++i) {
            ram[buffer + i] = static_cast<std::uint8_t>(0x10 + i);
            const Exit exit = run();
            ASSERT_EQ(exit.reason, ExitReason::pio);
            EXPECT_EQ(exit.pio.count, 1u);
            EXPECT_EQ(exit.pio.data[0], 0x10 + i);
            EXPECT_EQ(rip(), start);
            EXPECT_EQ(reg(Gpr::rcx), 2 - i);
        }
        EXPECT_EQ(run().reason, ExitReason::hlt);
        EXPECT_EQ(rip(), start + 3);
    }
}

TEST_P(ContractStringIo, RepWithZeroCountDoesNothing) {
    SOUTHGATE_NEEDS(exact_budgets);
    for (const std::uint8_t opcode : {0x6c, 0x6e}) {
        prepare({0xf3, opcode, 0xf4}, buffer, 0);
        const Exit exit = run();
        EXPECT_EQ(exit.reason, ExitReason::hlt);
        EXPECT_EQ(exit.retired, 2u);
    }
}

TEST_P(ContractStringIo, InsStoresAtCompletion) {
    SOUTHGATE_NEEDS(exact_budgets);
    prepare({0x6d, 0xf4}, buffer, 5);
    const Exit exit = run();
    ASSERT_EQ(exit.reason, ExitReason::pio);
    EXPECT_EQ(exit.pio.size, 4);
    EXPECT_EQ(exit.pio.count, 1u);
    EXPECT_EQ(rip(), start);
    const std::uint32_t data = 0x12345678;
    std::memcpy(exit.pio.data, &data, 4);
    EXPECT_NE(ram.get<std::uint32_t>(buffer), data);
    EXPECT_EQ(drain().retired, 1u);
    EXPECT_EQ(ram.get<std::uint32_t>(buffer), data);
    EXPECT_EQ(rip(), start + 1);
    EXPECT_EQ(reg(Gpr::rdi), buffer + 4);
    EXPECT_EQ(reg(Gpr::rcx), 5u);
    EXPECT_EQ(reg(Gpr::rax), 0x7788u);
}

TEST_P(ContractStringIo, RepInsBatches) {
    SOUTHGATE_NEEDS(choose_policy);
    struct Case {
        std::uint64_t address, count;
        std::vector<std::uint32_t> batches;
    };
    for (const Case& c :
         {Case{buffer, 3, {3}}, Case{buffer, 2500, {1024, 1024, 452}}, Case{buffer + 0xffe, 5, {2, 3}}}) {
        for (const K kind : {K::linear_rip_snapshot, K::full_emulator, K::skip_before_exit}) {
            cpu->set_pio_policy(kind, false);
            prepare({0xf3, 0x6c, 0xf4}, c.address, c.count);
            Exit exit;
            EXPECT_EQ(feed(exit), c.batches);
            EXPECT_EQ(exit.reason, ExitReason::hlt);
            EXPECT_EQ(reg(Gpr::rcx), 0u);
            EXPECT_EQ(reg(Gpr::rdi), c.address + c.count);
            for (std::uint64_t i = 0; i < c.count; ++i)
                ASSERT_EQ(ram[c.address + i], static_cast<std::uint8_t>(i + 1)) << i;
        }
    }
}

TEST_P(ContractStringIo, RepInsDownwards) {
    prepare({0xfd, 0xf3, 0x6c, 0xf4}, buffer + 2, 3);
    Exit exit;
    EXPECT_EQ(feed(exit), (std::vector<std::uint32_t>{2, 1}));
    EXPECT_EQ(ram[buffer + 2], 1);
    EXPECT_EQ(ram[buffer + 1], 2);
    EXPECT_EQ(ram[buffer], 3);
    EXPECT_EQ(reg(Gpr::rdi), buffer - 1);
}

TEST_P(ContractStringIo, SixteenBitIndexWraps) {
    // Real mode, ES = 0, DI = FFFEh: two elements at the end of the segment, then at its start.
    real_mode({0xf3, 0x6c, 0xf4});
    set_reg(Gpr::rdi, 0xfffe);
    set_reg(Gpr::rcx, 4);
    Exit exit;
    feed(exit);
    EXPECT_EQ(exit.reason, ExitReason::hlt);
    EXPECT_EQ(ram[0xfffe], 1);
    EXPECT_EQ(ram[0xffff], 2);
    EXPECT_EQ(ram[0], 3);
    EXPECT_EQ(ram[1], 4);
    EXPECT_EQ(reg(Gpr::rdi), 2u);
}

TEST_P(ContractStringIo, ResetBetweenOuts) {  // S25
    prepare({0xf3, 0x6e, 0xf4}, buffer, 4);
    run();
    run();
    EXPECT_EQ(reg(Gpr::rcx), 2u);
    jam_reset();
    drain();
    EXPECT_EQ(rip(), 0xfff0u);
    EXPECT_EQ(reg(Gpr::rsi), 0u);
}

TEST_P(ContractStringIo, ResetWhileInsPends) {  // S26: safe under all but the emulator
    SOUTHGATE_NEEDS(choose_policy);
    for (const PioColumn& column : pio_columns) {
        SCOPED_TRACE(column.name);
        cpu->set_pio_policy(column.kind, column.quirk);
        prepare({0xf3, 0x6c, 0xf4}, buffer, 4);
        ram[buffer] = 0x77;
        const Exit exit = run();
        ASSERT_EQ(exit.reason, ExitReason::pio);
        std::memset(exit.pio.data, 0xcc, 4);
        jam_reset();
        EXPECT_EQ(drain().retired, 0u);
        EXPECT_EQ(rip(), 0xfff0u);
        EXPECT_EQ(reg(Gpr::rcx), 0u);
        EXPECT_EQ(ram[buffer], 0x77);
    }
}

TEST_P(ContractStringIo, EmulatorWedgesOnResetWhileInsPends) {  // S26, S26b
    SOUTHGATE_NEEDS(choose_policy);
    cpu->set_string_rules(StringRules::kernel);
    real_mode({0xf3, 0x6c, 0xf4});
    set_reg(Gpr::rdi, 0x9000);
    set_reg(Gpr::rcx, 4);
    std::memset(run().pio.data, 0xcc, 4);
    jam_reset();
    for (int i = 0; i < 10; ++i) EXPECT_EQ(run().reason, ExitReason::pio);
    EXPECT_EQ(rip(), 0xfff0u);
    // With a count in the new state the old batch lands, stale bytes included.
    set_reg(Gpr::rcx, 9);
    drain();
    EXPECT_EQ(rip(), start);
    EXPECT_EQ(cs().base, 0xffff0000u);
    EXPECT_EQ(reg(Gpr::rcx), 0u);
    EXPECT_EQ(reg(Gpr::rdi), 9u);
    EXPECT_EQ(ram.get<std::uint32_t>(0x9000), 0xccccccccu);
    EXPECT_EQ(ram.get<std::uint32_t>(0x9004), 0u);
    EXPECT_EQ(ram[0x9008], 0);
}

TEST_P(ContractStringIo, DrainThenSave) {  // S36b: legal and restartable
    prepare({0xf3, 0x6c, 0xf4}, buffer, 4);
    std::memset(run().pio.data, 0x5a, 4);
    rewrite_regs();
    drain();
    EXPECT_EQ(rip(), start);
    EXPECT_EQ(reg(Gpr::rcx), 0u);
    EXPECT_EQ(ram.get<std::uint32_t>(buffer), 0x5a5a5a5au);
    EXPECT_EQ(run().reason, ExitReason::hlt);
}

TEST_P(ContractStringIo, DestinationBeyondTheLimitFaultsBeforeTheDeviceIsRead) {
    SOUTHGATE_NEEDS(choose_policy);
    real_mode({0x6d, 0xf4});  // INSW
    set_vector(13, 0, 0x9000);
    set_reg(Gpr::rdi, 0xffff);
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(rip(), 0x9001u);
    EXPECT_EQ(ram.get<std::uint16_t>(0x6ffa), start);
}

TEST_P(ContractStringIo, EmulatorReadsTheDeviceBeforeTheDestinationFaults) {
    SOUTHGATE_NEEDS(choose_policy);
    cpu->set_string_rules(StringRules::kernel);
    real_mode({0x6d, 0xf4});
    set_vector(13, 0, 0x9000);
    set_reg(Gpr::rdi, 0xffff);
    Exit exit = run();
    ASSERT_EQ(exit.reason, ExitReason::pio);
    std::memset(exit.pio.data, 0xcc, 2);
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(rip(), 0x9001u);
    EXPECT_EQ(ram.get<std::uint16_t>(0x6ffa), start);
    EXPECT_EQ(reg(Gpr::rdi), 0xffffu);
    // A batch faults as a whole: DI and CX are as before.
    real_mode({0xf3, 0x6d, 0xf4});
    set_vector(13, 0, 0x9000);
    set_reg(Gpr::rdi, 0xfffd);
    set_reg(Gpr::rcx, 3);
    exit = run();
    ASSERT_EQ(exit.reason, ExitReason::pio);
    EXPECT_EQ(exit.pio.count, 1u);  // to the edge of the page
    EXPECT_EQ(run().reason, ExitReason::pio);
    EXPECT_EQ(reg(Gpr::rdi), 0xffffu);
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(reg(Gpr::rcx), 2u);
}

TEST_P(ContractStringIo, EmulatorStoresWhatAnEarlierBatchLeftBehind) {
    SOUTHGATE_NEEDS(choose_policy);
    cpu->set_string_rules(StringRules::kernel);
    prepare({0xf3, 0x6c, 0xf4}, buffer, 8);
    std::memset(run().pio.data, 0xee, 8);
    EXPECT_EQ(run().reason, ExitReason::hlt);
    wake_up();
    prepare({0xf3, 0x6c, 0xf4}, buffer + 0x1000, 4);
    std::memset(run().pio.data, 0xcc, 4);
    set_reg(Gpr::rcx, 9);
    drain();
    EXPECT_EQ(ram.get<std::uint32_t>(buffer + 0x1000), 0xccccccccu);
    EXPECT_EQ(ram.get<std::uint32_t>(buffer + 0x1004), 0xeeeeeeeeu);
    EXPECT_EQ(ram[buffer + 0x1008], 0);
    EXPECT_EQ(reg(Gpr::rcx), 0u);
    EXPECT_EQ(reg(Gpr::rdi), buffer + 0x1009);
}

TEST_P(ContractStringIo, EmulatorTakesOneElementAtATimeDownwards) {
    SOUTHGATE_NEEDS(choose_policy);
    // The first element goes to the decoded destination, the others where RDI points now.
    cpu->set_string_rules(StringRules::kernel);
    prepare({0xfd, 0xf3, 0x6c, 0xf4}, buffer + 0x10, 3);
    const Exit exit = run();
    ASSERT_EQ(exit.pio.count, 3u);
    for (unsigned i = 0; i < 3; ++i) exit.pio.data[i] = static_cast<std::uint8_t>(i + 1);
    set_reg(Gpr::rdi, buffer + 0x20);
    drain();
    EXPECT_EQ(ram[buffer + 0x10], 1);
    EXPECT_EQ(ram[buffer + 0x1f], 2);
    EXPECT_EQ(ram[buffer + 0x1e], 3);
    EXPECT_EQ(reg(Gpr::rdi), buffer + 0x1d);
}

TEST_P(ContractStringIo, EmulatorCountsABatchAsOneInstruction) {
    SOUTHGATE_NEEDS(choose_policy);
    cpu->set_string_rules(StringRules::kernel);
    prepare({0xf3, 0x6c, 0xf4}, buffer, 100);
    const Exit exit = run(5);
    EXPECT_EQ(exit.pio.count, 100u);
    EXPECT_EQ(drain().retired, 1u);
}

TEST_P(ContractStringIo, BatchesKeepTheBudget) {
    SOUTHGATE_NEEDS(choose_policy);
    // A batch never takes more than the budget that is left.
    prepare({0x90, 0xf3, 0x6c, 0xf4}, buffer, 100);
    Exit exit = run(11);
    ASSERT_EQ(exit.reason, ExitReason::pio);
    EXPECT_EQ(exit.retired, 1u);
    EXPECT_EQ(exit.pio.count, 10u);
    for (unsigned i = 0; i < 10; ++i) exit.pio.data[i] = static_cast<std::uint8_t>(i + 1);
    // A later budget that is smaller ends in the middle of it; the rest of the data waits.
    exit = run(4);
    EXPECT_EQ(exit.reason, ExitReason::budget_end);
    EXPECT_EQ(exit.retired, 4u);
    EXPECT_EQ(reg(Gpr::rcx), 96u);
    EXPECT_EQ(ram[buffer + 3], 4);
    EXPECT_NE(ram[buffer + 4], 5);
    EXPECT_EQ(rip(), start + 1);
    exit = drain();
    EXPECT_EQ(exit.retired, 6u);
    EXPECT_EQ(reg(Gpr::rcx), 90u);
    EXPECT_EQ(ram[buffer + 9], 10);
}

TEST_P(ContractStringIo, ResetDropsTheRestOfABatch) {
    SOUTHGATE_NEEDS(choose_policy);
    prepare({0xf3, 0x6c, 0xf4}, buffer, 10);
    std::memset(run().pio.data, 0x5a, 10);
    EXPECT_EQ(run(4).retired, 4u);
    jam_reset();
    EXPECT_EQ(drain().retired, 0u);
    EXPECT_EQ(rip(), 0xfff0u);
    EXPECT_EQ(ram[buffer + 3], 0x5a);
    EXPECT_NE(ram[buffer + 4], 0x5a);
}

TEST_P(ContractStringIo, ResumeFlagBetweenElements) {
    SOUTHGATE_NEEDS(choose_policy);
    for (const StringRules rules : {StringRules::architectural, StringRules::kernel}) {
        cpu->set_string_rules(rules);
        for (const std::uint8_t opcode : {0x6c, 0x6e}) {
            wake_up();
            prepare({0xf3, opcode, 0xf4}, buffer, 2);
            run();
            drain();
            EXPECT_EQ(rip(), start);
            EXPECT_NE(cpu->regs().rflags & eflags_rf, 0u);
            Exit exit;
            feed(exit);
            EXPECT_EQ(exit.reason, ExitReason::hlt);
            EXPECT_EQ(cpu->regs().rflags & eflags_rf, 0u);
        }
    }
}

TEST_P(ContractStringIo, StepOverOuts) {
    SOUTHGATE_NEEDS(choose_policy);
    // The emulator loses the debugger's exit to the I/O exit; the architectural rules only put it behind.
    for (const bool kernel : {false, true}) {
        cpu->set_string_rules(kernel ? StringRules::kernel : StringRules::architectural);
        cpu->set_single_step(true);
        prepare({0x6e, 0x90, 0xf4}, buffer, 1);
        EXPECT_EQ(run().reason, ExitReason::pio);
        const Exit exit = run();
        EXPECT_EQ(exit.reason, ExitReason::debug);
        EXPECT_EQ(rip(), start + (kernel ? 2 : 1));
        cpu->set_single_step(false);
        drain();
    }
}

TEST_P(ContractStringIo, StepOverRepeatedStrings) {
    SOUTHGATE_NEEDS(choose_policy);
    cpu->set_string_rules(StringRules::kernel);
    cpu->set_single_step(true);
    prepare({0xf3, 0x6e, 0xf4}, buffer, 2);
    EXPECT_EQ(run().reason, ExitReason::pio);
    EXPECT_EQ(run().reason, ExitReason::pio);
    EXPECT_EQ(rip(), start);
    EXPECT_EQ(run().reason, ExitReason::debug);
    EXPECT_EQ(rip(), start + 2);
    prepare({0xf3, 0x6c, 0xf4}, buffer, 2);
    EXPECT_EQ(run().reason, ExitReason::pio);
    EXPECT_EQ(run().reason, ExitReason::debug);
    EXPECT_EQ(rip(), start);
    EXPECT_EQ(reg(Gpr::rcx), 0u);
    EXPECT_EQ(run().reason, ExitReason::debug);
    EXPECT_EQ(rip(), start + 2);
}

SOUTHGATE_ENGINE_SUITE(ContractStringIo);

}  // namespace
}  // namespace southgate::cpu::test
