#include "chipset/legacy/port61.h"

#include <gtest/gtest.h>

#include "tests/chipset/harness.h"

namespace southgate::chipset::test {
namespace {

struct Port61 {
    NmiStatus nmi;
    Initiator io{nmi.socket};
    LineDriver pcirst{nmi.pcirst}, out2{nmi.t2_out}, serr{nmi.serr}, iochk{nmi.iochk}, mask{nmi.nmi_mask};
    LineProbe gate, speaker, nmi_line;

    explicit Port61(const NmiStatus::Config& config = {}) : nmi("nmi", config) {
        nmi.t2_gate.bind(gate.in);
        nmi.speaker_enable.bind(speaker.in);
        nmi.nmi.bind(nmi_line.in);
        run();
    }
    std::uint64_t read() { return io.read(0) & ~0x10u; }
};

TEST(Port61h, ControlBitsAndReset) {
    Port61 port;
    port.io.write(0, 0xff);
    EXPECT_EQ(port.read(), 0x0fu);
    EXPECT_TRUE(port.gate.level());
    EXPECT_TRUE(port.speaker.level());
    port.pcirst.pulse();
    EXPECT_EQ(port.read(), 0x00u);
    EXPECT_FALSE(port.gate.level());
    EXPECT_FALSE(port.speaker.level());
}

TEST(Port61h, ShowsTimer2) {
    Port61 port;
    port.out2.set(true);
    EXPECT_EQ(port.read(), 0x20u);
}

TEST(Port61h, ExactTimeHooks) {
    sc_core::sc_time asked, gated;
    Port61 port({.read_out2 = [&](const sc_core::sc_time& now) { return asked = now, true; },
                 .write_gate2 = [&](bool, const sc_core::sc_time& now) { gated = now; }});
    port.io.delay = sc_core::sc_time(5, sc_core::SC_US);
    port.io.write(0, 0x01);
    EXPECT_EQ(gated, port.io.delay);
    EXPECT_EQ(port.read(), 0x21u);
    EXPECT_EQ(asked, port.io.delay);
}

TEST(Port61h, RefreshTogglesEvery15Microseconds) {
    Port61 port;
    unsigned toggles = 0;
    std::uint64_t last = port.io.read(0) & 0x10;
    for (int us = 1; us <= 1509; ++us) {
        port.io.delay = sc_core::sc_time(us, sc_core::SC_US);
        const std::uint64_t now = port.io.read(0) & 0x10;
        toggles += now != last;
        last = now;
    }
    EXPECT_EQ(toggles, 100u);
}

TEST(Port61h, SerrLatchesUntilDisabled) {
    Port61 port;
    port.serr.pulse();
    EXPECT_EQ(port.read(), 0x80u);
    EXPECT_TRUE(port.nmi_line.level());
    port.io.write(0, 0x04);
    EXPECT_EQ(port.read(), 0x04u);
    EXPECT_FALSE(port.nmi_line.level());
    port.serr.pulse();
    EXPECT_EQ(port.read(), 0x04u);
    port.io.write(0, 0x00);
    EXPECT_EQ(port.read(), 0x00u);
}

TEST(Port61h, IochkAndTheMask) {
    Port61 port;
    port.mask.set(true);
    port.iochk.set(true);
    EXPECT_EQ(port.read(), 0x40u);
    EXPECT_FALSE(port.nmi_line.level());
    port.mask.set(false);
    EXPECT_TRUE(port.nmi_line.level());
    port.iochk.set(false);
    EXPECT_EQ(port.read(), 0x40u);
    port.io.write(0, 0x08);
    port.io.write(0, 0x00);
    EXPECT_EQ(port.read(), 0x00u);
    EXPECT_FALSE(port.nmi_line.level());
}

TEST(Port61h, PendingInputIsSeenWhenEnabledAgain) {
    Port61 port;
    port.io.write(0, 0x08);
    port.iochk.set(true);
    EXPECT_EQ(port.read(), 0x08u);
    port.io.write(0, 0x00);
    EXPECT_EQ(port.read(), 0x40u);
}

}  // namespace
}  // namespace southgate::chipset::test
