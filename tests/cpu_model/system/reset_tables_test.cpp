// The reset tables, walked register by register, and the resets of a running processor.
#include "cpu_model/state/reset_tables.h"

#include <cstddef>
#include <cstring>
#include <string>

#include "tests/cpu_model/system/machine.h"

namespace southgate::cpu::test {
namespace {

constexpr ResetIdentity identity{0x663, true};

std::uint64_t field(const ArchState& state, const ResetRow& row) {
    std::uint64_t value = 0;
    std::memcpy(&value, reinterpret_cast<const unsigned char*>(&state) + row.offset, row.size);
    return value;
}

ArchState pattern() {
    ArchState state;
    for (const ResetRow& row : reset_table(ResetKind::init)) {
        const std::uint64_t value = row.size == 1 ? 1 : 0xa5a5a5a5a5a5a5a5 ^ row.offset;
        std::memcpy(reinterpret_cast<unsigned char*>(&state) + row.offset, &value, row.size);
    }
    return state;
}

std::uint64_t expected(const ResetRow& row, std::uint64_t old) {
    const std::uint64_t mask = row.size == 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << 8 * row.size) - 1;
    switch (row.action) {
        case ResetAction::load:
            return row.value & mask;
        case ResetAction::keep:
            return old;
        case ResetAction::merge:
            return ((old & row.kept) | (row.value & ~row.kept)) & mask;
        case ResetAction::signature:
            return identity.signature;
        case ResetAction::bsp_flag:
            return row.value | 0x100;
        case ResetAction::activity:
            return 0;
    }
    return ~std::uint64_t{0};
}

class ResetTables : public ::testing::TestWithParam<ResetKind> {};

TEST_P(ResetTables, EveryRowIsApplied) {
    const ArchState before = pattern();
    ArchState after = before;
    apply_reset(after, GetParam(), identity);
    for (const ResetRow& row : reset_table(GetParam()))
        EXPECT_EQ(field(after, row), expected(row, field(before, row))) << row.name << ": " << row.source;
}

TEST_P(ResetTables, NoRowIsMissingOrTwice) {
    std::vector<int> owners(sizeof(ArchState));
    for (const ResetRow& row : reset_table(GetParam())) {
        EXPECT_NE(row.source, nullptr) << row.name;
        for (unsigned i = 0; i < row.size; ++i) ++owners[row.offset + i];
    }
    for (std::size_t i = 0; i < owners.size(); ++i) EXPECT_LE(owners[i], 1) << "byte " << i;
    // Bytes without a row are padding: changing them changes no register.
    const ArchState base = pattern();
    for (std::size_t i = 0; i < owners.size(); ++i) {
        if (owners[i] != 0) continue;
        ArchState changed = base;
        reinterpret_cast<unsigned char*>(&changed)[i] ^= 1;
        EXPECT_TRUE(changed == base) << "byte " << i << " belongs to no row";
    }
}

INSTANTIATE_TEST_SUITE_P(Kinds, ResetTables,
                         ::testing::Values(ResetKind::power_up, ResetKind::reset, ResetKind::init));

// SDM vol. 3A table 9-1, written down a second time.
TEST(ResetValues, AfterReset) {
    ArchState s = pattern();
    apply_reset(s, ResetKind::reset, identity);
    EXPECT_EQ(s.regs.rip, 0xfff0u);
    EXPECT_EQ(s.regs.rflags, 2u);
    EXPECT_EQ(s.regs.gpr[static_cast<unsigned>(Gpr::rdx)], 0x663u);
    const SegmentRegister& cs = s.sregs.seg[static_cast<unsigned>(Seg::cs)];
    EXPECT_EQ(cs, (SegmentRegister{0xffff0000, 0xffff, 0x93, 0xf000}));
    EXPECT_EQ(s.sregs.cr0, 0x60000010u);
    EXPECT_EQ(s.sregs.apic_base, 0xfee00900u);
    EXPECT_EQ(s.fpu.fcw, 0x40);
    EXPECT_EQ(s.fpu.ftw, 0x5555);
    EXPECT_EQ(s.msrs.pat, 0x0007040600070406u);
    EXPECT_EQ(s.events.smbase, 0x30000u);
    EXPECT_EQ(s.tsc, 0u);
    // The error log outlives RESET#.
    EXPECT_EQ(s.msrs.mc_bank[0][1], pattern().msrs.mc_bank[0][1]);
    EXPECT_EQ(s.msrs.mc_bank[0][0], 0u);
}

TEST(ResetValues, InitKeepsWhatTheManualKeeps) {
    const ArchState before = pattern();
    ArchState s = before;
    apply_reset(s, ResetKind::init, identity);
    EXPECT_EQ(s.fpu, before.fpu);
    EXPECT_EQ(s.msrs, before.msrs);
    EXPECT_EQ(s.tsc, before.tsc);
    EXPECT_EQ(s.sregs.apic_base, before.sregs.apic_base);
    EXPECT_EQ(s.events.smbase, before.events.smbase);
    EXPECT_EQ(s.events.smi_pending, before.events.smi_pending);
    EXPECT_EQ(s.sregs.cr0, (before.sregs.cr0 & 0x60000000) | 0x10);
    EXPECT_EQ(s.sregs.efer, 0u);
    EXPECT_EQ(s.sregs.cr4, 0u);
    EXPECT_EQ(s.debug, DebugRegisters{});
}

TEST(ResetValues, ApplicationProcessorWaits) {
    ArchState s;
    apply_reset(s, ResetKind::reset, {0x663, false});
    EXPECT_EQ(s.events.activity, ActivityState::wait_for_sipi);
    EXPECT_EQ(s.sregs.apic_base, 0xfee00800u);
}

class ResetMachine : public Machine {};

TEST_F(ResetMachine, PowerUpStateIsTheTable) {
    ArchState s;
    apply_reset(s, ResetKind::power_up, identity);
    EXPECT_EQ(cpu->state(), s);
    EXPECT_EQ(cpu->linear_rip(), 0xfffffff0u);
}

TEST_F(ResetMachine, InitFromProtectedModeAndBack) {
    protected_mode();
    SpecialRegisters s = cpu->sregs();
    s.cr0 |= 0x60000000;
    s.cr4 = 0x10;
    cpu->set_sregs(s);
    FpuState fpu = cpu->fpu();
    fpu.fcw = 0x37f;
    cpu->set_fpu(fpu);
    EventState e = cpu->events();
    e.smbase = 0xa0000;
    cpu->set_events(e);
    EXPECT_TRUE(cpu->take_init_now());
    EXPECT_EQ(cpu->linear_rip(), 0xfffffff0u);
    EXPECT_EQ(cpu->sregs().cr0, 0x60000010u);
    EXPECT_EQ(cpu->sregs().cr4, 0u);
    EXPECT_EQ(cpu->fpu().fcw, 0x37f);
    EXPECT_EQ(cpu->events().smbase, 0xa0000u);
    cpu->reset(false);
    EXPECT_EQ(cpu->fpu().fcw, 0x40);
    EXPECT_EQ(cpu->events().smbase, 0x30000u);
}

TEST_F(ResetMachine, InitWakesHaltAndShutdown) {
    for (const ActivityState a : {ActivityState::halted, ActivityState::shutdown}) {
        EventState e = cpu->events();
        e.activity = a;
        cpu->set_events(e);
        cpu->pulse_init();
        run(1);
        EXPECT_EQ(cpu->events().activity, ActivityState::running);
    }
}

}  // namespace
}  // namespace southgate::cpu::test
