// Random accesses to every socket of the adapter, with pictures in between: nothing may crash or read
// outside.
#include <gtest/gtest.h>

#include "tests/chipset/video/vga_bench.h"

namespace southgate::chipset::video {
namespace {

class VgaFuzz : public testing::TestWithParam<unsigned> {};

TEST_P(VgaFuzz, SurvivesAnything) {
    VgaBench b;
    test::run();
    std::mt19937 random(GetParam());
    const auto pick = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
    if (GetParam() % 2) b.set_mode(mode_12);
    for (unsigned step = 0; step < 60000; ++step) {
        const unsigned size = 1u << pick(3);
        switch (pick(12)) {
            case 0:
                b.ports.read(pick(0x32), size);
                break;
            case 1:
                b.ports.write(pick(0x32), random(), size);
                break;
            case 2:
                b.set(0x3c4, pick(6), random() & 0xff);
                break;
            case 3:
                b.set(0x3d4, pick(26), random() & 0xff);
                break;
            case 4:
                b.set(0x3ce, pick(10), random() & 0xff);
                break;
            case 5:
                b.window.write(pick(0x20004), random(), size);
                break;
            case 6:
                b.window.read(pick(0x20004), size);
                break;
            case 7:
                b.dispi_write(pick(12), pick(3) ? random() & 0xffff : pick(2000));
                break;
            case 8:
                if (pick(2))
                    b.mmio.write(pick(0x1004), random(), size);
                else
                    b.mmio.read(0x3f0 + pick(0x140), size);
                break;
            case 9:
                b.frame_buffer.write(random() % ((16 << 20) + 8), random(), size);
                break;
            case 10:
                if (pick(10) == 0) b.config.write(pick(254), random(), size);
                if (pick(200) == 0) b.pcirst.pulse();
                break;
            default:
                b.dispi_read(pick(14));
                if (pick(200) == 0) {
                    const Image image = b.vga.image();
                    ASSERT_EQ(image.rgb.size(), std::size_t{3} * image.width * image.height);
                    b.vga.text();
                }
        }
    }
    b.pcirst.pulse();
    b.set_mode(mode_03);
    b.print(3, 0, "alive");
    EXPECT_NE(b.vga.text().find("alive"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Seeds, VgaFuzz, testing::Range(0u, 4u));

}  // namespace
}  // namespace southgate::chipset::video
