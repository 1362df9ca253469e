#include <gtest/gtest.h>

#include "tests/chipset/video/vga_bench.h"

namespace southgate::chipset::video {
namespace {

TEST(VgaRegisters, IndexedGroupsKeepTheirImplementedBits) {
    VgaBench b;
    test::run();
    b.set(0x3c4, 2, 0xff);
    EXPECT_EQ(b.in(0x3c5), 0x0f);
    b.set(0x3ce, 8, 0xff);
    EXPECT_EQ(b.in(0x3cf), 0xff);
    b.set(0x3ce, 9, 0xff);
    EXPECT_EQ(b.in(0x3cf), 0x00) << "no such register";
    b.in(0x3da);
    b.out(0x3c0, 0x10);
    b.out(0x3c0, 0xff);
    EXPECT_EQ(b.in(0x3c1), 0xef);
    EXPECT_EQ(b.in(0x3c0), 0x10);
}

TEST(VgaRegisters, CrtcMovesBetweenColourAndMonochromePorts) {
    VgaBench b;
    test::run();
    EXPECT_EQ(b.in(0x3d4), 0xff) << "monochrome after reset";
    b.out(0x3b4, 0x0e);
    b.out(0x3b5, 0x12);
    EXPECT_EQ(b.in(0x3b5), 0x12);
    b.out(0x3c2, 0x01);
    EXPECT_EQ(b.in(0x3cc), 0x01);
    EXPECT_EQ(b.in(0x3d4), 0x0e);
    EXPECT_EQ(b.in(0x3d5), 0x12);
    EXPECT_EQ(b.in(0x3b5), 0xff);
}

TEST(VgaRegisters, CrtcWriteProtectionLeavesTheLineCompareBit) {
    VgaBench b;
    test::run();
    b.set_mode(mode_03);
    b.set(0x3d4, 0x00, 0x11);
    EXPECT_EQ(b.in(0x3d5), 0x5f);
    b.set(0x3d4, 0x07, 0x00);
    EXPECT_EQ(b.in(0x3d5), 0x0f);
    b.set(0x3d4, 0x09, 0x4e);
    EXPECT_EQ(b.in(0x3d5), 0x4e);
}

TEST(VgaRegisters, AttributeFlipFlopAndPaletteProtection) {
    VgaBench b;
    test::run();
    b.out(0x3c2, 1);
    b.in(0x3da);
    b.out(0x3c0, 0x01);
    b.out(0x3c0, 0x15);
    b.out(0x3c0, 0x21);  // palette in use by the display
    b.out(0x3c0, 0x2a);
    EXPECT_EQ(b.in(0x3c1), 0x15);
    b.out(0x3c0, 0x01);
    b.in(0x3da);  // next write is an index again
    b.out(0x3c0, 0x02);
    EXPECT_EQ(b.in(0x3c0), 0x02);
    EXPECT_EQ(b.ports.peek(0x3da - 0x3b0) & 0xf0, 0u);
    b.out(0x3c0, 0x2b);
    EXPECT_EQ(b.in(0x3c1), 0x2b) << "a debug read left the flip-flop alone";
}

TEST(VgaRegisters, ColourTable) {
    VgaBench b;
    test::run();
    b.out(0x3c8, 255);
    for (const unsigned v : {1, 2, 3, 0x7f, 5, 6}) b.out(0x3c9, v);
    EXPECT_EQ(b.in(0x3c7), 0);
    b.out(0x3c7, 255);
    EXPECT_EQ(b.in(0x3c7), 3);
    std::vector<int> read;
    for (unsigned i = 0; i < 6; ++i) read.push_back(b.in(0x3c9));
    EXPECT_EQ(read, (std::vector<int>{1, 2, 3, 0x3f, 5, 6})) << "wraps to entry 0, 6 bits a component";
    b.out(0x3c6, 0x0f);
    EXPECT_EQ(b.in(0x3c6), 0x0f);
}

TEST(VgaRegisters, RetraceFollowsFromTime) {
    using sc_core::sc_time;
    VgaBench b;
    test::run();
    b.set_mode(mode_03);
    // 449 lines of 100 characters of 9 dots at 28.322 MHz: 14.27 ms a frame; 400 visible lines, retrace from
    // 412 on, two lines long.
    const double line_us = 900 / 28.322;
    const auto status_at = [&](double us) {
        b.ports.delay = sc_time(us, sc_core::SC_US);
        return b.in(0x3da) & 9;
    };
    EXPECT_EQ(status_at(10.5 * line_us + 40 * 9 / 28.322), 1) << "horizontal blanking";
    EXPECT_EQ(status_at(10.1 * line_us), 0);
    EXPECT_EQ(status_at(405.1 * line_us), 1);
    EXPECT_EQ(status_at(412.1 * line_us), 9);
    EXPECT_EQ(status_at(413.9 * line_us), 9);
    EXPECT_EQ(status_at(414.1 * line_us), 1);
    EXPECT_EQ(status_at((449 + 10.1) * line_us), 0);
}

TEST(VgaRegisters, PciResetKeepsMemoryAndColours) {
    VgaBench b;
    test::run();
    b.set_mode(mode_03);
    b.print(0, 0, "kept");
    b.frame_buffer.write(0x123456, 0xab);
    b.dispi_mode(640, 480, 32, 0x80);
    b.config.write(0x04, 3, 2);
    b.pcirst.pulse();
    EXPECT_EQ(b.in(0x3cc), 0);
    EXPECT_EQ(b.dispi_read(Dispi::enable), 0u);
    EXPECT_EQ(b.dispi_read(Dispi::id), 0xb0c5u);
    EXPECT_EQ(b.config.read(0x04, 2), 0u);
    EXPECT_EQ(b.frame_buffer.read(0x123456), 0xabu);
    b.out(0x3c7, 1);
    EXPECT_EQ(b.in(0x3c9), 1);
    b.set_mode(mode_03);
    EXPECT_EQ(b.vga.text().substr(0, 5), "kept\n");
}

TEST(VgaRegisters, MappedRegistersAreTheSameRegisters) {
    VgaBench b;
    test::run();
    b.mmio.write(0x402, 0x67);
    EXPECT_EQ(b.in(0x3cc), 0x67);
    b.mmio.write(0x414, 0x0e, 1);  // 3D4h
    b.mmio.write(0x415, 0x77, 1);
    b.out(0x3d4, 0x0e);
    EXPECT_EQ(b.in(0x3d5), 0x77);
    b.mmio.write(0x502, 1024, 2);
    EXPECT_EQ(b.dispi_read(Dispi::x_resolution), 1024u);
    b.mmio.write(0x504, 32 << 16 | 768, 4);
    EXPECT_EQ(b.mmio.read(0x504, 4), 32u << 16 | 768u);
    EXPECT_EQ(b.mmio.read(0x000, 4), 0xffffffffu) << "no EDID";
}

TEST(VgaRegisters, ConfigurationSpaceAndRom) {
    std::vector<std::uint8_t> bytes(3000, 0x11);
    bytes[2999] = 0x99;
    VgaBench b(bytes);
    const PciWindow rom = b.vga.windows().back();
    test::Initiator rom_reader(*rom.target);
    test::run();
    EXPECT_EQ(b.config.read(0x00, 4), 0x11111234u);
    EXPECT_EQ(b.config.read(0x0a, 2), 0x0300u);
    for (const unsigned bar : {0x10u, 0x14u, 0x18u, 0x30u}) b.config.write(bar, 0xffffffff, 4);
    EXPECT_EQ(b.config.read(0x10, 4), 0xff000008u);
    EXPECT_EQ(b.config.read(0x14, 4), 0u);
    EXPECT_EQ(b.config.read(0x18, 4), 0xfffff000u);
    EXPECT_EQ(b.config.read(0x30, 4), 0xfffff001u);
    EXPECT_EQ(rom_reader.read(2999), 0x99u);
    EXPECT_EQ(rom_reader.read(3000), 0xffu);
    rom_reader.write(0, 0x55);
    EXPECT_EQ(rom_reader.read(0), 0x11u);
}

TEST(VgaRegisters, MemorySizeOutOfRangeIsRefused) {
    EXPECT_THROW(VgaAdapter("vga", VgaAdapterConfig{.memory_bytes = 3 << 20}), std::invalid_argument);
    EXPECT_THROW(VgaAdapter("vga", VgaAdapterConfig{.memory_bytes = 1 << 19}), std::invalid_argument);
}

TEST(VgaRegisters, FrameBufferOffersDirectMemory) {
    VgaBench b;
    test::run();
    tlm::tlm_generic_payload payload;
    payload.set_command(tlm::TLM_WRITE_COMMAND);
    payload.set_address(0x1000);
    tlm::tlm_dmi dmi;
    ASSERT_TRUE(b.frame_buffer.socket->get_direct_mem_ptr(payload, dmi));
    EXPECT_TRUE(dmi.is_read_write_allowed());
    EXPECT_EQ(dmi.get_end_address(), 0xffffffu);
    dmi.get_dmi_ptr()[0x1000] = 0x42;
    EXPECT_EQ(b.frame_buffer.read(0x1000), 0x42u);
    EXPECT_EQ(b.frame_buffer.read(0xfffffe, 4) >> 16, 0xffffu) << "past the end";
}

}  // namespace
}  // namespace southgate::chipset::video
