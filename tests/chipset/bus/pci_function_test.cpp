#include <gtest/gtest.h>

#include "tests/chipset/bus/test_function.h"
#include "tests/chipset/harness.h"

namespace southgate::chipset::test {
namespace {

// Every window socket must be bound to somebody.
struct Bench {
    TestFunction function{"function"};
    Initiator config{function.config};
    Initiator a{function.io.socket}, b{function.memory.socket}, c{function.frame_buffer.socket},
        d{function.rom_image.socket}, e{function.legacy.socket};
    LineDriver pcirst{function.pcirst};
    Bench() { run(); }
};

TEST(PciFunction, HeaderReadsBackTheIdentity) {
    Bench b;
    EXPECT_EQ(b.config.read(0x00, 4), 0x56781234u);
    EXPECT_EQ(b.config.read(0x08, 4), 0x03000042u);
    EXPECT_EQ(b.config.read(0x0e), 0x00u);
    EXPECT_EQ(b.config.read(0x2c, 4), 0xbbbbaaaau);
    EXPECT_EQ(b.config.read(0x3d), 0x02u);
    EXPECT_EQ(b.config.read(0x06, 2), 0x0280u);
    for (const unsigned offset : {0x00u, 0x08u, 0x2cu}) {
        const auto before = b.config.read(offset, 4);
        b.config.write(offset, ~before, 4);
        EXPECT_EQ(b.config.read(offset, 4), before);
    }
    EXPECT_EQ(b.config.read(0x44, 4), 0u);  // undeclared registers read 0
}

TEST(PciFunction, BarSizing) {
    Bench b;
    const std::uint32_t expected[6] = {0xfffffff1, 0xfffff000, 0xfff00008, 0, 0, 0};
    for (unsigned i = 0; i < 6; ++i) {
        EXPECT_EQ(b.config.read(0x10 + 4 * i, 4), expected[i] & 0xf);
        b.config.write(0x10 + 4 * i, 0xffffffff, 4);
        EXPECT_EQ(b.config.read(0x10 + 4 * i, 4), expected[i]) << i;
    }
    b.config.write(0x30, 0xfffff800, 4);
    EXPECT_EQ(b.config.read(0x30, 4), 0xffff0000u);
    b.config.write(0x30, 0xffffffff, 4);
    EXPECT_EQ(b.config.read(0x30, 4), 0xffff0001u);
}

TEST(PciFunction, CommandHoldsWritableBitsOnly) {
    Bench b;
    b.config.write(0x04, 0xffff, 2);
    EXPECT_EQ(b.config.read(0x04, 2), 0x0107u);
    EXPECT_TRUE(b.function.bus_master_enabled());
    b.config.write(0x05, 0x00);
    EXPECT_EQ(b.config.read(0x04, 2), 0x0007u);
}

TEST(PciFunction, WindowsFollowCommandAndBars) {
    Bench b;
    const auto& w = b.function.windows();
    EXPECT_FALSE(w[b.function.fixed].enabled);
    b.config.write(0x04, 0x0003, 2);
    EXPECT_TRUE(w[b.function.fixed].enabled);
    EXPECT_FALSE(w[b.function.io_bar].enabled);  // not programmed
    b.config.write(0x10, 0xc001, 4);
    EXPECT_TRUE(w[b.function.io_bar].enabled);
    EXPECT_EQ(w[b.function.io_bar].first, 0xc000u);
    b.config.write(0x30, 0xe0000000, 4);
    EXPECT_FALSE(w[b.function.rom].enabled);
    b.config.write(0x30, 0xe0000001, 4);
    EXPECT_TRUE(w[b.function.rom].enabled);
    b.config.write(0x14, 0xfebf, 2);  // half a BAR
    EXPECT_EQ(w[b.function.memory_bar].first, 0xf000u);
    b.config.write(0x04, 0x0000, 2);
    for (const PciWindow& window : w) EXPECT_FALSE(window.enabled);
}

TEST(PciFunction, PcirstClearsCommandAndBars) {
    Bench b;
    b.config.write(0x04, 0x0107, 2);
    b.config.write(0x10, 0xc001, 4);
    b.config.write(0x3c, 0x0b);
    b.config.write(0x40, 0xffff, 2);
    b.pcirst.pulse();
    EXPECT_EQ(b.config.read(0x04, 2), 0u);
    EXPECT_EQ(b.config.read(0x10, 4), 1u);
    EXPECT_EQ(b.config.read(0x3c), 0u);
    EXPECT_EQ(b.config.read(0x40, 2), 0x1122u);
    EXPECT_EQ(b.function.resets, 1u);
    for (const PciWindow& window : b.function.windows()) EXPECT_FALSE(window.enabled);
}

TEST(PciFunction, RefusesImpossibleBars) {
    struct Bad : PciFunction {
        explicit Bad(std::uint32_t size) : PciFunction("bad", TestFunction::id) {
            add_io_bar(0, size, r.socket);
        }
        Recorder r{"r"};
    };
    EXPECT_THROW(Bad(24), std::logic_error);
    EXPECT_THROW(Bad(2), std::logic_error);
}

}  // namespace
}  // namespace southgate::chipset::test
