// Jumps to other pages are remembered: no longer than the translation that led to the target (SDM vol. 3A 4.10.4).
#include "tests/cpu_model/system/long_machine.h"

namespace southgate::cpu::test {
namespace {

using namespace layout64;

constexpr std::uint64_t present = 1, writable = 2, large = 0x80, global = 0x100;
constexpr std::uint32_t one = 0x15000, two = 0x16000, flusher = 0x17000;
constexpr std::uint32_t other_directory = 0x24000, other_table = 0x25000;

class JumpCache : public LongMachine {
  protected:
    // The page at `one` returns 1, that at `two` 2.
    void SetUp() override {
        long_mode();
        SpecialRegisters s = cpu->sregs();
        s.cr4 |= 1u << 7;  // PGE
        cpu->set_sregs(s);
        code(one, {0xb8, 1, 0, 0, 0, 0xc3});  // mov eax, 1; ret
        code(two, {0xb8, 2, 0, 0, 0, 0xc3});
        page_entry(other_directory, 0, other_table | present | writable);
        page_entry(other_directory, 24, other_table | present | writable);
        page_entry(other_table, one >> 12, two | present | writable);
    }
    // EAX after CALL to `target`, from the same instruction each time.
    std::uint32_t call(std::uint64_t target) {
        code(layout::code, {0xe8});
        put<std::uint32_t>(layout::code + 1, static_cast<std::uint32_t>(target - (layout::code + 5)));
        code(layout::code + 5, {0xf4});
        return again();
    }
    std::uint32_t again() {
        execute(layout::code);
        return reg(Gpr::rax);
    }
    void invlpg(std::uint32_t linear) {
        code(flusher, {0x0f, 0x01, 0x3c, 0x25});
        put<std::uint32_t>(flusher + 4, linear);
        code(flusher + 8, {0xf4});
        execute(flusher);
    }
    void reload_cr3() {
        code(flusher, {0x0f, 0x20, 0xd8, 0x0f, 0x22, 0xd8, 0xf4});  // mov rax, cr3; mov cr3, rax
        execute(flusher);
    }

  private:
    void execute(std::uint32_t at) {
        wake();
        set_rip(at);
        EXPECT_EQ(run().reason, ExitReason::hlt);
    }
};

TEST_F(JumpCache, Cr3DropsLocalPages) {
    EXPECT_EQ(call(one), 1u);
    EXPECT_EQ(again(), 1u);
    page_entry(table, one >> 12, two | present | writable);
    reload_cr3();
    EXPECT_EQ(again(), 2u);
}

TEST_F(JumpCache, Cr3DropsLocalPagesAfterInvlpgOfAnother) {
    EXPECT_EQ(call(one), 1u);
    invlpg(layout::code);
    EXPECT_EQ(again(), 1u);
    page_entry(table, one >> 12, two | present | writable);
    reload_cr3();
    EXPECT_EQ(again(), 2u);
}

TEST_F(JumpCache, GlobalPagesOutliveCr3ButNotInvlpg) {
    for (unsigned page = 0; page < 256; ++page) page_entry(table, page, page << 12 | present | writable | global);
    reload_cr3();
    reload_cr3();
    EXPECT_EQ(call(one), 1u);
    page_entry(table, one >> 12, two | present | writable | global);
    reload_cr3();
    EXPECT_EQ(again(), 1u);
    invlpg(0x30000);
    EXPECT_EQ(again(), 1u) << "another page";
    invlpg(one + 0xfff);
    EXPECT_EQ(again(), 2u);
}

TEST_F(JumpCache, InvlpgAnywhereInALargePage) {
    page_entry(directory, 1, 0 | present | writable | large);
    EXPECT_EQ(call(0x200000 + one), 1u);
    page_entry(directory, 1, other_table | present | writable);
    invlpg(0x2ff000);
    EXPECT_EQ(again(), 2u);
}

TEST_F(JumpCache, InvlpgAnywhereInAHugePage) {
    page_entry(pdpt, 1, 0 | present | writable | large);
    EXPECT_EQ(call(0x40000000 + one), 1u);
    page_entry(pdpt, 1, other_directory | present | writable);
    invlpg(0x43000000);
    EXPECT_EQ(again(), 2u);
}

TEST_F(JumpCache, InvlpgOfTheSecondPageOfAnInstruction) {
    code(one - 2, {0xb8, 1, 0, 0, 0, 0xc3});
    code(two, {1, 0, 0, 0xc3});
    EXPECT_EQ(call(one - 2), 1u);
    EXPECT_EQ(again(), 1u);
    page_entry(table, one >> 12, two | present | writable);
    invlpg(one);
    EXPECT_EQ(again(), 0x101u);
}

}  // namespace
}  // namespace southgate::cpu::test
