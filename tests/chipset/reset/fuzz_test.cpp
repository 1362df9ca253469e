// Random accesses, line edges, key strokes and time steps: nothing crashes, and a hard reset always leads
// back to the documented state.
#include <gtest/gtest.h>

#include <random>

#include "tests/chipset/reset/board.h"

namespace southgate::chipset::test {
namespace {

class RegisterFuzz : public testing::TestWithParam<int> {};

TEST_P(RegisterFuzz, SurvivesAndComesBack) {
    const int variant = GetParam();
    const Southbridge southbridge = variant & 1 ? Southbridge::ich9 : Southbridge::piix;
    Board board({.timing = variant & 2 ? ResetTiming::datasheet(southbridge) : ResetTiming::zero(),
                 .personality = variant & 4 ? Personality::qemu() : Personality::strict(),
                 .southbridge = southbridge,
                 .wake_after_off = 1'000'000'000});
    std::mt19937 random(static_cast<unsigned>(variant));
    LineDriver* const drivers[] = {&board.shutdown,   &board.s5,          &board.s3,
                                   &board.wake,       &board.host_init,   &board.reset_button,
                                   &board.host_reset, &board.power_button};
    for (int step = 0; step < 20000; ++step) {
        const auto data = static_cast<std::uint32_t>(random());
        const unsigned size = 1u << random() % 3;
        const auto offset = random() % 9;
        Initiator& io = random() % 2 ? board.kbd : random() % 2 ? board.p92 : board.cf9;
        io.delay = ps(random() % 1'000'000);
        switch (random() % 16) {
            case 0:
                run_for(static_cast<double>(random() % 3000), sc_core::SC_US);
                break;
            case 1:
                board.kbc.type_text("aZ<pause><ctrl-alt-del>");
                break;
            case 2:
                board.kbc.move_mouse(static_cast<int>(random()), static_cast<int>(random()), data & 0xff);
                break;
            case 3:
                drivers[random() % std::size(drivers)]->set(data & 1);
                break;
            case 4:
                io.peek(offset, size);
                io.poke(offset, data, size);
                break;
            case 5:
            case 6:
            case 7:
                io.read(offset, size);
                break;
            case 8:
                board.kbd.write(4, data & 0xff);
                break;
            default:
                io.write(offset, data, size);
                break;
        }
    }
    for (LineDriver* driver : drivers) driver->set(false);
    run_for(10, sc_core::SC_SEC);
    board.reset.press_power_button();
    run_for(10, sc_core::SC_SEC);
    ASSERT_TRUE(board.reset.is_powered());
    board.host_reset.pulse();
    run_for(1, sc_core::SC_SEC);
    EXPECT_FALSE(board.cpurst.level() || board.pcirst.level() || board.rstdrv.level() || board.init.level());
    EXPECT_EQ(board.cf9.read(0), 0u);
    EXPECT_EQ(board.p92.read(0) & 1, 0u);
    EXPECT_FALSE(board.a20m.level());
    EXPECT_EQ(board.kbc.output_port() & 0x0f, 0x0f);
}

INSTANTIATE_TEST_SUITE_P(Variants, RegisterFuzz, testing::Range(0, 8));

}  // namespace
}  // namespace southgate::chipset::test
