// Random accesses, lines, resets and time: nothing may crash, and debug accesses may change nothing.
#include <gtest/gtest.h>

#include <random>

#include "tests/chipset/hpet/hpet_bench.h"

namespace southgate::chipset {
namespace {

using namespace sc_core;
using namespace test;

TEST(HpetFuzz, NothingCrashes) {
    HpetBench b;
    run();
    std::mt19937_64 random(0x8086a201);
    const auto pick = [&](std::uint64_t n) { return random() % n; };
    for (unsigned step = 0; step < 60000; ++step) {
        const unsigned size = 1u << pick(4);
        std::uint64_t offset = pick(0x16) * 0x10 + pick(4) * 4;
        if (pick(8) == 0) offset = pick(0x408);
        b.port.delay = sc_time(static_cast<double>(pick(2000)), SC_NS);
        // Small numbers make matches, large ones overflows.
        const std::uint64_t data = pick(2) ? pick(2000) : random();
        switch (pick(10)) {
            case 0:
                // Short, since a hostile timer may expire at every tick.
                run(sc_time(static_cast<double>(2000 + pick(20000)), SC_NS));
                break;
            case 1:
                b.pit.set(pick(2) != 0);
                b.rtc.set(pick(2) != 0);
                if (pick(60) == 0) b.pcirst.pulse();
                break;
            case 2:
                ASSERT_EQ(b.port.peek(offset, size), b.port.peek(offset, size));
                break;
            case 3:
            case 4:
                b.read(static_cast<unsigned>(offset), size);
                break;
            case 5:
                b.write(kGenConf, pick(4));
                break;
            default:
                b.write(static_cast<unsigned>(offset), data, size);
                break;
        }
    }
}

}  // namespace
}  // namespace southgate::chipset
