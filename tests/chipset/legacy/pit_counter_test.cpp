// The closed-form counter against a second model of the 8254 that really ticks, written from the data sheet's
// mode definitions.
#include "chipset/legacy/pit_counter.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace southgate::chipset {
namespace {

// One CLK pulse at a time; binary counts, programmed LSB then MSB at once.
struct TickingCounter {
    unsigned mode = 0;
    std::uint32_t reg = 0, ce = 0, cycle = 0;
    bool out = false, gate = true, loaded = false, load_next = false, armed = false, halted = true;

    void control(unsigned new_mode) {
        mode = new_mode;
        out = mode != 0;
        loaded = load_next = armed = false;
        reg = 0;
    }
    void count(std::uint32_t value) {
        reg = value ? value : 65536;
        if (mode == 0) {
            out = false;
            loaded = false;
            load_next = true;
        } else if (mode == 4) {
            load_next = true;
        } else if ((mode == 2 || mode == 3) && !loaded) {
            load_next = true;
        }
    }
    void set_gate(bool level) {
        if (level && !gate && reg && mode != 0 && mode != 4) load_next = true;
        if (!level && gate && (mode == 2 || mode == 3)) out = true;
        gate = level;
    }
    void load() {
        load_next = false;
        loaded = armed = true;
        cycle = reg;
        ce = mode == 3 ? reg & ~1u : reg;
        if (mode == 1) out = false;
        if (mode >= 2) out = true;
    }
    void tick() {
        const bool strobe = mode >= 4 && loaded && !out;
        if (load_next) {
            load();
            return;
        }
        if (!loaded) return;
        if (strobe) out = true;
        if (!gate && mode != 1 && mode != 5) return;
        if (mode == 2) {
            if (ce == 1) {
                ce = cycle = reg;
                out = true;
            } else if (--ce == 1) {
                out = false;
            }
        } else if (mode == 3) {
            if ((cycle & 1) && out && ce > 0) {
                ce -= 2;
            } else if (((cycle & 1) && out) || (ce -= 2) == 0) {
                out = !out;
                cycle = reg;
                ce = reg & ~1u;
            }
        } else {
            ce = (ce + 65535) % 65536;
            if (ce == 0 && armed) {
                armed = false;
                out = mode < 4;
            }
        }
    }
};

TEST(PitCounter, MatchesATickingCounterInEveryMode) {
    std::mt19937 random(1);
    for (unsigned round = 0; round < 600; ++round) {
        const unsigned mode = round % 6;
        PitCounter counter;
        TickingCounter reference;
        counter.write_control(0, static_cast<std::uint8_t>(0x30 | mode << 1));
        reference.control(mode);
        std::uint64_t edge = PitCounter::kNever;
        bool edge_known = false;
        for (std::uint64_t tick = 1; tick < 400; ++tick) {
            const bool out_before = reference.out;
            reference.tick();
            if (edge_known) {
                ASSERT_EQ(tick >= edge, reference.out != out_before)
                    << "mode " << mode << " tick " << tick << ": next_edge() said " << edge;
            }
            const PitCounter now = counter.at(tick);
            ASSERT_EQ(now.out(), reference.out) << "mode " << mode << " tick " << tick;
            if (reference.loaded) {
                ASSERT_EQ(now.count(), static_cast<std::uint16_t>(reference.ce))
                    << "mode " << mode << " tick " << tick;
            }
            const unsigned action = static_cast<unsigned>(random() % 40);
            if (action == 0 || tick == 1) {
                const std::uint32_t value = 2 + static_cast<std::uint32_t>(random() % 30);
                counter.write_count(tick, static_cast<std::uint8_t>(value));
                counter.write_count(tick, 0);
                reference.count(value);
            } else if (action == 1 || action == 2) {
                const bool level = action == 1;
                counter.set_gate(tick, level);
                reference.set_gate(level);
            } else if (action == 3) {
                counter.advance(tick);
            }
            ASSERT_EQ(counter.at(tick).out(), reference.out)
                << "mode " << mode << " after an access at " << tick;
            edge = counter.at(tick).next_edge();
            edge_known = true;
        }
    }
}

TEST(PitCounter, CountZeroIsTheLongest) {
    PitCounter binary;
    binary.write_control(0, 0x34);
    binary.write_count(0, 0);
    binary.write_count(0, 0);
    EXPECT_EQ(binary.next_edge(), 1u + 65535);
    EXPECT_EQ(binary.at(65536).next_edge(), 1u + 65536);
    EXPECT_EQ(binary.at(1 + 65536).next_edge(), 1u + 2 * 65536 - 1);

    PitCounter bcd;
    bcd.write_control(0, 0x35);
    bcd.write_count(0, 0);
    bcd.write_count(0, 0);
    EXPECT_EQ(bcd.next_edge(), 1u + 9999);
}

TEST(PitCounter, BcdCountsInDecimal) {
    PitCounter counter;
    counter.write_control(0, 0x31);
    counter.write_count(0, 0x00);
    counter.write_count(0, 0x12);  // 1200
    EXPECT_EQ(counter.read_count(1 + 1), 0x99);
    EXPECT_EQ(counter.read_count(1 + 1), 0x11);
    EXPECT_EQ(counter.next_edge(), 1u + 1200);
    counter.latch_count(1 + 1201);  // past the terminal count: 9999
    EXPECT_EQ(counter.read_count(5000), 0x99);
    EXPECT_EQ(counter.read_count(5000), 0x99);
}

TEST(PitCounter, LatchHoldsUntilBothBytesAreRead) {
    PitCounter counter;
    counter.write_control(0, 0x30);
    counter.write_count(0, 0x00);
    counter.write_count(0, 0x10);
    counter.latch_count(1 + 0x234);
    counter.latch_count(1 + 0x800);  // ignored: the first is not read yet
    EXPECT_EQ(counter.read_count(3000), 0xcc);
    EXPECT_EQ(counter.read_count(3000), 0x0d);
    EXPECT_EQ(counter.read_count(1 + 0x0ff0), 0x10);  // live again
}

TEST(PitCounter, StatusTellsOutNullCountAndControl) {
    PitCounter counter;
    counter.write_control(0, 0x34);
    counter.latch_status(0);
    EXPECT_EQ(counter.read_count(0), 0x80 | 0x40 | 0x34);
    counter.write_count(10, 5);
    counter.write_count(10, 0);
    counter.latch_status(10);
    EXPECT_EQ(counter.read_count(10), 0xc0 | 0x34) << "the count is loaded by the next pulse only";
    counter.latch_status(11);
    EXPECT_EQ(counter.read_count(11), 0x80 | 0x34);
    counter.latch_status(11 + 4);
    EXPECT_EQ(counter.read_count(11 + 4), 0x34) << "mode 2 is low for the last pulse of its cycle";
}

TEST(PitCounter, StatusComesBeforeALatchedCount) {
    PitCounter counter;
    counter.write_control(0, 0x30);
    counter.write_count(0, 0x34);
    counter.write_count(0, 0x12);
    counter.latch_count(1);
    counter.latch_status(1);
    EXPECT_EQ(counter.read_count(1), 0x30);
    EXPECT_EQ(counter.read_count(1), 0x34);
    EXPECT_EQ(counter.read_count(1), 0x12);
}

TEST(PitCounter, FirstByteOfAModeZeroCountStopsIt) {
    PitCounter counter;
    counter.write_control(0, 0x30);
    counter.write_count(0, 4);
    counter.write_count(0, 0);
    ASSERT_TRUE(counter.at(5).out());
    counter.write_count(6, 100);
    EXPECT_FALSE(counter.out());
    EXPECT_EQ(counter.next_edge(), PitCounter::kNever);
    counter.write_count(20, 0);
    EXPECT_EQ(counter.next_edge(), 20u + 1 + 100);
}

TEST(PitCounter, ReadersAheadOfTimeLoseNoEdge) {
    PitCounter counter;
    counter.write_control(0, 0x34);
    counter.write_count(0, 10);
    counter.write_count(0, 0);
    counter.read_count(1000);
    counter.latch_count(2000);
    EXPECT_EQ(counter.next_edge(), 10u);
}

}  // namespace
}  // namespace southgate::chipset
