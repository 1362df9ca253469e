// Two interpreters over one memory: a store of one drops what the other has decoded; PAUSE gives way.
#include "cpu_model/decode/code_sharing.h"

#include <gtest/gtest.h>

#include "cpu_model/interpreter/interpreter.h"
#include "cpu_model/statistics.h"
#include "memory.h"
#include "test_bus.h"

namespace southgate::cpu::test {
namespace {

class TwoProcessors : public testing::Test {
  protected:
    TwoProcessors() {
        for (Interpreter* one : {&a, &b}) {
            const MemorySlot slot = ram.slot(0);
            one->set_memory_map({&slot, 1});
        }
    }
    // Real mode, 0:`ip`.
    static void enter(Interpreter& cpu, std::uint64_t ip) {
        SpecialRegisters s = cpu.sregs();
        s.seg[static_cast<unsigned>(Seg::cs)].base = 0;
        s.seg[static_cast<unsigned>(Seg::cs)].selector = 0;
        cpu.set_sregs(s);
        GeneralRegisters r = cpu.regs();
        r.rip = ip;
        cpu.set_regs(r);
    }
    // Runs to the HLT and gives AX.
    std::uint64_t call(Interpreter& cpu, std::uint64_t ip) {
        EventState e = cpu.events();
        e.activity = ActivityState::running;
        cpu.set_events(e);
        enter(cpu, ip);
        EXPECT_EQ(cpu.run({1000}).reason, ExitReason::hlt);
        return cpu.regs().gpr[static_cast<unsigned>(Gpr::rax)] & 0xffff;
    }

    TestBus bus_a, bus_b;
    Memory ram{0x10000};
    CodeSharing sharing;
    Interpreter a{bus_a, CpuModel{}, &sharing}, b{bus_b, CpuModel{}, &sharing};
};

TEST_F(TwoProcessors, AStoreReachesCodeThatTheOtherHasDecoded) {
    ram.put(0x1000, {0xb8, 0x01, 0x00, 0xf4});                    // MOV AX, 1; HLT
    ram.put(0x2000, {0xfe, 0x06, 0x01, 0x10, 0xf4});              // INC byte [1001h]; HLT
    EXPECT_EQ(call(a, 0x1000), 1u);
    for (unsigned n = 2; n < 10; ++n) {
        call(b, 0x2000);
        EXPECT_EQ(call(a, 0x1000), n);
    }
}

// The writer's translation is fast before the other decodes code in the page.
TEST_F(TwoProcessors, AFastTranslationBecomesSlowWhenTheOtherDecodes) {
    ram.put(0x1000, {0xb8, 0x00, 0x00, 0xf4});
    ram.put(0x2000, {0xfe, 0x06, 0x01, 0x10, 0xf4});
    call(b, 0x2000);
    call(b, 0x2000);
    EXPECT_EQ(call(a, 0x1000), 2u);
    call(b, 0x2000);
    EXPECT_EQ(call(a, 0x1000), 3u);
}

TEST_F(TwoProcessors, StringStoresReachItToo) {
    ram.put(0x1000, {0xb8, 0x01, 0x00, 0xf4});
    ram.put(0x2000, {0xbf, 0x01, 0x10, 0xb9, 0x02, 0x00, 0xb0, 0x5a, 0xf3, 0xaa, 0xf4});  // REP STOSB at 1001h
    EXPECT_EQ(call(a, 0x1000), 1u);
    call(b, 0x2000);
    EXPECT_EQ(call(a, 0x1000), 0x5a5au);
}

TEST_F(TwoProcessors, APageWithoutCodeBecomesFastAgain) {
    ram.put(0x1000, {0xb8, 0x01, 0x00, 0xf4});
    ram.put(0x2000, {0xfe, 0x06, 0x01, 0x10, 0xf4});
    call(a, 0x1000);
    EXPECT_TRUE(sharing.watched_by_others(1, ram.data() + 0x1000));
    for (unsigned n = 0; n < 64; ++n) call(b, 0x2000);
    EXPECT_FALSE(sharing.watched_by_others(1, ram.data() + 0x1000));
    EXPECT_EQ(call(a, 0x1000), 65u);
}

TEST_F(TwoProcessors, PauseLeavesRightBehindItself) {
    ram.put(0x1000, {0x40, 0xf3, 0x90, 0x40, 0xf4});  // INC AX; PAUSE; INC AX; HLT
    a.set_pause_exits(true);
    enter(a, 0x1000);
    GeneralRegisters r = a.regs();
    r.gpr[static_cast<unsigned>(Gpr::rax)] = 0;
    a.set_regs(r);
    const Exit exit = a.run({1000});
    EXPECT_EQ(exit.reason, ExitReason::pause);
    EXPECT_EQ(exit.retired, 2u);
    EXPECT_EQ(a.regs().rip, 0x1003u);
    EXPECT_EQ(a.regs().gpr[static_cast<unsigned>(Gpr::rax)], 1u);
    EXPECT_EQ(a.run({1000}).reason, ExitReason::hlt);
    EXPECT_EQ(a.regs().gpr[static_cast<unsigned>(Gpr::rax)], 2u);
    a.set_pause_exits(false);
    EXPECT_EQ(call(a, 0x1000), 4u);
}

TEST(CodeSharing, HasRoomForSoMany) {
    struct Nobody : CodeSharing::Member {
        void code_written(const std::uint8_t*, std::size_t) override {}
        void watch(const std::uint8_t*) override {}
    } nobody;
    CodeSharing sharing;
    for (unsigned n = 0; n < CodeSharing::max_members; ++n) EXPECT_EQ(sharing.join(nobody), n);
    EXPECT_THROW(sharing.join(nobody), std::length_error);
}

}  // namespace
}  // namespace southgate::cpu::test
