// Power sequencing: power-on, soft off, suspend, buttons, wake.
#include <gtest/gtest.h>

#include "tests/chipset/reset/board.h"

namespace southgate::chipset::test {
namespace {

using sc_core::SC_MS;
using sc_core::SC_SEC;
using sc_core::sc_time;
using sc_core::SC_US;

BoardConfig datasheet() { return {.timing = ResetTiming::datasheet()}; }

const Journal kOff{"pcirst+", "rstdrv+", "cpurst+", "power_good-", "powered_off+"};
const Journal kOn{"powered_off-", "power_good+", "pcirst-", "rstdrv-", "cpurst-"};

TEST(Power, HeldInResetUntilPoweredOn) {
    Board board;
    EXPECT_EQ(board.at_elaboration, (Journal{"pcirst+", "rstdrv+", "cpurst+"}));
    EXPECT_EQ(board.at_power_on,
              (Journal{"pcirst+", "rstdrv+", "cpurst+", "power_good+", "pcirst-", "rstdrv-", "cpurst-"}));
    EXPECT_FALSE(board.a20m.level());
    EXPECT_TRUE(board.reset.resume_well_ok.level());
    board.reset.power_on();
    EXPECT_TRUE(board.journal.empty());
}

TEST(Power, SoftOffStaysOffUntilThePowerButton) {
    Board board;
    board.p92.write(0, 0x02);
    board.forget();
    board.s5.pulse();
    EXPECT_EQ(board.journal, kOff);
    EXPECT_EQ(board.observed.sources, Journal{"s5"});
    EXPECT_FALSE(board.reset.is_powered());
    board.forget();
    board.p92.write(0, 0x01);
    board.cf9.write(0, 0x06);
    board.shutdown.pulse();
    board.reset.press_reset_button();
    board.s5.pulse();
    run_for(100, SC_SEC);
    EXPECT_TRUE(board.journal.empty());
    EXPECT_TRUE(board.observed.sources.empty());
    board.reset.press_power_button();
    EXPECT_EQ(board.journal, kOn);
    EXPECT_EQ(board.observed.sources, Journal{"power-button"});
}

TEST(Power, SoftOffTiming) {
    Board board(datasheet());
    const auto t0 = sc_core::sc_time_stamp();
    board.s5.pulse();
    EXPECT_TRUE(board.journal.empty());
    run_for(1, SC_MS);
    EXPECT_EQ(board.power_good.falls.at(0) - t0, sc_time(91.5, SC_US));
    const auto t1 = sc_core::sc_time_stamp();
    board.power_button.pulse();
    run_for(1, SC_SEC);
    EXPECT_EQ(board.power_good.rises.at(0) - t1, sc_time(300, SC_MS));
    EXPECT_EQ(board.pcirst.falls.at(0) - t1, sc_time(301, SC_MS));
    EXPECT_EQ(board.cpurst.falls.at(0) - t1, sc_time(302, SC_MS));
}

TEST(Power, WakesByItselfWhenConfigured) {
    Board board({.wake_after_off = 5'000'000'000'000});
    const auto t0 = sc_core::sc_time_stamp();
    board.reset.request_soft_off(t0);
    run_for(4, SC_SEC);
    EXPECT_FALSE(board.reset.is_powered());
    run_for(2, SC_SEC);
    EXPECT_EQ(board.power_good.rises.at(0) - t0, sc_time(5, SC_SEC));
    EXPECT_EQ(board.observed.sources, (Journal{"s5", "wake"}));
}

TEST(Power, ZeroWakeCyclesInsideTheCall) {
    Board board({.wake_after_off = 0});
    board.s5.pulse();
    Journal expected = kOff;
    expected.insert(expected.end(), kOn.begin(), kOn.end());
    EXPECT_EQ(board.journal, expected);
}

TEST(Power, SuspendIsNotOff) {
    Board board;
    board.s3.pulse();
    EXPECT_EQ(board.journal, (Journal{"pcirst+", "rstdrv+", "cpurst+", "power_good-"}));
    board.wake.pulse();
    EXPECT_TRUE(board.power_good.level());
    EXPECT_EQ(board.observed.sources, (Journal{"s3", "wake"}));
    board.wake.pulse();
    EXPECT_EQ(board.observed.sources.size(), 2u);
}

TEST(Power, ShortPressReachesPowerManagementOnly) {
    Board board;
    board.power_button.set(true);
    run_for(3.9, SC_SEC);
    board.power_button.set(false);
    run_for(1, SC_SEC);
    EXPECT_EQ(board.journal, (Journal{"pwrbtn+", "pwrbtn-"}));
    EXPECT_TRUE(board.observed.sources.empty());
}

TEST(Power, FourSecondPressSwitchesOff) {
    Board board;
    board.power_button.set(true);
    run_for(4.1, SC_SEC);
    EXPECT_TRUE(board.powered_off.level());
    EXPECT_FALSE(board.pwrbtn.level());
    EXPECT_EQ(board.observed.sources, Journal{"power-button"});
    board.power_button.set(false);
    board.power_button.set(true);
    EXPECT_TRUE(board.power_good.level());
}

TEST(Power, ResetButtonPullsPowerGoodWhileHeld) {
    Board board(datasheet());
    board.p92.write(0, 0x02);
    const auto t0 = sc_core::sc_time_stamp();
    board.reset_button.set(true);
    EXPECT_EQ(board.journal, (Journal{"pcirst+", "rstdrv+", "cpurst+", "power_good-"}));
    run_for(20, SC_MS);
    EXPECT_FALSE(board.power_good.level());
    board.reset_button.set(false);
    run_for(5, SC_MS);
    EXPECT_EQ(board.power_good.rises.at(0) - t0, sc_time(20, SC_MS));
    EXPECT_EQ(board.cpurst.falls.at(0) - t0, sc_time(22, SC_MS));
    EXPECT_EQ(board.p92.read(0), 0x00u);
    EXPECT_TRUE(board.powered_off.rises.empty());
}

TEST(Power, ResetButtonHasALeastWidth) {
    Board board(datasheet());
    const auto t0 = sc_core::sc_time_stamp();
    board.reset.press_reset_button();
    run_for(10, SC_MS);
    EXPECT_EQ(board.power_good.rises.at(0) - t0, sc_time(5.5, SC_MS));
    EXPECT_EQ(board.observed.sources, Journal{"reset-button"});
}

TEST(Power, ZeroTimingResetButtonIsOver) {
    Board board;
    board.reset.press_reset_button();
    EXPECT_EQ(board.journal, (Journal{"pcirst+", "rstdrv+", "cpurst+", "power_good-", "power_good+",
                                      "pcirst-", "rstdrv-", "cpurst-"}));
}

TEST(Power, LossOfPowerDropsWhatWasPending) {
    Board board(datasheet());
    board.s5.pulse();
    run_for(91.4, SC_US);
    board.p92.write(0, 0x01);
    board.cf9.write(0, 0x06);
    run_for(10, SC_MS);
    EXPECT_EQ(board.journal, kOff);
}

}  // namespace
}  // namespace southgate::chipset::test
