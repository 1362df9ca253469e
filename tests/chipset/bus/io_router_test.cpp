#include "chipset/bus/io_router.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/chipset/bus/recorder.h"
#include "tests/chipset/harness.h"

namespace southgate::chipset::test {
namespace {

TEST(IoRouter, DevicesSeeOffsets) {
    IoRouter router("router");
    Recorder device("device");
    router.map(0x3f8, 8, device.socket);
    router.map(0x510, 4, device.socket, 0x20);
    Initiator cpu(router.target);
    run();
    cpu.write(0x3f9, 0xaa);
    cpu.write(0x512, 0x1234, 2);
    EXPECT_EQ(device.log, (Log{{'W', 1, 1, 0xaa}, {'W', 0x22, 2, 0x1234}}));
    EXPECT_EQ(cpu.response, tlm::TLM_OK_RESPONSE);
    device.value = 0x55667788;
    EXPECT_EQ(cpu.read(0x3fc, 4), 0x55667788u);
}

TEST(IoRouter, UnclaimedPortsFloatHigh) {
    IoRouter router("router");
    Initiator cpu(router.target);
    run();
    EXPECT_EQ(cpu.read(0x1234, 1), 0xffu);
    EXPECT_EQ(cpu.read(0x1234, 2), 0xffffu);
    EXPECT_EQ(cpu.read(0xffff, 4), 0xffffffffu);  // runs past the last port
    cpu.write(0x1234, 1, 4);
    EXPECT_EQ(cpu.response, tlm::TLM_OK_RESPONSE);
    EXPECT_EQ(router.unclaimed_accesses(), 7u);  // the one at FFFFh is counted byte by byte
}

TEST(IoRouter, AccessAcrossMappingsIsCutIntoBytes) {
    IoRouter router("router");
    Recorder a("a"), b("b");
    router.map(0x10, 2, a.socket);
    router.map(0x12, 1, b.socket);
    Initiator cpu(router.target);
    run();
    cpu.write(0x10, 0x44332211, 4);
    EXPECT_EQ(a.log, (Log{{'W', 0, 1, 0x11}, {'W', 1, 1, 0x22}}));
    EXPECT_EQ(b.log, (Log{{'W', 0, 1, 0x33}}));
    a.value = 0xa1, b.value = 0xb1;
    EXPECT_EQ(cpu.read(0x10, 4), 0xffb1a1a1u);
    EXPECT_EQ(cpu.read(0x10, 2), 0xa1u);
}

TEST(IoRouter, LaterMappingsLieOverEarlierOnes) {
    IoRouter router("router");
    Recorder wide("wide"), narrow("narrow");
    router.map(0x400, 0x40, wide.socket);
    const auto id = router.map(0x402, 1, narrow.socket);
    Initiator cpu(router.target);
    run();
    wide.value = 1, narrow.value = 2;
    EXPECT_EQ(cpu.read(0x402), 2u);
    router.enable(id, false);
    EXPECT_EQ(cpu.read(0x402), 1u);
    router.move(id, 0x403, true);
    EXPECT_EQ(cpu.read(0x402), 1u);
    EXPECT_EQ(cpu.read(0x403), 2u);
    router.enable(id, true);  // no change
    EXPECT_EQ(cpu.read(0x403), 2u);
}

TEST(IoRouter, TheDefaultAgentTakesTheRestWithoutTranslation) {
    IoRouter router("router");
    Recorder agent("agent"), device("device");
    router.set_default(agent.socket, {sc_core::sc_time(60, sc_core::SC_NS), {}});
    router.map(0x80, 1, device.socket, 0,
               {sc_core::sc_time(10, sc_core::SC_NS), sc_core::sc_time(5, sc_core::SC_NS)});
    Initiator cpu(router.target);
    run();
    cpu.write(0x1234, 1);
    EXPECT_EQ(agent.log, (Log{{'W', 0x1234, 1, 1}}));
    EXPECT_EQ(cpu.delay, sc_core::sc_time(60, sc_core::SC_NS));
    cpu.write(0x80, 1);
    EXPECT_EQ(cpu.delay, sc_core::sc_time(75, sc_core::SC_NS));
    EXPECT_TRUE(router.claimed(0x80));
    EXPECT_FALSE(router.claimed(0x81));
}

TEST(IoRouter, DebugAccessesDoNotCountOrDelay) {
    IoRouter router("router");
    Recorder device("device");
    router.map(0x60, 4, device.socket);
    Initiator cpu(router.target);
    run();
    device.value = 0x42;
    EXPECT_EQ(cpu.peek(0x60, 1), 0x42u);
    EXPECT_EQ(cpu.peek(0x70, 1), 0xffu);
    EXPECT_EQ(router.unclaimed_accesses(), 0u);
    EXPECT_EQ(cpu.delay, sc_core::SC_ZERO_TIME);
}

// The table agrees with a plain list of mappings after any sequence of moves.
TEST(IoRouter, RandomMovesMatchAPlainModel) {
    IoRouter router("router");
    std::vector<std::unique_ptr<Recorder>> devices;
    struct Entry {
        std::uint32_t first, count;
        bool enabled;
        IoRouter::MapId id;
    };
    std::vector<Entry> model;
    std::mt19937 random(1);
    for (unsigned i = 0; i < 12; ++i) {
        devices.push_back(std::make_unique<Recorder>(sc_core::sc_gen_unique_name("device")));
        devices.back()->value = i;
        const std::uint32_t first = random() % 0x100, count = 1 + random() % 64;
        model.push_back({first, count, true, router.map(first, count, devices.back()->socket)});
    }
    model.push_back({0xfff0, 0x40, true, router.map(0xfff0, 0x40, devices[0]->socket)});
    Initiator cpu(router.target);
    run();
    for (int round = 0; round < 300; ++round) {
        Entry& e = model[random() % model.size()];
        e.first = random() % 0x100;
        e.enabled = random() % 4 != 0;
        router.move(e.id, e.first, e.enabled);
        const std::uint32_t port = random() % 0x140;
        std::uint64_t expected = 0xff;
        for (std::size_t i = 0; i < model.size(); ++i)
            if (model[i].enabled && port >= model[i].first && port < model[i].first + model[i].count)
                expected = i == 12 ? 0 : i;
        ASSERT_EQ(cpu.read(port), expected) << round;
        cpu.read(random() % 0x10010, 1u << random() % 4);
    }
}

}  // namespace
}  // namespace southgate::chipset::test
