// Random descriptor tables, page tables, save maps and registers in 64-bit mode: whatever a guest does, run() returns.
#include <random>

#include "tests/cpu_model/system/long_machine.h"

namespace southgate::cpu::test {
namespace {

using namespace layout64;
using layout::user_code;

class LongHostile : public LongMachine {
  protected:
    std::uint32_t random(std::uint32_t bound) { return static_cast<std::uint32_t>(engine_() % bound); }
    std::uint64_t random64() { return std::uint64_t{random(0xffffffff)} << 32 | random(0xffffffff); }
    void damage(std::uint32_t begin, std::uint32_t end, unsigned count) {
        for (unsigned i = 0; i < count; ++i) put(begin + random(end - begin), static_cast<std::uint8_t>(random(256)));
    }
    // Selectors, addresses of the map in both halves, their ends, anything.
    std::uint64_t value() {
        switch (random(6)) {
            case 0:
                return random(0x100);
            case 1:
                return random(0x100000);
            case 2:
                return high + random(0x100000);
            case 3:
                return 0x00007ffffffffff0 + random(32);
            case 4:
                return 0xfffffffffffffff0 + random(16);
            default:
                return random64();
        }
    }

    void random_code(std::uint32_t at) {
        static constexpr std::uint8_t choices[][5] = {
            {0xcd, 0x40}, {0x48, 0xcf}, {0xcf}, {0x48, 0xcb}, {0xcb}, {0xcc}, {0xf1}, {0x8e, 0xd8}, {0x8e, 0xd0},
            {0x8e, 0xe0}, {0x0f, 0x00, 0xd8}, {0x0f, 0x00, 0xd0}, {0x0f, 0x22, 0xc0}, {0x0f, 0x22, 0xd8},
            {0x0f, 0x22, 0xe0}, {0x44, 0x0f, 0x22, 0xc0}, {0x0f, 0x23, 0xf8}, {0x0f, 0x23, 0xc0}, {0x0f, 0x30},
            {0x0f, 0x32}, {0x0f, 0xaa}, {0x0f, 0x34}, {0x48, 0x0f, 0x35}, {0x0f, 0x05}, {0x48, 0x0f, 0x07},
            {0x0f, 0x01, 0xf8}, {0x48, 0x0f, 0x02, 0xc8}, {0x48, 0x0f, 0x03, 0xc8}, {0x48, 0x9d}, {0xfb}, {0x0f, 0x0b},
            {0x50}, {0x58}, {0x48, 0x8b, 0x18}, {0x48, 0x89, 0x19}, {0x65, 0x48, 0x89, 0x01}, {0x0f, 0x01, 0x38},
            {0x0f, 0x01, 0x10}, {0x0f, 0x01, 0x18}, {0xff, 0xe0}, {0xff, 0x18}, {0x48, 0xff, 0x28}, {0xf3, 0x48, 0xa5},
            {0xf3, 0xa4}, {0x48, 0x0f, 0xc7, 0x08}, {0xe4, 0x60}, {0xc8, 0x20, 0x00, 0x1f}, {0xc9}};
        for (unsigned i = 0; i < 16; ++i) {
            const auto& choice = choices[random(std::size(choices))];
            unsigned length = 5;
            while (length > 1 && choice[length - 1] == 0) --length;
            for (unsigned b = 0; b < length; ++b) put(at++, choice[b]);
        }
    }

    void random_registers() {
        GeneralRegisters r = cpu->regs();
        for (std::uint64_t& v : r.gpr) v = value();
        if (random(4) != 0) r.gpr[static_cast<unsigned>(Gpr::rsp)] = layout::stack - 8 * random(16);
        if (random(3) == 0) r.gpr[static_cast<unsigned>(Gpr::rcx)] = 0xc0000080 + random(4) + (random(2) != 0 ? 0x80 : 0);
        if (random(8) == 0) r.rip = value();
        r.rflags = 2 | (random(0x400000) & 0x3d7fd5 & (random(4) == 0 ? ~0u : ~0x20100u));
        cpu->set_regs(r);
        for (unsigned i = 0; i < 16; ++i) put<std::uint64_t>(layout::stack - 32 + 8 * i, value());
    }

  private:
    std::mt19937 engine_{20261122};
};

TEST_F(LongHostile, RandomTables) {
    for (unsigned round = 0; round < 3000; ++round) {
        round % 2 == 0 ? long_mode() : long_user_mode();
        damage(layout::gdt, layout::gdt + 0x80, random(12));
        damage(layout::idt, layout::idt + 0x200, random(12));
        damage(layout::tss, layout::tss + 0x70, random(8));
        damage(pml4, pml4 + 16, random(4) == 0 ? 1 : 0);
        damage(pdpt, pdpt + 16, random(4) == 0 ? 1 : 0);
        damage(directory, directory + 16, random(4) == 0 ? 1 : 0);
        damage(table, table + 0x800, random(64));
        if (random(3) == 0) idt_gate64(random(32), code0, value(), 0x8e, random(8));
        random_code(layout::code);
        random_code(user_code);
        random_code(layout64::system_call);
        SpecialRegisters s = cpu->sregs();
        if (random(3) == 0) s.cr4 |= random(2) != 0 ? 0x80 : 0x10;
        if (random(4) == 0) s.seg[random(seg_count)].base = value();
        if (random(4) == 0) s.gdtr.base = value();
        if (random(4) == 0) s.idtr.base = value();
        if (random(4) == 0) s.tr.base = value();
        if (random(8) == 0) s.seg[static_cast<unsigned>(Seg::cs)].attributes ^= SegmentRegister::l | SegmentRegister::db;
        cpu->set_sregs(s);
        random_registers();
        const Exit e = run(200);
        EXPECT_LE(e.retired, 200u);
        EXPECT_NE(e.reason, ExitReason::internal_error);
        DebugRegisters d;
        d.dr[0] = random(2) != 0 ? layout::code + random(32) : value();
        d.dr7 = random(4) == 0 ? 0x401 | random(16) << 16 : 0x400;
        cpu->set_debug_regs(d);
        EventState events = cpu->events();
        events.in_smm = events.nmi_blocked = false;
        cpu->set_events(events);
    }
}

TEST_F(LongHostile, RandomSaveMaps) {
    for (unsigned round = 0; round < 600; ++round) {
        cpu->reset(false);
        round % 2 == 0 ? long_mode() : long_user_mode();
        random_code(layout::code);
        random_code(user_code);
        code(0x38000, {0x90, 0x0f, 0xaa});
        cpu->pulse_smi();
        Budget entry;
        cpu->run(entry);
        run(1);
        ASSERT_TRUE(cpu->events().in_smm);
        damage(0x3fe00, 0x40000, random(24));
        const Exit e = run(100);
        EXPECT_LE(e.retired, 100u);
        EXPECT_NE(e.reason, ExitReason::internal_error);
    }
}

}  // namespace
}  // namespace southgate::cpu::test
