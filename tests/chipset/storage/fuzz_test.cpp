// Random accesses, resets and time steps on every socket of the IDE function: nothing may crash, hang or read
// outside.
#include <gtest/gtest.h>

#include "tests/chipset/storage/ide_bench.h"

namespace southgate::chipset::storage {
namespace {

class StorageFuzz : public testing::TestWithParam<unsigned> {};

TEST_P(StorageFuzz, SurvivesAnything) {
    const bool timed = GetParam() % 2;
    IdeBench b(timed ? DriveTiming{} : no_delay());
    std::mt19937 random(GetParam());
    const auto pick = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
    // Commands and packets that exist are more interesting than those that do not.
    const std::uint8_t commands[] = {0x08, 0x20, 0x24, 0x25, 0x29, 0x30, 0x34, 0x35, 0x39,
                                     0x40, 0x90, 0x91, 0xa0, 0xa0, 0xa0, 0xa1, 0xc4, 0xc5,
                                     0xc6, 0xc8, 0xca, 0xe7, 0xec, 0xef, 0xf8};
    const std::uint8_t packets[] = {0x00, 0x03, 0x12, 0x1b, 0x1e, 0x25, 0x28, 0x2b, 0x43,
                                    0x46, 0x4a, 0x51, 0x5a, 0xa8, 0xbb, 0xbd, 0xbe};
    for (auto& byte : b.memory.bytes) byte = static_cast<std::uint8_t>(random());
    b.config.write(0x04, 0x05, 2);
    for (unsigned step = 0; step < 20000; ++step) {
        const unsigned channel = pick(2), size = 1u << pick(3);
        switch (pick(12)) {
            case 0:
                b.command[channel].read(pick(10), size);
                break;
            case 1:
                b.command[channel].write(pick(7), random(), size);
                break;
            case 2:
                b.out(channel, ata::status_command,
                      pick(4) ? commands[pick(sizeof commands)] : random() & 0xff);
                break;
            case 3:
                b.out(channel, ata::device, 0xa0 | pick(2) << 6 | (pick(8) ? 0 : 0x10) | pick(16));
                break;
            case 4:
                for (unsigned n = pick(600); n > 0; --n) b.command[channel].read(ata::data, size);
                break;
            case 5:
                for (unsigned n = pick(600); n > 0; --n) b.command[channel].write(ata::data, random(), size);
                break;
            case 6:
                b.packet({packets[pick(sizeof packets)], static_cast<std::uint8_t>(pick(4)),
                          static_cast<std::uint8_t>(pick(4) ? 0 : random()), 0, 0,
                          static_cast<std::uint8_t>(random()), 0, static_cast<std::uint8_t>(pick(2)),
                          static_cast<std::uint8_t>(random())},
                         pick(4) ? pick(0x10000) : pick(4), pick(2));
                break;
            case 7:
                b.bus_master.write(pick(16), random(), size);
                break;
            case 8:
                b.bus_master.write(8 * channel, pick(2) | pick(2) << 3);
                break;
            case 9:
                b.control[channel].write(0, pick(8) ? 0 : random() & 0xff);
                break;
            case 10:
                if (pick(20) == 0) b.pcirst.set(pick(4) == 0);
                if (pick(10) == 0) b.config.write(pick(250), random(), size);
                if (pick(10) == 0) b.config.write(0x04, 0x05, 2);
                break;
            default:
                b.bus_master.read(pick(16), size);
                if (timed) test::run(sc_core::sc_time(pick(50), sc_core::SC_US));
        }
    }
    // Whatever happened, a reset brings both drives back.
    b.pcirst.set(true);
    b.pcirst.set(false);
    test::run(sc_core::sc_time(1, sc_core::SC_MS));
    b.out(0, ata::device, 0xe0);
    b.out(0, ata::status_command, ata::identify_device);
    test::run(sc_core::sc_time(1, sc_core::SC_MS));
    EXPECT_EQ(b.in(0, ata::status_command), ata::drdy | ata::dsc | ata::drq);
}

INSTANTIATE_TEST_SUITE_P(Seeds, StorageFuzz, testing::Range(0u, 4u));

}  // namespace
}  // namespace southgate::chipset::storage
