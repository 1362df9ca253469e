#include "chipset/legacy/dma8237.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/chipset/harness.h"

namespace southgate::chipset {
namespace {

using test::run;

struct Bench {
    Bench() : dma("dma"), dma1(dma.dma1), dma2(dma.dma2), pages(dma.pages), reset(dma.pcirst) {}
    DmaController dma;
    test::Initiator dma1, dma2, pages;
    test::LineDriver reset;
};

TEST(DmaController, FlipFlopSelectsTheByte) {
    Bench bench;
    run();
    bench.dma1.write(0xc, 0);
    bench.dma1.write(4, 0x34);
    bench.dma1.write(4, 0x12);
    EXPECT_EQ(bench.dma.chip(0).channels[2].current_address, 0x1234);
    EXPECT_EQ(bench.dma1.read(4), 0x34u);
    EXPECT_EQ(bench.dma1.peek(4), 0x12u);
    bench.dma1.write(0xc, 0);
    EXPECT_EQ(bench.dma1.read(4), 0x34u);
    EXPECT_EQ(bench.dma1.read(4), 0x12u);
}

TEST(DmaController, SecondControllerSitsOnEvenPorts) {
    Bench bench;
    run();
    bench.dma2.write(0x18, 0);
    bench.dma2.write(0x06, 0xcd);
    bench.dma2.write(0x06, 0xab);
    EXPECT_EQ(bench.dma.chip(1).channels[1].base_count, 0xabcd);
    EXPECT_EQ(bench.dma2.read(0x07), 0xffu);
    bench.dma2.write(0x16, 0xc0);
    EXPECT_EQ(bench.dma.chip(1).channels[0].mode, 0xc0);
}

TEST(DmaController, MaskAndRequestRegisters) {
    Bench bench;
    run();
    EXPECT_EQ(bench.dma1.read(0xf), 0xffu);
    bench.dma1.write(0xa, 0x02);
    EXPECT_EQ(bench.dma.chip(0).mask, 0x0b);
    bench.dma1.write(0xe, 0);
    EXPECT_EQ(bench.dma.chip(0).mask, 0);
    bench.dma1.write(0xf, 0x05);
    EXPECT_EQ(bench.dma1.read(0xf), 0xf5u);
    bench.dma1.write(0x9, 0x05);
    EXPECT_EQ(bench.dma1.read(8), 0x20u);
}

TEST(DmaController, PortEightyIsAPageRegisterAndForwarded) {
    Bench bench;
    std::vector<unsigned> codes;
    bench.dma.on_port_80([&](std::uint8_t code, const sc_core::sc_time&) { codes.push_back(code); });
    run();
    bench.pages.write(0, 0x5a);
    bench.pages.write(1, 0x77);
    EXPECT_EQ(codes, (std::vector<unsigned>{0x5a}));
    EXPECT_EQ(bench.pages.read(0, 2), 0x775au);
}

TEST(DmaController, HardResetIsAMasterClear) {
    Bench bench;
    run();
    bench.dma1.write(0, 0x11);
    bench.dma1.write(8, 0x10);
    bench.dma1.write(9, 0x04);
    bench.dma1.write(0xe, 0);
    bench.pages.write(3, 0x42);
    bench.reset.pulse();
    EXPECT_EQ(bench.dma.chip(0).mask, 0xf);
    EXPECT_EQ(bench.dma.chip(0).command, 0);
    EXPECT_EQ(bench.dma.chip(0).request, 0);
    EXPECT_FALSE(bench.dma.chip(0).high_byte);
    EXPECT_EQ(bench.dma.chip(0).channels[0].base_address, 0x0011) << "addresses are kept";
    EXPECT_EQ(bench.pages.read(3), 0x42u) << "so are page registers";
}

}  // namespace
}  // namespace southgate::chipset
