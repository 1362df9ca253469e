// Ports 92h and CF9h, INIT# generator, A20M#: rules P92-*, CF9-* and the test vectors T1..T12 of
// docs/reset.md.
#include <gtest/gtest.h>

#include "tests/chipset/reset/board.h"

namespace southgate::chipset::test {
namespace {

using sc_core::SC_NS;
using sc_core::SC_US;

BoardConfig datasheet(Southbridge southbridge = Southbridge::piix) {
    return {.timing = ResetTiming::datasheet(southbridge), .southbridge = southbridge};
}
BoardConfig with(bool Personality::*option) {
    BoardConfig config;
    config.personality.*option = true;
    return config;
}

TEST(Port92, T1InitKeepsTheRegister) {
    Board board;
    board.p92.write(0, 0x00);
    board.p92.write(0, 0x01);
    EXPECT_EQ(board.journal, kInitPulse);
    EXPECT_EQ(board.p92.read(0), 0x01u);
    EXPECT_EQ(board.observed.sources, Journal{"port92"});
}

TEST(Port92, T2T3OnlyARisingEdgeFires) {
    Board board;
    board.p92.write(0, 0x01);
    board.forget();
    board.p92.write(0, 0x01);
    EXPECT_TRUE(board.journal.empty());
    EXPECT_TRUE(board.observed.sources.empty());
    board.p92.write(0, 0x00);
    EXPECT_TRUE(board.journal.empty());
    board.p92.write(0, 0x01);
    EXPECT_EQ(board.journal, kInitPulse);
}

TEST(Port92, BothBitsInOneWriteOpenA20First) {
    Board board;
    board.kbd.write(4, 0xdd);
    ASSERT_TRUE(board.a20m.level());
    board.forget();
    board.p92.write(0, 0x03);
    EXPECT_EQ(board.journal, (Journal{"a20m-", "init+", "init-"}));
}

TEST(Port92, ReservedBitsReadZero) {
    Board board;
    board.p92.write(0, 0xfe);
    EXPECT_EQ(board.p92.read(0), 0x02u);
}

TEST(Port92, DatasheetTimingDelaysThePulse) {
    Board board(datasheet());
    const auto t0 = sc_core::sc_time_stamp();
    board.p92.write(0, 0x01);
    EXPECT_TRUE(board.journal.empty());
    run_for(10, SC_US);
    ASSERT_EQ(board.journal, kInitPulse);
    EXPECT_EQ(board.init.rises[0] - t0, sc_core::sc_time(200, SC_NS));
    EXPECT_EQ(board.init.falls[0] - board.init.rises[0], sc_core::sc_time(1920, SC_NS));
}

TEST(Port92, LocalTimeOfTheInitiatorCounts) {
    Board board(datasheet());
    const auto t0 = sc_core::sc_time_stamp();
    board.p92.delay = sc_core::sc_time(700, SC_NS);
    board.p92.write(0, 0x01);
    run_for(10, SC_US);
    EXPECT_EQ(board.init.rises.at(0) - t0, sc_core::sc_time(900, SC_NS));
}

TEST(Port92, RetriggerExtendsThePulseWithoutANewEdge) {
    Board board(datasheet());
    board.p92.write(0, 0x01);
    run_for(1, SC_US);
    board.p92.write(0, 0x00);
    board.p92.write(0, 0x01);
    run_for(10, SC_US);
    ASSERT_EQ(board.journal, kInitPulse);
    EXPECT_EQ(board.init.falls[0] - board.init.rises[0], sc_core::sc_time(1000 + 1920, SC_NS));
}

TEST(Port92, DebugWritesFireNothing) {
    Board board;
    board.p92.poke(0, 0x01);
    board.cf9.poke(0, 0x06);
    EXPECT_TRUE(board.journal.empty());
    EXPECT_TRUE(board.observed.sources.empty());
}

// --- CF9h ---

struct ActionRow {
    std::uint8_t first, second;  // two writes; the first makes the stored bit 2
    const char* source;          // of the second write, "" = none
    enum { nothing, soft, hard } piix;
};

class Cf9Action : public testing::TestWithParam<ActionRow> {};

TEST_P(Cf9Action, FollowsTheTable) {
    const ActionRow& row = GetParam();
    Board board;
    board.cf9.write(0, row.first);
    board.forget();
    board.cf9.write(0, row.second);
    EXPECT_EQ(board.journal, row.piix == ActionRow::nothing ? Journal{}
                             : row.piix == ActionRow::soft  ? kInitPulse
                                                            : kHardReset);
    EXPECT_EQ(board.observed.sources, *row.source ? Journal{row.source} : Journal{});
}

INSTANTIATE_TEST_SUITE_P(Piix, Cf9Action,
                         testing::Values(ActionRow{0x00, 0x02, "", ActionRow::nothing},
                                         ActionRow{0x00, 0x0a, "", ActionRow::nothing},
                                         ActionRow{0x00, 0xf9, "", ActionRow::nothing},
                                         ActionRow{0x00, 0x04, "cf9-soft", ActionRow::soft},
                                         ActionRow{0x02, 0x04, "cf9-soft", ActionRow::soft},
                                         ActionRow{0x00, 0x06, "cf9-hard", ActionRow::hard},
                                         ActionRow{0x02, 0x06, "cf9-hard", ActionRow::hard},
                                         ActionRow{0x00, 0x0c, "cf9-soft", ActionRow::soft},
                                         ActionRow{0x00, 0x0e, "cf9-full", ActionRow::hard},
                                         ActionRow{0x0a, 0x0e, "cf9-full", ActionRow::hard},
                                         ActionRow{0x00, 0x0f, "cf9-full", ActionRow::hard},
                                         ActionRow{0x04, 0x04, "", ActionRow::nothing},
                                         ActionRow{0x04, 0x06, "", ActionRow::nothing},
                                         ActionRow{0x04, 0x0e, "", ActionRow::nothing},
                                         ActionRow{0x04, 0x02, "", ActionRow::nothing}));

TEST(Cf9, T4T5SoftResetLatchesBit2ThoughItReadsZero) {
    Board board;
    board.cf9.write(0, 0x00);
    board.cf9.write(0, 0x04);
    EXPECT_EQ(board.journal, kInitPulse);
    EXPECT_EQ(board.cf9.read(0), 0x00u);
    board.forget();
    board.cf9.write(0, 0x04);
    EXPECT_TRUE(board.journal.empty());
    board.cf9.write(0, 0x00);
    board.cf9.write(0, 0x04);
    EXPECT_EQ(board.journal, kInitPulse);
}

TEST(Cf9, T6HardResetReloadsBothRegisters) {
    Board board;
    board.p92.write(0, 0x03);
    board.cf9.write(0, 0x02);
    EXPECT_EQ(board.cf9.read(0), 0x02u);
    board.forget();
    board.cf9.write(0, 0x06);
    EXPECT_EQ(board.journal, kHardReset);
    EXPECT_EQ(board.cf9.read(0), 0x00u);
    EXPECT_EQ(board.p92.read(0), 0x00u);
    board.forget();
    board.cf9.write(0, 0x06);  // bit 2 was reloaded: a new edge
    EXPECT_EQ(board.journal, kHardReset);
}

TEST(Cf9, T6DatasheetTiming) {
    Board board(datasheet());
    const auto t0 = sc_core::sc_time_stamp();
    board.cf9.write(0, 0x06);
    EXPECT_TRUE(board.journal.empty());
    run_for(3, sc_core::SC_MS);
    EXPECT_EQ(board.journal, kHardReset);
    EXPECT_EQ(board.pcirst.rises.at(0) - t0, sc_core::sc_time(200, SC_NS));
    EXPECT_EQ(board.cpurst.rises.at(0) - t0, sc_core::sc_time(200, SC_NS));
    EXPECT_EQ(board.pcirst.falls.at(0) - board.pcirst.rises.at(0), sc_core::sc_time(1, sc_core::SC_MS));
    EXPECT_EQ(board.rstdrv.falls.at(0) - board.rstdrv.rises.at(0), sc_core::sc_time(1, sc_core::SC_MS));
    EXPECT_EQ(board.cpurst.falls.at(0) - board.cpurst.rises.at(0), sc_core::sc_time(2, sc_core::SC_MS));
}

TEST(Cf9, T7SoftThenHardWithoutClearingBit2) {
    Board board;
    board.cf9.write(0, 0x04);
    board.cf9.write(0, 0x06);
    EXPECT_EQ(board.journal, kInitPulse);
}

TEST(Cf9, SoftResetKeepsPort92) {
    Board board;
    board.p92.write(0, 0x03);
    board.cf9.write(0, 0x04);
    EXPECT_EQ(board.p92.read(0), 0x03u);
}

TEST(Cf9, HardResetEndsAnInitPulseAndWins) {
    Board board(datasheet());
    board.p92.write(0, 0x01);
    run_for(1, SC_US);
    ASSERT_TRUE(board.init.level());
    board.cf9.write(0, 0x06);
    run_for(0.5, SC_US);
    EXPECT_FALSE(board.init.level());
    EXPECT_TRUE(board.cpurst.level());
    board.shutdown.pulse();
    board.p92.write(0, 0x01);
    run_for(5, sc_core::SC_MS);
    EXPECT_EQ(board.init.rises.size(), 1u);
}

TEST(Cf9, RepeatedHardResetRestartsTheWidths) {
    Board board(datasheet());
    board.cf9.write(0, 0x06);
    run_for(1.5, sc_core::SC_MS);
    EXPECT_FALSE(board.pcirst.level());
    board.host_reset.pulse();
    run_for(1.9, sc_core::SC_MS);
    EXPECT_TRUE(board.cpurst.level());
    run_for(0.2, sc_core::SC_MS);
    EXPECT_FALSE(board.cpurst.level());
    EXPECT_EQ(board.cpurst.rises.size(), 1u);
    EXPECT_EQ(board.pcirst.rises.size(), 2u);
}

// --- other sources ---

TEST(InitSources, ShutdownCycle) {
    Board board;
    board.shutdown.pulse();
    EXPECT_EQ(board.journal, kInitPulse);
    EXPECT_EQ(board.observed.sources, Journal{"shutdown"});
    board.reset.request_shutdown_init(sc_core::sc_time_stamp());
    EXPECT_EQ(board.init.rises.size(), 2u);
}

TEST(InitSources, ShutdownTiming) {
    Board board(datasheet());
    const auto t0 = sc_core::sc_time_stamp();
    board.shutdown.pulse();
    run_for(5, SC_US);
    EXPECT_EQ(board.init.rises.at(0) - t0, sc_core::sc_time(1, SC_US));
}

TEST(InitSources, HostBridge) {
    Board board;
    board.host_init.pulse();
    EXPECT_EQ(board.journal, kInitPulse);
    board.forget();
    board.host_reset.pulse();
    EXPECT_EQ(board.journal, kHardReset);
    EXPECT_EQ(board.observed.sources, Journal{"trc-hard"});
}

TEST(InitSources, ObserverSeesEveryEdge) {
    Board board;
    board.p92.write(0, 0x01);
    board.cf9.write(0, 0x06);
    Journal expected{"init+", "init-"};
    expected.insert(expected.end(), kHardReset.begin(), kHardReset.end());
    EXPECT_EQ(board.observed.lines, expected);
}

// --- A20M# ---

TEST(A20, IsTheOrOfBothLatches) {
    Board board;
    for (const bool kbc : {false, true})
        for (const bool port : {false, true}) {
            board.kbd.write(4, kbc ? 0xdf : 0xdd);
            board.p92.write(0, port ? 0x02 : 0x00);
            EXPECT_EQ(board.a20m.level(), !(kbc || port)) << kbc << port;
        }
}

TEST(A20, InitKeepsItMaskedOnPiixAndHardResetOpensIt) {
    Board board;
    board.kbd.write(4, 0xdd);
    board.p92.write(0, 0x01);
    EXPECT_TRUE(board.a20m.level());
    board.cf9.write(0, 0x06);
    EXPECT_FALSE(board.a20m.level());
}

TEST(A20, T12Ich9InitSetsAltA20) {
    Board board({.southbridge = Southbridge::ich9});
    board.kbd.write(4, 0xdd);
    board.forget();
    board.cf9.write(0, 0x04);
    EXPECT_EQ(board.journal, (Journal{"a20m-", "init+", "init-"}));
    EXPECT_EQ(board.p92.read(0), 0x02u);
}

TEST(A20, QemuLastWriterWins) {
    Board board(with(&Personality::a20_last_writer));
    board.kbd.write(4, 0xdd);
    EXPECT_TRUE(board.a20m.level());
    board.p92.write(0, 0x02);
    EXPECT_FALSE(board.a20m.level());
    board.p92.write(0, 0x00);
    EXPECT_TRUE(board.a20m.level());
    board.kbd.write(4, 0xdf);
    EXPECT_FALSE(board.a20m.level());
    board.p92.write(0, 0x00);
    EXPECT_TRUE(board.a20m.level());
}

// --- ICH9 ---

TEST(Ich9, ReadBackShowsBits3To1) {
    Board board({.southbridge = Southbridge::ich9});
    board.cf9.write(0, 0xfb);
    EXPECT_EQ(board.cf9.read(0), 0x0au);
    board.cf9.write(0, 0x04);
    EXPECT_EQ(board.cf9.read(0), 0x04u);
}

TEST(Ich9, InitIs16PciClocks) {
    Board board(datasheet(Southbridge::ich9));
    board.p92.write(0, 0x01);
    run_for(5, SC_US);
    EXPECT_EQ(board.init.falls.at(0) - board.init.rises.at(0), sc_core::sc_time(480, SC_NS));
}

TEST(Ich9, T8FullResetCyclesPower) {
    Board board(datasheet(Southbridge::ich9));
    const auto t0 = sc_core::sc_time_stamp();
    board.cf9.write(0, 0x0e);
    run_for(5, sc_core::SC_SEC);
    EXPECT_EQ(board.journal, (Journal{"pcirst+", "rstdrv+", "cpurst+", "power_good-", "power_good+",
                                      "pcirst-", "rstdrv-", "cpurst-"}));
    EXPECT_GE(board.cpurst.falls.at(0) - t0, sc_core::sc_time(3, sc_core::SC_SEC));
    EXPECT_EQ(board.cf9.read(0), 0u);
    EXPECT_EQ(board.observed.sources, Journal{"cf9-full"});
}

TEST(Ich9, StoredFullRstTurnsTheResetButtonIntoAPowerCycle) {
    Board board({.southbridge = Southbridge::ich9});
    board.reset.press_reset_button();
    EXPECT_EQ(board.journal, kHardReset);
    board.cf9.write(0, 0x08);
    board.forget();
    board.reset.press_reset_button();
    EXPECT_EQ(board.power_good.falls.size(), 1u);
    EXPECT_TRUE(board.power_good.level());
}

// --- personalities ---

TEST(QemuPersonality, InitSourcesResetTheMachine) {
    Board board(with(&Personality::init_resets_machine));
    board.p92.write(0, 0x01);
    EXPECT_EQ(board.journal, kHardReset);
    EXPECT_EQ(board.p92.read(0), 0x00u);
    board.forget();
    board.kbd.write(4, 0xfe);
    EXPECT_EQ(board.journal, kHardReset);
    board.forget();
    board.cf9.write(0, 0x04);
    EXPECT_EQ(board.journal, kHardReset);
    EXPECT_EQ(board.observed.sources, Journal{"cf9-soft"});
    board.forget();
    board.shutdown.pulse();
    EXPECT_EQ(board.journal, kHardReset);
}

TEST(QemuPersonality, Cf9IsLevelTriggered) {
    Board board(with(&Personality::cf9_level_triggered));
    board.cf9.write(0, 0x04);
    board.cf9.write(0, 0x04);
    EXPECT_EQ(board.init.rises.size(), 2u);
    board.cf9.write(0, 0x06);
    EXPECT_EQ(board.cpurst.rises.size(), 1u);
}

TEST(QemuPersonality, Cf9IgnoresTheType) {
    Board board(with(&Personality::cf9_ignores_type));
    board.cf9.write(0, 0x04);
    EXPECT_EQ(board.journal, kHardReset);
}

TEST(QemuPersonality, Port92SurvivesAndStores) {
    BoardConfig config = with(&Personality::port92_a20_survives_reset);
    config.personality.port92_stores_reserved = true;
    Board board(config);
    board.p92.write(0, 0xa7);
    EXPECT_EQ(board.p92.read(0), 0xa7u);
    board.cf9.write(0, 0x06);
    EXPECT_EQ(board.p92.read(0), 0xa6u);
}

TEST(QemuPersonality, OptionsAreNamedOnceAndStrictIsNone) {
    Personality all = Personality::qemu();
    for (std::size_t i = 0; i < kPersonalityOptions.size(); ++i) {
        EXPECT_FALSE(Personality::strict().*kPersonalityOptions[i].member);
        EXPECT_TRUE(all.*kPersonalityOptions[i].member);
        all.*kPersonalityOptions[i].member = false;
        for (std::size_t j = 0; j < i; ++j)
            EXPECT_NE(kPersonalityOptions[i].name, kPersonalityOptions[j].name);
    }
    EXPECT_EQ(all, Personality::strict());
}

TEST(ResetTimingTable, CoversEveryField) {
    EXPECT_EQ(kResetTimingFields.size() * sizeof(std::uint64_t), sizeof(ResetTiming));
    ResetTiming timing = ResetTiming::datasheet(Southbridge::ich9);
    for (const auto& field : kResetTimingFields) timing.*field.member = 0;
    timing.power_button_override = ResetTiming::zero().power_button_override;
    EXPECT_EQ(timing, ResetTiming::zero());
}

}  // namespace
}  // namespace southgate::chipset::test
