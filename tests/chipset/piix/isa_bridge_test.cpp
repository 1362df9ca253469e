#include "chipset/piix/isa_bridge.h"

#include <gtest/gtest.h>

#include "tests/chipset/bus/recorder.h"
#include "tests/chipset/pc_bench.h"

namespace southgate::chipset::test {
namespace {

TEST(IsaBridge, RegistersHaveTheirDatasheetDefaults) {
    PcBench pc;
    pc.start();
    struct Row {
        unsigned offset, size;
        std::uint32_t value;
    };
    for (const Row& row : std::initializer_list<Row>{{0x04, 2, 0x0007},
                                                     {0x0a, 2, 0x0601},
                                                     {0x4c, 1, 0x4d},
                                                     {0x4e, 2, 0x0003},
                                                     {0x60, 4, 0x80808080},
                                                     {0x69, 1, 0x02},
                                                     {0x70, 1, 0x80},
                                                     {0x76, 2, 0x0c0c},
                                                     {0x78, 2, 0x0002},
                                                     {0xa0, 1, 0x08},
                                                     {0xa8, 1, 0x0f}})
        EXPECT_EQ(pc.cpu.config_read(1, 0, row.offset, row.size), row.value) << std::hex << row.offset;
}

TEST(IsaBridge, Piix4IdentityAndRegisters) {
    PcBench::Config config;
    config.south.model = IsaBridge::Model::piix4;
    PcBench pc(config);
    pc.start();
    EXPECT_EQ(pc.cpu.config_read(1, 0, 0x00, 4), 0x71108086u);
    EXPECT_EQ(pc.cpu.config_read(1, 1, 0x00, 4), 0x71118086u);
    EXPECT_EQ(pc.cpu.config_read(1, 0, 0xcb, 1), 0x21u);
    EXPECT_EQ(pc.cpu.config_read(1, 0, 0xa0, 1), 0x00u);
}

// Alone, with its PIRQ pins driven directly.
struct Alone {
    IsaBridge isa{"isa"};
    Recorder pic{"pic"}, device{"device"};
    LineDriver pirq[4]{LineDriver(isa.pirq[0]), LineDriver(isa.pirq[1]), LineDriver(isa.pirq[2]),
                       LineDriver(isa.pirq[3])};
    LineProbe irq[16];
    LineDriver pcirst{isa.pcirst}, apmc{isa.apmc};
    LineProbe smi{"smi"};
    Initiator config{isa.config}, io{isa.io.target}, memory{isa.memory.target}, special{isa.special};
    DmiMemory rom{0x40000, false};

    explicit Alone(const IsaBridge::Config& c = {}) : isa("isa", c) {
        isa.inta.bind(pic.socket);
        isa.map_isa(0x60, 1, device.socket, 0, IsaBridge::Gate::keyboard);
        isa.map_isa(0x70, 2, device.socket, 2, IsaBridge::Gate::rtc);
        isa.map_bios(rom.socket, rom.bytes.size());
        for (unsigned i = 0; i < 16; ++i) isa.irq[i](irq[i].in);
        isa.smi(smi.in);
        for (std::size_t i = 0; i < rom.bytes.size(); ++i) rom.bytes[i] = PcBench::rom_byte(i);
        run();
    }
};

TEST(IsaBridge, PirqsRouteToIsaInterrupts) {
    Alone b;
    b.pirq[0].set(true);
    for (auto& line : b.irq) EXPECT_FALSE(line.level());  // 80h: disabled
    b.config.write(0x60, 0x0a);
    EXPECT_TRUE(b.irq[10].level());
    b.config.write(0x61, 0x0a);
    b.pirq[1].set(true);
    b.pirq[0].set(false);
    EXPECT_TRUE(b.irq[10].level());  // shared
    b.config.write(0x61, 0x8a);
    EXPECT_FALSE(b.irq[10].level());
    b.config.write(0x61, 0x0b);
    EXPECT_TRUE(b.irq[11].level());
    for (const std::uint8_t reserved : {0, 1, 2, 8, 13}) {
        b.config.write(0x61, reserved);
        for (auto& line : b.irq) EXPECT_FALSE(line.level()) << unsigned{reserved};
    }
    b.config.write(0x61, 0x75);
    EXPECT_EQ(b.config.read(0x61), 0x05u);
    EXPECT_TRUE(b.irq[5].level());
    b.pcirst.pulse();
    EXPECT_FALSE(b.irq[5].level());
    EXPECT_EQ(b.config.read(0x60, 4), 0x80808080u);
}

TEST(IsaBridge, XbcsGatesKeyboardAndRtc) {
    Alone b;
    b.device.value = 0x5a;
    EXPECT_EQ(b.io.read(0x60), 0x5au);
    EXPECT_EQ(b.io.read(0x71), 0x5au);
    b.config.write(0x4e, 0x0001, 2);
    EXPECT_EQ(b.io.read(0x60), 0xffu);
    EXPECT_EQ(b.io.read(0x71), 0x5au);
    b.config.write(0x4e, 0x0002, 2);
    EXPECT_EQ(b.io.read(0x60), 0x5au);
    EXPECT_EQ(b.io.read(0x71), 0xffu);
    b.pcirst.pulse();
    EXPECT_EQ(b.io.read(0x71), 0x5au);
}

TEST(IsaBridge, BiosDecodeByDefaultIgnoresXbcs) {
    Alone b;
    for (const std::uint64_t a : {0xfffc0000ull, 0xfffdffffull, 0xfffe0000ull, 0xe0000ull, 0xfffffull})
        EXPECT_NE(b.memory.read(a, 4) & 0xff, 0xffu) << std::hex << a;
    EXPECT_EQ(b.memory.read(0xffffffff), PcBench::rom_byte(0x3ffff));
    EXPECT_EQ(b.memory.read(0xe0000), PcBench::rom_byte(0x20000));
}

TEST(IsaBridge, BiosDecodeCanFollowXbcs) {
    Alone b({.bios_decode_follows_xbcs = true});
    EXPECT_EQ(b.memory.read(0xffff0000), PcBench::rom_byte(0x30000));
    EXPECT_EQ(b.memory.read(0xf0000), PcBench::rom_byte(0x30000));
    EXPECT_EQ(b.memory.read(0xfffe0000), 0xffu);
    EXPECT_EQ(b.memory.read(0xe0000), 0xffu);
    b.config.write(0x4e, 0x0043, 2);
    EXPECT_EQ(b.memory.read(0xfffe0000), PcBench::rom_byte(0x20000));
    EXPECT_EQ(b.memory.read(0xe0000), PcBench::rom_byte(0x20000));
    EXPECT_EQ(b.memory.read(0xfffc0000), 0xffu);
    b.config.write(0x4e, 0x00c3, 2);
    EXPECT_EQ(b.memory.read(0xfffc0000), PcBench::rom_byte(0));
}

TEST(IsaBridge, RefusesRomSizesThatDoNotFit) {
    IsaBridge isa("isa");
    DmiMemory rom(0x40000, false);
    for (const std::uint64_t size : std::initializer_list<std::uint64_t>{0, 0x8000, 0x10800, 0x1001000})
        EXPECT_THROW(isa.map_bios(rom.socket, size), std::invalid_argument) << size;
}

TEST(IsaBridge, IsaCyclesTakeTheirRecoveryTime) {
    Alone b({.timing = BusTiming::datasheet()});
    const auto access = [&] {
        b.io.delay = sc_core::SC_ZERO_TIME;
        b.io.read(0x60);
        return b.io.delay;
    };
    EXPECT_EQ(access(), sc_core::sc_time(120 + 720 + 120, sc_core::SC_NS));  // 4Dh: one SYSCLK
    b.config.write(0x4c, 0x00);
    EXPECT_EQ(access(), sc_core::sc_time(120 + 720 + 420, sc_core::SC_NS));  // 3.5
    b.config.write(0x4c, 0x40);
    EXPECT_EQ(access(), sc_core::sc_time(120 + 720 + 960, sc_core::SC_NS));  // 0 means 8
    b.pcirst.pulse();
    EXPECT_EQ(access(), sc_core::sc_time(120 + 720 + 120, sc_core::SC_NS));
}

TEST(IsaBridge, Piix3MakesSmiForApmc) {
    Alone b;
    b.apmc.pulse();
    EXPECT_EQ(b.smi.rises(), 0u);
    b.config.write(0xa2, 0x0080, 2);
    b.config.write(0xa0, 0x01);
    b.apmc.pulse();
    EXPECT_TRUE(b.smi.level());
    EXPECT_EQ(b.config.read(0xaa, 2), 0x0080u);
    b.config.write(0xaa, 0xffff, 2);  // cannot set requests
    EXPECT_EQ(b.config.read(0xaa, 2), 0x0080u);
    b.config.write(0xaa, 0x0000, 2);
    EXPECT_FALSE(b.smi.level());
    b.apmc.pulse();
    EXPECT_EQ(b.smi.rises(), 2u);
    b.pcirst.pulse();
    EXPECT_FALSE(b.smi.level());
}

TEST(IsaBridge, CyclesWithoutTheExtensionAreNotSpecial) {
    Alone b;
    b.special.read(0, 1);
    EXPECT_EQ(b.special.response, tlm::TLM_COMMAND_ERROR_RESPONSE);
    EXPECT_TRUE(b.pic.log.empty());
}

TEST(IsaBridge, ShutdownCanDependOnSce) {
    PcBench::Config config;
    config.south.shutdown_needs_special_cycle_enable = true;
    PcBench pc(config);
    pc.start();
    pc.cpu.special(SpecialCycle::Kind::shutdown);
    EXPECT_EQ(pc.init.rises(), 0u);
    pc.cpu.config_write(1, 0, 0x04, 0x000f, 2);
    pc.cpu.special(SpecialCycle::Kind::shutdown);
    EXPECT_EQ(pc.init.rises(), 1u);
}

}  // namespace
}  // namespace southgate::chipset::test
