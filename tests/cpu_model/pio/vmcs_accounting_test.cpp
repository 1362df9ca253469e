// VMREADs of each policy: every row of the table in docs/pio-completion.md, from the policies' own accesses.
#include "cpu_model/pio/vmcs_accounting.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "cpu_model/pio/pio_unit.h"
#include "engine_suite.h"

namespace southgate::cpu::test {
namespace {

using K = PioPolicyKind;

struct GuestKind {
    const char* name;
    bool long_mode, code64, real_mode;
};
constexpr std::array<GuestKind, 4> guests{{{"64-bit", true, true, false},
                                           {"32-bit", false, false, false},
                                           {"compatibility", true, false, false},
                                           {"16-bit", false, false, true}}};

enum class Between { nothing, reset, set_sregs };

struct Expected {
    std::string at_exit, at_completion;
    unsigned total, vmwrites;
};

VmcsAccess cost(K kind, bool quirk, Direction direction, std::uint16_t port, const GuestKind& guest,
                Between between, const VmcsOptions& options = {}, PioAdvance advance = PioAdvance::relative) {
    PioUnit unit;
    VmcsAccounting accounting(options);
    unit.set_policy(kind, quirk);
    unit.set_advance(advance);
    unit.set_accounting(&accounting);
    PioState state{
        .rip = 0x8000, .code64 = guest.code64, .long_mode = guest.long_mode, .real_mode = guest.real_mode};
    unit.begin(direction, port, 1, 0, 0x8002, state);
    if (between == Between::reset) {
        unit.note_regs_written();
        accounting.set_regs();
        accounting.set_sregs();
        state = {.rip = 0xfff0, .cs_base = 0xffff0000, .real_mode = true};
    } else if (between == Between::set_sregs) {
        accounting.set_sregs();
    }
    if (unit.is_pending()) unit.enter(state);
    return accounting.last();
}

struct Row {
    const char* name;
    K kind;
    bool quirk;
    std::uint16_t port;
    Between between;
    std::array<Expected, guests.size()> expected;  // 64-bit, 32-bit, compatibility, 16-bit
};

std::array<Expected, 4> same(const Expected& e) { return {e, e, e, e}; }

const std::vector<Row>& rows() {
    static const std::vector<Row> table{
        {"CA", K::complete_always, false, 0x80, Between::nothing, same({"QF", "RLI", 5, 1})},
        {"SB", K::skip_before_exit, false, 0x80, Between::nothing, same({"QFRLI", "", 5, 1})},
        {"AW", K::cancel_on_rip_write, false, 0x80, Between::nothing, same({"QF", "RLI", 5, 1})},
        {"RC", K::cancel_on_rip_change, false, 0x80, Between::nothing, same({"QFR", "LI", 5, 1})},
        {"RV",
         K::match_reset_vector,
         false,
         0x80,
         Between::nothing,
         {{{"QF", "RALI", 6, 1}, {"QF", "RBLI", 6, 1}, {"QF", "RABLI", 7, 1}, {"QF", "RBLI", 6, 1}}}},
        {"LR",
         K::linear_rip_snapshot,
         false,
         0x80,
         Between::nothing,
         {{{"QFRA", "LI", 6, 1}, {"QFRB", "LI", 6, 1}, {"QFRAB", "LI", 7, 1}, {"QFRB", "LI", 6, 1}}}},
        {"LQ", K::linear_rip_snapshot, true, 0x7e, Between::nothing, same({"QFRLI", "", 5, 1})},
        {"LR cancelled",
         K::linear_rip_snapshot,
         false,
         0x80,
         Between::reset,
         {{{"QFRA", "B", 5, 1}, {"QFRB", "B", 5, 1}, {"QFRAB", "B", 6, 1}, {"QFRB", "B", 5, 1}}}},
        {"AW cancelled", K::cancel_on_rip_write, false, 0x80, Between::reset, same({"QF", "", 2, 1})},
        {"RC cancelled", K::cancel_on_rip_change, false, 0x80, Between::reset, same({"QFR", "", 3, 1})},
        {"LR, segments written",
         K::linear_rip_snapshot,
         false,
         0x80,
         Between::set_sregs,
         {{{"QFRA", "ALI", 7, 1}, {"QFRB", "BLI", 7, 1}, {"QFRAB", "ABLI", 9, 1}, {"QFRB", "BLI", 7, 1}}}},
        {"FE",
         K::full_emulator,
         false,
         0x80,
         Between::nothing,
         {{{"QFRAI+1", "", 6, 1},
           {"QFRABSI+2", "", 9, 1},
           {"QFRABSI+2", "", 9, 1},
           {"QFRABSI+2", "", 9, 1}}}},
    };
    return table;
}

TEST(VmcsAccounting, EveryRow) {
    for (const Row& row : rows()) {
        for (std::size_t i = 0; i < guests.size(); ++i) {
            SCOPED_TRACE(std::string(row.name) + ", " + guests[i].name);
            const VmcsAccess access =
                cost(row.kind, row.quirk, Direction::out, row.port, guests[i], row.between);
            EXPECT_EQ(letters(access.at_exit), row.expected[i].at_exit);
            EXPECT_EQ(letters(access.at_completion), row.expected[i].at_completion);
            EXPECT_EQ(access.total(), row.expected[i].total);
            EXPECT_EQ(access.vmwrites, row.expected[i].vmwrites);
        }
    }
}

TEST(VmcsAccounting, RegistersInMemoryAreFree) {
    // IN costs what OUT costs: RAX is no VMCS field.
    for (const K kind :
         {K::complete_always, K::cancel_on_rip_change, K::match_reset_vector, K::linear_rip_snapshot})
        for (const GuestKind& guest : guests)
            EXPECT_EQ(cost(kind, false, Direction::in, 0x80, guest, Between::nothing),
                      cost(kind, false, Direction::out, 0x80, guest, Between::nothing));
}

TEST(VmcsAccounting, AccessRightsReadBeforeMakeTheSnapshotFree) {
    const VmcsOptions cached{.cs_ar_precached = true};
    const VmcsAccess access =
        cost(K::linear_rip_snapshot, false, Direction::out, 0x80, guests[0], Between::nothing, cached);
    EXPECT_EQ(letters(access.at_exit), "QFR");
    EXPECT_EQ(access.total(),
              cost(K::complete_always, false, Direction::out, 0x80, guests[0], Between::nothing).total());
    EXPECT_EQ(cost(K::linear_rip_snapshot, false, Direction::out, 0x80, guests[2], Between::nothing, cached)
                  .total(),
              6u);
}

TEST(VmcsAccounting, RealModeWithoutUnrestrictedGuestReadsTheSelector) {
    const VmcsOptions old{.unrestricted_guest = false};
    const VmcsAccess access =
        cost(K::linear_rip_snapshot, false, Direction::out, 0x80, guests[3], Between::nothing, old);
    EXPECT_EQ(letters(access.at_exit), "QFRS");
    EXPECT_EQ(letters(access.at_completion), "LI");
    EXPECT_EQ(
        letters(cost(K::linear_rip_snapshot, false, Direction::out, 0x80, guests[1], Between::nothing, old)
                    .at_exit),
        "QFRB");
}

TEST(VmcsAccounting, UserspaceIrqchipReadsTheShadowAtEveryExit) {
    const VmcsOptions options{.userspace_irqchip = true};
    const VmcsAccess access =
        cost(K::linear_rip_snapshot, false, Direction::out, 0x80, guests[1], Between::nothing, options);
    EXPECT_EQ(letters(access.at_exit), "QFRBI");
    EXPECT_EQ(access.total(), 7u);
}

TEST(VmcsAccounting, SvmReadsMemory) {
    for (const K kind : {K::complete_always, K::linear_rip_snapshot, K::skip_before_exit}) {
        const VmcsAccess access =
            cost(kind, false, Direction::out, 0x80, guests[0], Between::nothing, {}, PioAdvance::absolute);
        EXPECT_EQ(access.total(), 0u);
        EXPECT_EQ(access.vmwrites, 0u);
        EXPECT_GT(access.vmcb_loads, 0u);
        // Registers that userspace writes in between are not read again, and its own reads do not count.
        EXPECT_LE(cost(kind, false, Direction::out, 0x80, guests[0], Between::reset, {}, PioAdvance::absolute).vmcb_loads,
                  access.vmcb_loads);
    }
}

TEST(VmcsAccounting, ModeIsLookedAtOnlyForACarryOutOfBit31) {
    PioUnit unit;
    VmcsAccounting accounting;
    unit.set_policy(K::complete_always, false);
    unit.set_accounting(&accounting);
    PioState state{.rip = 0xfffffffe, .long_mode = true};
    unit.begin(Direction::out, 0x80, 1, 0, 0x100000000, state);
    unit.enter(state);
    EXPECT_EQ(letters(accounting.last().at_completion), "RALI");
    EXPECT_EQ(state.rip, 0u);
}

class VmcsEngine : public EngineTest {};

TEST_P(VmcsEngine, TheEngineDrivesIt) {
    SOUTHGATE_NEEDS(choose_policy);
    VmcsAccounting accounting;
    cpu->set_vmcs_accounting(&accounting);
    real_mode({0xfb, 0xe6, 0x80, 0xe6, 0x81, 0xf4});  // STI, two OUTs
    ASSERT_EQ(run().reason, ExitReason::pio);
    EXPECT_EQ(letters(accounting.last().at_exit), "QFRB");
    EXPECT_TRUE(accounting.last().at_completion.empty());
    ASSERT_EQ(run().reason, ExitReason::pio);
    // The second exit has begun; the first one's completion wrote rip and the shadow.
    EXPECT_EQ(letters(accounting.last().at_exit), "QFRB");
    drain();
    EXPECT_EQ(letters(accounting.last().at_completion), "LI");
    EXPECT_EQ(accounting.last().vmwrites, 1u);
}

TEST_P(VmcsEngine, ShadowIsWrittenBack) {
    SOUTHGATE_NEEDS(choose_policy);
    VmcsAccounting accounting;
    cpu->set_vmcs_accounting(&accounting);
    real_mode({0xfb, 0xe6, 0x80, 0xf4});
    ASSERT_EQ(run().reason, ExitReason::pio);
    drain();
    EXPECT_EQ(accounting.last().vmwrites, 2u);
}

TEST_P(VmcsEngine, IoctlsFillAndEmptyTheCache) {
    SOUTHGATE_NEEDS(choose_policy);
    VmcsAccounting accounting;
    cpu->set_vmcs_accounting(&accounting);
    cpu->set_pio_policy(K::complete_always, false);
    flat_mode({0xe6, 0x80, 0xe6, 0x80, 0xf4});
    ASSERT_EQ(run().reason, ExitReason::pio);
    // KVM_GET_REGS reads RIP and RSP; RFLAGS is known since the exit.
    (void)cpu->regs();
    (void)cpu->regs();
    EXPECT_EQ(letters(accounting.last().by_ioctls), "R+1");
    (void)cpu->sregs();
    EXPECT_EQ(accounting.last().by_ioctls.size(), 2u + 8 * 4 + 4);
    drain();
    EXPECT_EQ(letters(accounting.last().at_completion), "LI");

    // Who only watches pauses it.
    ASSERT_EQ(run().reason, ExitReason::pio);
    accounting.pause();
    (void)cpu->state();
    accounting.resume();
    drain();
    EXPECT_TRUE(accounting.last().by_ioctls.empty());
    EXPECT_EQ(letters(accounting.last().at_completion), "RLI");
}

TEST_P(VmcsEngine, ResetByRegistersCostsALinearRipPolicyOnlyTheBase) {
    SOUTHGATE_NEEDS(choose_policy);
    VmcsAccounting accounting;
    cpu->set_vmcs_accounting(&accounting);
    flat_mode({0xe6, 0x92, 0xf4});
    ASSERT_EQ(run().reason, ExitReason::pio);
    accounting.pause();
    const GeneralRegisters regs = cpu->regs();
    accounting.resume();
    jam_reset();
    drain();
    EXPECT_EQ(letters(accounting.last().at_completion), "B");
    EXPECT_EQ(accounting.last().vmwrites, 1u);
    EXPECT_NE(regs.rip, cpu->regs().rip);
}

SOUTHGATE_ENGINE_SUITE(VmcsEngine);

}  // namespace
}  // namespace southgate::cpu::test
