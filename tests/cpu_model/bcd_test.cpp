// The decimal instructions, exhaustively, against the operation sections of the SDM (vol. 2A, AAA to DAS).
// 64-bit hosts cannot execute them, so the host oracle cannot either.
#include "engine_suite.h"

namespace southgate::cpu::test {
namespace {

constexpr std::uint64_t cf = 1, pf = 4, af = 0x10, zf = 0x40, sf = 0x80;

struct Decimal {
    std::uint16_t ax;
    bool cf, af;
};

Decimal aaa(Decimal d, int sign) {
    if ((d.ax & 0xf) > 9 || d.af) {
        d.ax = static_cast<std::uint16_t>(d.ax + sign * 0x106);
        d.af = d.cf = true;
    } else {
        d.af = d.cf = false;
    }
    d.ax &= 0xff0f;
    return d;
}

Decimal daa(Decimal d) {
    const unsigned old_al = d.ax & 0xff;
    const bool old_cf = d.cf;
    unsigned al = old_al;
    d.cf = false;
    if ((al & 0xf) > 9 || d.af) {
        d.cf = old_cf || al + 6 > 0xff;
        al = (al + 6) & 0xff;
        d.af = true;
    } else {
        d.af = false;
    }
    if (old_al > 0x99 || old_cf) {
        al = (al + 0x60) & 0xff;
        d.cf = true;
    } else {
        d.cf = false;
    }
    d.ax = static_cast<std::uint16_t>((d.ax & 0xff00) | al);
    return d;
}

Decimal das(Decimal d) {
    const unsigned old_al = d.ax & 0xff;
    const bool old_cf = d.cf;
    unsigned al = old_al;
    d.cf = false;
    if ((al & 0xf) > 9 || d.af) {
        d.cf = old_cf || al < 6;
        al = (al - 6) & 0xff;
        d.af = true;
    } else {
        d.af = false;
    }
    if (old_al > 0x99 || old_cf) {
        al = (al - 0x60) & 0xff;
        d.cf = true;
    }
    d.ax = static_cast<std::uint16_t>((d.ax & 0xff00) | al);
    return d;
}

class BcdTest : public EngineTest {
  protected:
    GeneralRegisters step(std::uint16_t ax, std::uint64_t flags) {
        GeneralRegisters r;
        r.rip = start;
        r.gpr[0] = 0xabcd0000u | ax;
        r.rflags = 2 | flags;
        cpu->set_regs(r);
        run(1);
        return cpu->regs();
    }
};

TEST_P(BcdTest, Adjustments) {
    SOUTHGATE_NEEDS(exact_budgets);
    struct Instruction {
        std::uint8_t opcode;
        Decimal (*model)(Decimal);
        bool result_flags;  // SF ZF PF defined
    };
    const Instruction instructions[] = {{0x37, [](Decimal d) { return aaa(d, 1); }, false},
                                        {0x3f, [](Decimal d) { return aaa(d, -1); }, false},
                                        {0x27, daa, true},
                                        {0x2f, das, true}};
    for (const Instruction& i : instructions) {
        real_mode({i.opcode});
        for (unsigned value = 0; value < 0x400; ++value) {
            const std::uint16_t ax =
                static_cast<std::uint16_t>((value & 0xff) | (value & 0x300) << 4 | 0x0f00);
            for (const std::uint64_t flags : {std::uint64_t{0}, cf, af, cf | af}) {
                const Decimal expected = i.model({ax, (flags & cf) != 0, (flags & af) != 0});
                const GeneralRegisters r = step(ax, flags);
                ASSERT_EQ(r.gpr[0], 0xabcd0000u | expected.ax) << std::hex << unsigned{i.opcode} << ' ' << ax;
                ASSERT_EQ((r.rflags & cf) != 0, expected.cf) << std::hex << unsigned{i.opcode} << ' ' << ax;
                ASSERT_EQ((r.rflags & af) != 0, expected.af) << std::hex << unsigned{i.opcode} << ' ' << ax;
                if (!i.result_flags) continue;
                ASSERT_EQ((r.rflags & zf) != 0, (expected.ax & 0xff) == 0);
                ASSERT_EQ((r.rflags & sf) != 0, (expected.ax & 0x80) != 0);
                ASSERT_EQ((r.rflags & pf) != 0, __builtin_parity(expected.ax & 0xff) == 0);
            }
        }
    }
}

TEST_P(BcdTest, MultiplyAndDivide) {
    SOUTHGATE_NEEDS(exact_budgets);
    for (const unsigned base : {10u, 16u, 1u, 255u}) {
        for (unsigned ax = 0; ax < 0x10000; ax += 0x101 * 3 + 1) {
            real_mode({0xd4, static_cast<std::uint8_t>(base)});  // AAM
            const unsigned al = ax & 0xff;
            GeneralRegisters r = step(static_cast<std::uint16_t>(ax), 0);
            ASSERT_EQ(r.gpr[0] & 0xffff, (al / base) << 8 | al % base);
            ASSERT_EQ((r.rflags & zf) != 0, al % base == 0);
            real_mode({0xd5, static_cast<std::uint8_t>(base)});  // AAD
            r = step(static_cast<std::uint16_t>(ax), 0);
            ASSERT_EQ(r.gpr[0] & 0xffff, (al + (ax >> 8) * base) & 0xff);
        }
    }
}

TEST_P(BcdTest, AamByZeroIsADivideError) {
    set_vector(0, 0, 0x9000);
    real_mode({0xd4, 0x00});
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(rip(), 0x9001u);
    EXPECT_EQ(ram.get<std::uint16_t>(0x6ffa), start);
}

SOUTHGATE_ENGINE_SUITE(BcdTest);

}  // namespace
}  // namespace southgate::cpu::test
