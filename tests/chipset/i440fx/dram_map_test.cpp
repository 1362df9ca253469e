#include "chipset/i440fx/dram_map.h"

#include <gtest/gtest.h>

#include <random>

namespace southgate::chipset {
namespace {

constexpr std::uint64_t mib = 1u << 20;

DramMapInputs inputs(std::uint64_t size = 128 * mib) {
    DramMapInputs in;
    in.dram_size = size;
    return in;
}

// What 82441FX 290549 says, address by address.
struct Expected {
    bool read, write;
};
Expected expected(const DramMapInputs& in, std::uint64_t address) {
    const std::uint64_t low = DramMap::dram_below_4g(in.dram_size);
    if (address >= DramMap::four_gib) {
        const bool dram = address - DramMap::four_gib < in.dram_size - low;
        return {dram, dram};
    }
    if (address >= low) return {false, false};
    if (in.hole == 1 && address >= 0x80000 && address < 0xa0000) return {false, false};
    if (in.hole == 2 && address >= 15 * mib && address < 16 * mib) return {false, false};
    if (address < 0xa0000 || address >= mib) return {true, true};
    if (address < 0xc0000) return {in.smram, in.smram};
    unsigned nibble = 0;
    if (address >= 0xf0000) {
        nibble = in.pam[0] >> 4;
    } else {
        const auto segment = static_cast<unsigned>((address - 0xc0000) >> 14);
        nibble = segment & 1 ? in.pam[1 + segment / 2] >> 4 : in.pam[1 + segment / 2] & 15;
    }
    return {(nibble & 1) != 0, (nibble & 2) != 0};
}

TEST(DramMap, FollowsTheRegistersInEveryCombination) {
    std::mt19937 random(7);
    for (int round = 0; round < 400; ++round) {
        DramMapInputs in = inputs(round % 3 == 0 ? 5120 * mib : (round % 20 + 16) * mib);
        for (auto& pam : in.pam) pam = static_cast<std::uint8_t>(random());
        in.hole = random() % 3;
        in.smram = random() & 1;
        DramMap map;
        map.set(in);
        for (std::uint64_t a = 0; a < 20 * mib; a += 0x2000) {
            const Expected e = expected(in, a);
            const DramSpan& s = map.find(a);
            ASSERT_LE(s.first, a);
            ASSERT_GE(s.last, a);
            ASSERT_EQ(s.read_dram, e.read) << std::hex << a;
            ASSERT_EQ(s.write_dram, e.write) << std::hex << a;
        }
        for (const std::uint64_t a : std::initializer_list<std::uint64_t>{
                 0xbfff'ffffull, 0xc000'0000ull, 0xffff'ffffull, 0x1'0000'0000ull, 0x1'8000'0000ull,
                 0x1'ffff'ffffull, ~0ull}) {
            ASSERT_EQ(map.find(a).read_dram, expected(in, a).read) << std::hex << a;
        }
    }
}

TEST(DramMap, SpansCoverTheSpaceWithoutGaps) {
    for (const std::uint64_t size : std::initializer_list<std::uint64_t>{
             0, 1 * mib - 1, 8 * mib, 15 * mib, 16 * mib, 3584 * mib, 3585 * mib, 8192 * mib}) {
        DramMap map;
        DramMapInputs in = inputs(size);
        in.hole = 2;
        map.set(in);
        std::uint64_t next = 0;
        for (const DramSpan& s : map.spans()) {
            ASSERT_EQ(s.first, next);
            next = s.last + 1;
        }
        EXPECT_EQ(next, 0u);  // wrapped: the last span ends at 2^64 - 1
    }
}

TEST(DramMap, MemoryAboveTheHoleStartsAtFourGib) {
    DramMap map;
    map.set(inputs(5120 * mib));
    EXPECT_TRUE(map.find(0xbfff'ffff).read_dram);
    EXPECT_FALSE(map.find(0xc000'0000).read_dram);
    const DramSpan& high = map.find(DramMap::four_gib);
    EXPECT_TRUE(high.read_dram);
    EXPECT_EQ(DramMap::four_gib - high.delta, 3072 * mib);
    EXPECT_EQ(high.last, DramMap::four_gib + 2048 * mib - 1);
}

TEST(DramMap, ReportsExactlyWhatChanged) {
    DramMap map;
    DramMapInputs in = inputs();
    map.set(in);
    EXPECT_FALSE(map.set(in));
    in.pam[0] = 0x30;
    ASSERT_TRUE(map.set(in));
    EXPECT_EQ(map.changes(), (std::vector<DramMap::Range>{{0xf0000, 0xfffff}}));
    in.pam[2] = 0x03;
    in.smram = true;
    ASSERT_TRUE(map.set(in));
    EXPECT_EQ(map.changes(), (std::vector<DramMap::Range>{{0xa0000, 0xbffff}, {0xc8000, 0xcbfff}}));
    in.pam[1] = 0x44;  // cacheability alone changes no route
    EXPECT_FALSE(map.set(in));
}

}  // namespace
}  // namespace southgate::chipset
