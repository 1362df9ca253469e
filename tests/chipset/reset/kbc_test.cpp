// The 8042: commands, output port, reset and A20 lines (rules KBC-1..KBC-5, vectors T10 and T11), interrupts.
#include <gtest/gtest.h>

#include "tests/chipset/reset/board.h"

namespace southgate::chipset::test {
namespace {

using sc_core::SC_MS;
using sc_core::SC_US;

constexpr unsigned kData = 0, kCommand = 4;

std::uint64_t ask(Board& board, std::uint8_t command) {
    board.kbd.write(kCommand, command);
    EXPECT_TRUE(board.kbd.read(kCommand) & 1);
    return board.kbd.read(kData);
}

TEST(Kbc, T10PulseCommands) {
    Board board;
    board.kbd.write(kCommand, 0xfe);
    EXPECT_EQ(board.journal, kInitPulse);
    EXPECT_EQ(board.observed.sources, Journal{"kbc-pulse"});
    board.forget();
    board.kbd.write(kCommand, 0xf0);
    EXPECT_EQ(board.journal, (Journal{"a20m+", "init+", "init-", "a20m-"}));
    board.forget();
    board.kbd.write(kCommand, 0xff);
    EXPECT_TRUE(board.journal.empty());
    board.kbd.write(kCommand, 0xfd);
    EXPECT_EQ(board.journal, (Journal{"a20m+", "a20m-"}));
    EXPECT_TRUE(board.observed.sources.empty());
}

TEST(Kbc, T10DatasheetTiming) {
    Board board({.timing = ResetTiming::datasheet()});
    const auto t0 = sc_core::sc_time_stamp();
    board.kbd.write(kCommand, 0xfc);
    EXPECT_EQ(board.kbd.read(kCommand) & 2, 2u) << "IBF while the 8042 works";
    board.kbd.write(kCommand, 0xfe);  // lost
    run_for(200, SC_US);
    EXPECT_EQ(board.kbd.read(kCommand) & 2, 0u);
    EXPECT_EQ(board.journal, (Journal{"a20m+", "init+", "init-", "a20m-"}));
    EXPECT_EQ(board.init.rises.at(0) - t0, sc_core::sc_time(100, SC_US));
    EXPECT_EQ(board.a20m.falls.at(0) - board.a20m.rises.at(0), sc_core::sc_time(6, SC_US));
}

TEST(Kbc, T11HeldResetLineMakesOneInit) {
    Board board;
    for (int i = 0; i < 2; ++i) {
        board.kbd.write(kCommand, 0xd1);
        board.kbd.write(kData, 0xde);
    }
    EXPECT_EQ(board.init.rises.size(), 1u);
    EXPECT_EQ(board.observed.sources, Journal{"kbc-output-port"});
    board.kbd.write(kCommand, 0xfe);
    EXPECT_EQ(board.init.rises.size(), 1u);
    board.kbd.write(kCommand, 0xd1);
    board.kbd.write(kData, 0xdf);
    board.kbd.write(kCommand, 0xd1);
    board.kbd.write(kData, 0xde);
    EXPECT_EQ(board.init.rises.size(), 2u);
}

TEST(Kbc, A20Commands) {
    Board board;
    board.kbd.write(kCommand, 0xd1);
    board.kbd.write(kData, 0xdd);
    EXPECT_TRUE(board.a20m.level());
    EXPECT_EQ(ask(board, 0xd0), 0xcdu);
    board.kbd.write(kCommand, 0xdf);
    EXPECT_FALSE(board.a20m.level());
    EXPECT_EQ(ask(board, 0xd0), 0xcfu);
    board.p92.write(0, 0x02);
    board.kbd.write(kCommand, 0xdd);
    EXPECT_EQ(ask(board, 0xd0) & 2, 0u) << "D0h shows the latch, not port 92h";
    EXPECT_FALSE(board.a20m.level());
}

TEST(Kbc, SelfTestOpensA20AndReloads) {
    Board board;
    EXPECT_EQ(board.kbd.read(kCommand) & 4, 0u);
    board.kbd.write(kCommand, 0x60);
    board.kbd.write(kData, 0x43);
    board.kbd.write(kCommand, 0xdd);
    EXPECT_EQ(ask(board, 0xaa), 0x55u);
    EXPECT_EQ(board.kbd.read(kCommand) & 4, 4u);
    EXPECT_FALSE(board.a20m.level());
    EXPECT_EQ(ask(board, 0x20), 0x34u);
}

TEST(Kbc, QemuSelfTestKeepsState) {
    BoardConfig config;
    config.personality.kbc_self_test_keeps_state = true;
    Board board(config);
    board.kbd.write(kCommand, 0x60);
    board.kbd.write(kData, 0x40);
    board.kbd.write(kCommand, 0xdd);
    EXPECT_EQ(ask(board, 0xaa), 0x55u);
    EXPECT_TRUE(board.a20m.level());
    EXPECT_EQ(ask(board, 0x20), 0x44u);
}

TEST(Kbc, QemuPulseCommands) {
    BoardConfig config;
    config.personality.kbc_pulse_resets_only = true;
    Board board(config);
    board.kbd.write(kCommand, 0xf0);
    EXPECT_EQ(board.journal, kInitPulse);
    board.forget();
    board.kbd.write(kCommand, 0xfd);
    EXPECT_TRUE(board.journal.empty());
}

TEST(Kbc, CommandByteAndTests) {
    Board board;
    board.kbd.write(kCommand, 0x60);
    board.kbd.write(kData, 0x65);
    EXPECT_EQ(ask(board, 0x20), 0x65u);
    EXPECT_EQ(board.kbd.read(kCommand) & 4, 4u);
    board.kbd.write(kCommand, 0xad);
    EXPECT_EQ(ask(board, 0x20), 0x75u);
    board.kbd.write(kCommand, 0xae);
    board.kbd.write(kCommand, 0xa8);
    EXPECT_EQ(ask(board, 0x20), 0x45u);
    board.kbd.write(kCommand, 0xa7);
    EXPECT_EQ(ask(board, 0x20), 0x65u);
    EXPECT_EQ(ask(board, 0xa9), 0x00u);
    EXPECT_EQ(ask(board, 0xab), 0x00u);
    EXPECT_EQ(ask(board, 0xc0), 0x80u);
}

TEST(Kbc, InitKeepsEverythingHardResetReloads) {
    Board board;
    board.kbd.write(kCommand, 0x60);
    board.kbd.write(kData, 0x47);
    board.kbd.write(kCommand, 0xdd);
    board.kbd.write(kCommand, 0xd1);
    board.p92.write(0, 0x01);
    EXPECT_EQ(board.kbc.command_byte(), 0x47);
    EXPECT_EQ(board.kbc.output_port() & 3, 1);
    board.cf9.write(0, 0x06);
    EXPECT_EQ(board.kbc.command_byte(), 0x30);
    EXPECT_EQ(board.kbc.output_port(), 0xcf);
    EXPECT_EQ(board.kbd.read(kCommand), 0x10u);
    board.kbd.write(kData, 0xee);  // not the parameter of the forgotten D1h
    EXPECT_EQ(board.kbd.read(kData), 0xeeu);
}

TEST(Kbc, HardResetReleasesAHeldResetLine) {
    Board board;
    board.kbd.write(kCommand, 0xd1);
    board.kbd.write(kData, 0xde);
    board.cf9.write(0, 0x06);
    EXPECT_FALSE(board.kbc.rcin.level());
    board.forget();
    board.kbd.write(kCommand, 0xfe);
    EXPECT_EQ(board.journal, kInitPulse);
}

TEST(Kbc, StatusTellsWhoWroteLast) {
    Board board;
    board.kbd.write(kCommand, 0xae);
    EXPECT_EQ(board.kbd.read(kCommand) & 8, 8u);
    board.kbd.write(kData, 0xee);
    EXPECT_EQ(board.kbd.read(kCommand) & 8, 0u);
}

TEST(Kbc, OutputBufferCommandsRaiseTheirInterrupts) {
    Board board;
    board.kbd.write(kCommand, 0x60);
    board.kbd.write(kData, 0x03);
    board.kbd.write(kCommand, 0xd2);
    board.kbd.write(kData, 0x77);
    EXPECT_TRUE(board.irq1.level());
    EXPECT_EQ(board.kbc.output_port() & 0x30, 0x10);
    EXPECT_EQ(board.kbd.read(kData), 0x77u);
    EXPECT_FALSE(board.irq1.level());
    board.kbd.write(kCommand, 0xd3);
    board.kbd.write(kData, 0x78);
    EXPECT_TRUE(board.irq12.level());
    EXPECT_EQ(board.kbd.read(kCommand) & 0x21, 0x21u);
    EXPECT_EQ(board.kbd.peek(kData), 0x78u);
    EXPECT_TRUE(board.irq12.level());
    EXPECT_EQ(board.kbd.read(kData), 0x78u);
    EXPECT_FALSE(board.irq12.level());
}

TEST(Kbc, SeaBiosSetupSequencePolled) {
    Board board;
    board.kbd.write(kCommand, 0xad);
    board.kbd.write(kCommand, 0xa7);
    EXPECT_EQ(board.kbd.read(kCommand) & 1, 0u);
    EXPECT_EQ(ask(board, 0xaa), 0x55u);
    EXPECT_EQ(ask(board, 0xab), 0x00u);
    const auto command_byte = [&](std::uint8_t value) {
        board.kbd.write(kCommand, 0x60);
        board.kbd.write(kData, value);
    };
    const auto send = [&](std::uint8_t byte, std::vector<std::uint32_t> answers) {
        command_byte(0x20);
        board.kbd.write(kData, byte);
        for (const std::uint32_t answer : answers) {
            ASSERT_TRUE(board.kbd.read(kCommand) & 1);
            EXPECT_EQ(board.kbd.read(kData), answer);
        }
        EXPECT_FALSE(board.kbd.read(kCommand) & 1);
        command_byte(0x30);
    };
    send(0xff, {0xfa, 0xaa});
    send(0xf5, {0xfa});
    send(0xf0, {0xfa});
    send(0x02, {0xfa});
    send(0xf4, {0xfa});
    command_byte(0x61);
    board.kbc.type_text("a");
    run_for(2, SC_MS);
    EXPECT_TRUE(board.irq1.level());
    EXPECT_EQ(board.kbd.read(kData), 0x1eu);
    run_for(25, SC_MS);
    EXPECT_EQ(board.kbd.read(kData), 0x9eu);
}

TEST(Kbc, PacedBytesAreOneByteTimeApart) {
    Board board;
    board.kbd.write(kCommand, 0x60);
    board.kbd.write(kData, 0x01);
    board.kbc.press(keys_from_text("<up>"));  // E0 75, E0 F0 75
    run_for(0.9, SC_MS);
    EXPECT_FALSE(board.irq1.level());
    run_for(0.2, SC_MS);
    ASSERT_TRUE(board.irq1.level());
    EXPECT_EQ(board.kbd.read(kData), 0xe0u);
    EXPECT_FALSE(board.irq1.level());
    run_for(0.9, SC_MS);
    EXPECT_FALSE(board.irq1.level());
    run_for(0.2, SC_MS);
    ASSERT_TRUE(board.irq1.level());
    EXPECT_EQ(board.kbd.read(kData), 0x75u);
}

TEST(Kbc, DisabledInterfaceHoldsBytesBack) {
    Board board;
    board.kbd.write(kCommand, 0xad);
    board.kbc.type_text("x");
    run_for(5, SC_MS);
    EXPECT_EQ(board.kbd.read(kCommand) & 1, 0u);
    board.kbd.write(kCommand, 0xae);
    EXPECT_EQ(board.kbd.read(kCommand) & 1, 1u);
    EXPECT_EQ(board.kbd.read(kData), 0x22u);
}

TEST(Kbc, LongTextWaitsForTheGuest) {
    Board board;
    board.kbc.type_text("the quick brown fox");
    run_for(10, sc_core::SC_SEC);
    EXPECT_GT(board.kbc.keys_waiting(), 0u);
    board.kbd.write(kCommand, 0xae);
    unsigned bytes = 0;
    for (int i = 0; i < 3000; ++i) {
        while (board.kbd.read(kCommand) & 1) board.kbd.read(kData), ++bytes;
        run_for(1, SC_MS);
    }
    EXPECT_EQ(board.kbc.keys_waiting(), 0u);
    EXPECT_EQ(bytes, 19u * 3);
}

TEST(Kbc, MouseSetup) {
    Board board;
    board.kbd.write(kCommand, 0xa8);
    const auto send = [&](std::uint8_t byte, std::vector<std::uint32_t> answers) {
        board.kbd.write(kCommand, 0xd4);
        board.kbd.write(kData, byte);
        for (const std::uint32_t answer : answers) {
            ASSERT_EQ(board.kbd.read(kCommand) & 0x21, 0x21u);
            EXPECT_EQ(board.kbd.read(kData), answer);
        }
        EXPECT_FALSE(board.kbd.read(kCommand) & 1);
    };
    send(0xff, {0xfa, 0xaa, 0x00});
    send(0xf2, {0xfa, 0x00});
    send(0xf3, {0xfa});
    send(0x28, {0xfa});
    send(0xe8, {0xfa});
    send(0x03, {0xfa});
    send(0xe9, {0xfa, 0x00, 0x03, 0x28});
    send(0xf4, {0xfa});
    send(0xe9, {0xfa, 0x20, 0x03, 0x28});
    board.kbc.move_mouse(5, -3, 1);
    for (const std::uint32_t byte : {0x29u, 0x05u, 0xfdu}) EXPECT_EQ(board.kbd.read(kData), byte);
}

}  // namespace
}  // namespace southgate::chipset::test
