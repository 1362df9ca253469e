// String instructions beyond what the host oracle reaches: overlaps, wraps, limits, large runs, faults in the
// middle.
#include <cstring>
#include <vector>

#include "engine_suite.h"

namespace southgate::cpu::test {
namespace {

class StringTest : public EngineTest {
  protected:
    static constexpr std::uint64_t area = 0x20000;

    void registers(std::uint64_t rsi, std::uint64_t rdi, std::uint64_t rcx, std::uint64_t rax = 0) {
        GeneralRegisters r = cpu->regs();
        r.gpr[static_cast<unsigned>(Gpr::rsi)] = rsi;
        r.gpr[static_cast<unsigned>(Gpr::rdi)] = rdi;
        r.gpr[static_cast<unsigned>(Gpr::rcx)] = rcx;
        r.gpr[static_cast<unsigned>(Gpr::rax)] = rax;
        cpu->set_regs(r);
    }
    void fill_area() {
        for (std::size_t i = 0; i < 0x8000; ++i) ram[area + i] = static_cast<std::uint8_t>(i * 7 + (i >> 8));
    }
};

// REP MOVS with every small distance, both directions and all sizes, against one element at a time.
TEST_P(StringTest, OverlappingMoves) {
    for (const unsigned size : {1u, 2u, 4u}) {
        for (int distance = -40; distance <= 40; ++distance) {
            for (const bool down : {false, true}) {
                const std::uint8_t opcode = size == 1 ? 0xa4 : 0xa5;
                if (size == 2)
                    flat_mode({0x66, 0xf3, opcode, 0xf4});
                else
                    flat_mode({0xf3, opcode, 0xf4});
                fill_area();
                const std::uint64_t from = area + 0xff0, to = from + static_cast<std::uint64_t>(distance);
                constexpr unsigned count = 50;
                std::vector<std::uint8_t> expected(ram.data() + area, ram.data() + area + 0x8000);
                for (unsigned i = 0; i < count; ++i) {
                    const std::ptrdiff_t step = (down ? -1 : 1) * static_cast<std::ptrdiff_t>(i * size);
                    std::uint8_t element[4];
                    std::memcpy(element, expected.data() + (from - area) + step, size);
                    std::memcpy(expected.data() + (to - area) + step, element, size);
                }
                registers(from, to, count);
                GeneralRegisters r = cpu->regs();
                r.rflags = down ? 0x402 : 2;
                cpu->set_regs(r);
                const Exit exit = run();
                ASSERT_EQ(exit.reason, ExitReason::hlt);
                if (GetParam().has(Ability::exact_budgets)) { ASSERT_EQ(exit.retired, count + 1); }
                ASSERT_EQ(std::memcmp(ram.data() + area, expected.data(), expected.size()), 0)
                    << size << ' ' << distance << ' ' << down;
                const std::uint64_t moved = down ? std::uint64_t{0} - count * size : count * size;
                ASSERT_EQ(reg(Gpr::rsi), static_cast<std::uint32_t>(from + moved));
                ASSERT_EQ(reg(Gpr::rdi), static_cast<std::uint32_t>(to + moved));
                ASSERT_EQ(reg(Gpr::rcx), 0u);
            }
        }
    }
}

TEST_P(StringTest, LargeFillAndCopy) {
    flat_mode({0xf3, 0xab, 0xf4});
    registers(0, area + 3, 0x4000, 0x44332211);
    const Exit filled = run(0x5000);
    if (GetParam().has(Ability::exact_budgets)) { EXPECT_EQ(filled.retired, 0x4001u); }
    for (std::size_t i = 0; i < 0x10000; i += 4) ASSERT_EQ(ram.get<std::uint32_t>(area + 3 + i), 0x44332211u);
    EXPECT_EQ(ram[area + 3 + 0x10000], 0xf4);
    flat_mode({0xf3, 0xa4, 0xf4});
    registers(area + 1, 0x50005, 0x9001);
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(std::memcmp(ram.data() + area + 1, ram.data() + 0x50005, 0x9001), 0);
}

TEST_P(StringTest, SixteenBitIndexesWrapAndKeepTheUpperHalf) {
    real_mode({0xf3, 0xa4, 0xf4});
    for (unsigned i = 0; i < 8; ++i)
        ram[0xfffc + i - (i >= 4 ? 0x10000 : 0)] = static_cast<std::uint8_t>(0x10 + i);
    registers(0x5555fffc, 0x66669000, 0x77770008);
    EXPECT_EQ(run().reason, ExitReason::hlt);
    for (unsigned i = 0; i < 8; ++i) EXPECT_EQ(ram[0x9000 + i], 0x10 + i);
    EXPECT_EQ(reg(Gpr::rsi), 0x55550004u);
    EXPECT_EQ(reg(Gpr::rdi), 0x66669008u);
    EXPECT_EQ(reg(Gpr::rcx), 0x77770000u);
}

TEST_P(StringTest, AddressSizePrefixUsesTheWideRegisters) {
    // Real mode with a 4 GiB ES limit ("unreal"): A32 REP STOSB beyond 64 KiB.
    real_mode({0x67, 0xf3, 0xaa, 0xf4});
    SpecialRegisters s = cpu->sregs();
    s.seg[static_cast<unsigned>(Seg::es)].limit = 0xffffffff;
    cpu->set_sregs(s);
    registers(0, 0x2fffe, 5, 0x5a);
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(ram[0x30002], 0x5a);
    EXPECT_EQ(ram[0x30003], 0xf4);
    EXPECT_EQ(reg(Gpr::rdi), 0x30003u);
}

TEST_P(StringTest, SegmentOverrideMovesTheSourceOnly) {
    // ES: MOVSB with DS = 2000h, ES = 3000h.
    real_mode({0x26, 0xa4, 0xf4});
    SpecialRegisters s = cpu->sregs();
    s.seg[static_cast<unsigned>(Seg::ds)] = real_segment(0x2000);
    s.seg[static_cast<unsigned>(Seg::es)] = real_segment(0x3000);
    cpu->set_sregs(s);
    ram[0x20010] = 1;
    ram[0x30010] = 2;
    registers(0x10, 0x20, 0);
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(ram[0x30020], 2);
}

TEST_P(StringTest, FaultAtTheLimitLeavesExactRegisters) {
    set_vector(13, 0, 0x9000);
    real_mode({0xf3, 0xab, 0xf4});  // REP STOSW from FFF9h: three elements, then FFFFh is cut
    registers(0, 0xfff9, 10, 0x1234);
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(rip(), 0x9001u);
    EXPECT_EQ(reg(Gpr::rcx), 7u);
    EXPECT_EQ(reg(Gpr::rdi), 0xffffu);
    EXPECT_EQ(ram.get<std::uint16_t>(0x6ffa), start);
    EXPECT_EQ(ram.get<std::uint16_t>(0xfffd), 0x1234);
}

TEST_P(StringTest, PageFaultInTheMiddleIsRestartable) {
    SOUTHGATE_NEEDS(legacy_paging);
    // Identity paging of the first 4 MiB, the page at area + 1000h not present; the handler maps it and
    // returns.
    flat_mode({0xf3, 0xa4, 0xf4});
    constexpr std::uint32_t directory = 0x40000, table = 0x41000;
    for (std::uint32_t page = 0; page < 0x400; ++page)
        ram.put<std::uint32_t>(table + page * 4, page << 12 | 3);
    ram.put<std::uint32_t>(directory, table | 3);
    for (std::uint32_t i = 1; i < 0x400; ++i) ram.put<std::uint32_t>(directory + i * 4, 0);
    const std::uint32_t hole = area + 0x1000;
    ram.put<std::uint32_t>(table + (hole >> 12) * 4, hole);
    // #PF gate at 600h + 14 * 8: OR BYTE [table entry], 3; ADD ESP, 4; IRETD.
    const std::uint32_t entry = table + (hole >> 12) * 4;
    ram.put(0x9000, {0x80, 0x0d, static_cast<std::uint8_t>(entry), static_cast<std::uint8_t>(entry >> 8),
                     static_cast<std::uint8_t>(entry >> 16), static_cast<std::uint8_t>(entry >> 24), 0x03,
                     0x83, 0xc4, 0x04, 0xcf});
    ram.put<std::uint64_t>(0x600 + 14 * 8, 0x00008e0000089000);
    SpecialRegisters s = cpu->sregs();
    s.idtr = {0x600, 0x7f};
    s.cr0 = 0x80000011;
    s.cr3 = directory;
    cpu->set_sregs(s);
    fill_area();
    std::vector<std::uint8_t> source(ram.data() + area, ram.data() + area + 0x800);
    registers(area, hole - 0x100, 0x800);
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(rip(), start + 3);
    EXPECT_EQ(cpu->sregs().cr2, hole);
    EXPECT_EQ(std::memcmp(ram.data() + hole - 0x100, source.data(), source.size()), 0);
    EXPECT_EQ(reg(Gpr::rcx), 0u);
}

TEST_P(StringTest, ScanAndCompareStop) {
    flat_mode({0xf2, 0xae, 0xf4});  // REPNE SCASB
    std::memset(ram.data() + area, 'a', 0x3000);
    ram[area + 0x2345] = 0;
    registers(0, area, 0xffffffff);
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(reg(Gpr::rdi), area + 0x2346);
    EXPECT_EQ(reg(Gpr::rcx), 0xffffffffu - 0x2346);
    EXPECT_NE(cpu->regs().rflags & 0x40, 0u);

    flat_mode({0xf3, 0xa7, 0xf4});  // REPE CMPSD
    std::memset(ram.data() + area, 'a', 0x3000);
    std::memset(ram.data() + 0x60000, 'a', 0x3000);
    ram[0x60000 + 0x1234] = 'b';
    registers(area, 0x60000, 0xc00);
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(reg(Gpr::rdi), 0x60000u + 0x1238);
    EXPECT_EQ(cpu->regs().rflags & 0x41, 1u);  // less, not equal
}

// SDM vol. 2B "REP": the flags are those from before the instruction.
TEST_P(StringTest, FaultInARepeatedComparisonRestoresFlags) {
    set_vector(13, 0, 0x9000);
    for (const std::uint64_t flags : {0x8d7u, 0x002u}) {
        real_mode({0xf2, 0xaf, 0xf4});  // REPNE SCASW from FFFBh: two elements, then FFFFh is cut
        registers(0, 0xfffb, 10, 0x1234);
        GeneralRegisters r = cpu->regs();
        r.rflags = flags;
        cpu->set_regs(r);
        EXPECT_EQ(run().reason, ExitReason::hlt);
        EXPECT_EQ(rip(), 0x9001u);
        EXPECT_EQ(reg(Gpr::rcx), 8u);
        EXPECT_EQ(ram.get<std::uint16_t>(0x6ffe) & 0x8d5u, flags & 0x8d5u);
    }
}

TEST_P(StringTest, RepWithZeroCountTouchesNothing) {
    for (const std::uint8_t opcode : {0xa4, 0xa6, 0xaa, 0xac, 0xae}) {
        flat_mode({0xf3, opcode, 0xf4});
        registers(0x80000000, 0x80000000, 0, 0x77);
        GeneralRegisters r = cpu->regs();
        r.rflags = 0x8d7;
        cpu->set_regs(r);
        const Exit exit = run();
        EXPECT_EQ(exit.reason, ExitReason::hlt);
        if (GetParam().has(Ability::exact_budgets)) { EXPECT_EQ(exit.retired, 2u); }
        EXPECT_EQ(reg(Gpr::rax), 0x77u);
        EXPECT_EQ(reg(Gpr::rdi), 0x80000000u);
        EXPECT_EQ(cpu->regs().rflags, 0x8d7u);
    }
    EXPECT_TRUE(bus.accesses.empty());
}

TEST_P(StringTest, MovesIntoDecodedCode) {
    // Code at 9000h runs, is replaced by REP MOVSB, runs again.
    ram.put(0x9000, {0x40, 0xc3});
    ram.put(0xa000, {0x43, 0xc3});
    // CALL 9000h; REP MOVSB; CALL 9000h; HLT
    real_mode({0xe8, 0xfd, 0x0f, 0xf3, 0xa4, 0xe8, 0xf8, 0x0f, 0xf4});
    registers(0xa000, 0x9000, 2);
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(reg(Gpr::rax), 1u);
    EXPECT_EQ(reg(Gpr::rbx), 1u);
}

SOUTHGATE_ENGINE_SUITE(StringTest);

}  // namespace
}  // namespace southgate::cpu::test
