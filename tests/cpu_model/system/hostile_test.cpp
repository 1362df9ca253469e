// Random descriptor tables, task states, save maps and system instructions: whatever a guest does, run()
// returns.
#include <random>

#include "tests/cpu_model/system/machine.h"

namespace southgate::cpu::test {
namespace {

using namespace layout;

class Hostile : public Machine {
  protected:
    std::uint32_t random(std::uint32_t bound) { return static_cast<std::uint32_t>(engine_() % bound); }
    // Mostly a selector of the tables, sometimes anything.
    std::uint16_t selector() {
        return static_cast<std::uint16_t>(random(8) == 0 ? random(0x10000) : random(0x80));
    }

    // Some bytes of the set-up of protected_mode() change; most of it stays plausible, so that paths run
    // deep.
    void damage(std::uint32_t begin, std::uint32_t end, unsigned count) {
        for (unsigned i = 0; i < count; ++i)
            put(begin + random(end - begin), static_cast<std::uint8_t>(random(256)));
    }

    void random_code(std::uint32_t at) {
        static constexpr std::uint8_t choices[][4] = {{0xcd, 0x40},
                                                      {0xcf},
                                                      {0x66, 0xcf},
                                                      {0xcb},
                                                      {0x66, 0xcb},
                                                      {0xcc},
                                                      {0xce},
                                                      {0xf1},
                                                      {0x8e, 0xd8},
                                                      {0x8e, 0xd0},
                                                      {0x0f, 0x00, 0xd8},
                                                      {0x0f, 0x00, 0xd0},
                                                      {0x0f, 0x22, 0xc0},
                                                      {0x0f, 0x22, 0xd8},
                                                      {0x0f, 0x22, 0xe0},
                                                      {0x0f, 0x23, 0xf8},
                                                      {0x0f, 0x30},
                                                      {0x0f, 0x32},
                                                      {0x0f, 0xaa},
                                                      {0x0f, 0x34},
                                                      {0x0f, 0x35},
                                                      {0x0f, 0x02, 0xc8},
                                                      {0x0f, 0x03, 0xc8},
                                                      {0x9d},
                                                      {0xfb},
                                                      {0x0f, 0x0b},
                                                      {0x50},
                                                      {0x58},
                                                      {0x0f, 0x01, 0xf0},
                                                      {0xe4, 0x60}};
        for (unsigned i = 0; i < 12; ++i) {
            if (random(3) == 0) {
                put<std::uint8_t>(at, random(2) == 0 ? 0x9a : 0xea);
                put<std::uint32_t>(at + 1,
                                   random(4) == 0 ? random(0xffffffff) : layout::code + random(0x100));
                put<std::uint16_t>(at + 5, selector());
                at += 7;
            } else {
                const auto& bytes = choices[random(std::size(choices))];
                for (const std::uint8_t b : bytes)
                    if (b != 0 || &b != bytes + 3) put(at++, b);
            }
        }
    }

    void random_registers() {
        GeneralRegisters r = cpu->regs();
        for (std::uint64_t& v : r.gpr) v = random(2) == 0 ? selector() : random(0x100000);
        r.gpr[static_cast<unsigned>(Gpr::rsp)] = random(4) == 0 ? random(0xffffffff) : stack - 4 * random(16);
        r.rflags = 2 | (random(0x400000) & 0x3f7fd5 & (random(4) == 0 ? ~0u : ~0x20100u));
        cpu->set_regs(r);
        for (unsigned i = 0; i < 16; ++i)
            put<std::uint32_t>(stack - 32 + 4 * i,
                               random(3) == 0 ? selector() : layout::code + random(0x100));
    }

  private:
    std::mt19937 engine_{20260714};
};

TEST_F(Hostile, RandomTables) {
    for (unsigned round = 0; round < 1500; ++round) {
        if (round % 2 == 0)
            protected_mode();
        else
            user_mode(random(4));
        damage(gdt, gdt + 0x80, random(12));
        damage(idt, idt + 0x100, random(12));
        damage(tss, tss + 0x70, random(8));
        damage(other_tss, other_tss + 0x70, 60);
        if (random(2) == 0) idt_gate(random(16), other_task, 0, 0x85);
        random_code(layout::code);
        random_code(user_code);
        random_registers();
        const Exit e = run(200);
        EXPECT_LE(e.retired, 200u);
        EXPECT_NE(e.reason, ExitReason::internal_error);
        DebugRegisters d;
        d.dr[0] = layout::code + random(32);
        d.dr7 = random(4) == 0 ? 0x401 | random(16) << 16 : 0x400;
        cpu->set_debug_regs(d);
    }
}

TEST_F(Hostile, RandomSaveMaps) {
    protected_mode();
    for (unsigned round = 0; round < 500; ++round) {
        cpu->reset(false);
        if (round % 2 == 0)
            protected_mode();
        else
            real_mode();
        code(0x38000, {0x0f, 0xaa});
        cpu->pulse_smi();
        Budget entry;
        entry.instructions = 0;
        cpu->run(entry);
        run(1);  // one round trip with an intact map, then a damaged one
        cpu->pulse_smi();
        code(0x38000, {0x90, 0x0f, 0xaa});
        run(1);
        ASSERT_TRUE(cpu->events().in_smm);
        damage(0x3fe00, 0x40000, random(64));
        const Exit e = run(100);
        EXPECT_LE(e.retired, 100u);
        EXPECT_NE(e.reason, ExitReason::internal_error);
    }
}

TEST_F(Hostile, HandlersThatOnlyFaultUseUpTheBudget) {
    real_mode();
    put<std::uint16_t>(4 * 6, 0x6000);
    code(0x6000, {0x0f, 0x0b});
    code(0x7c00, {0x0f, 0x0b});
    const Exit e = run(1000);
    EXPECT_EQ(e.reason, ExitReason::budget_end);
    EXPECT_EQ(e.retired, 1000u);
}

}  // namespace
}  // namespace southgate::cpu::test
