// Random cycles against a flash: nothing may crash or write outside, and only programs and erases change contents.
#include <gtest/gtest.h>

#include <random>

#include "chipset/flash/nor_flash.h"
#include "tests/chipset/harness.h"

namespace southgate::chipset::flash {
namespace {

using namespace chipset::test;

class FlashFuzz : public testing::TestWithParam<unsigned> {};

TEST_P(FlashFuzz, SurvivesAnything) {
    std::mt19937 random(GetParam());
    const auto pick = [&](unsigned n) { return static_cast<std::uint32_t>(random() % n); };
    constexpr std::uint32_t size = 0x3000;
    NorFlash flash("flash", FlashStore(std::vector<std::uint8_t>(size, 0xff)),
                   {.clear_status_clears_ready = GetParam() % 2 != 0});
    Initiator port(flash.socket);
    LineDriver pcirst(flash.pcirst);
    run();
    const std::uint8_t commands[] = {0xff, 0x70, 0x50, 0x90, 0x98, 0x40, 0x10, 0x20, 0xd0, 0xe8, 0xb0, 0x60, 0x01};
    unsigned bits_set_again = 0;
    for (unsigned step = 0; step < 10000; ++step) {
        const unsigned bytes = 1u << pick(4);
        const std::uint32_t near_end = size - 4 + pick(8);
        const std::uint32_t offset = pick(8) == 0 ? near_end : pick(size);
        const std::vector<std::uint8_t> before(flash.store().bytes().begin(), flash.store().bytes().end());
        switch (pick(8)) {
            case 0: port.read(offset, bytes); break;
            case 1: ASSERT_EQ(port.peek(offset, bytes), port.peek(offset, bytes)); break;
            case 2: port.poke(offset, random(), bytes); break;
            case 3:
                if (pick(50) == 0) pcirst.pulse();
                break;
            case 4: port.write(offset, pick(40), 1); break;
            case 5: port.write(offset, random(), bytes); break;
            default: port.write(offset, commands[pick(sizeof commands)], 1); break;
        }
        const auto after = flash.store().bytes();
        ASSERT_EQ(after.size(), size);
        for (std::uint32_t i = 0; i < size; ++i)
            if (after[i] & ~before[i]) {
                ASSERT_EQ(after[i], 0xff) << "only an erase sets bits";
                ++bits_set_again;
            }
    }
    EXPECT_GT(bits_set_again, 0u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, FlashFuzz, testing::Values(1u, 2u));

}  // namespace
}  // namespace southgate::chipset::flash
