#include "chipset/bus/memory_router.h"

#include <gtest/gtest.h>

#include "tests/chipset/pc_bench.h"

namespace southgate::chipset::test {
namespace {

// An initiator with DMI that lists what was taken back.
struct Master : sc_core::sc_module, BlockingInitiator {
    explicit Master(tlm::tlm_target_socket<32>& target) : sc_module("master") {
        socket.bind(*static_cast<tlm::tlm_bw_transport_if<>*>(this));
        socket.bind(target);
    }
    bool dmi(std::uint64_t address, tlm::tlm_dmi& dmi, bool write = false) {
        tlm::tlm_generic_payload trans;
        trans.set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
        trans.set_address(address);
        return socket->get_direct_mem_ptr(trans, dmi);
    }
    void access(tlm::tlm_command command, std::uint64_t address, std::vector<std::uint8_t>& data) {
        tlm::tlm_generic_payload trans;
        trans.set_command(command);
        trans.set_address(address);
        trans.set_data_ptr(data.data());
        trans.set_data_length(static_cast<unsigned>(data.size()));
        trans.set_streaming_width(static_cast<unsigned>(data.size()));
        socket->b_transport(trans, delay);
        response = trans.get_response_status();
        EXPECT_EQ(trans.get_address(), address);
        EXPECT_EQ(trans.get_data_length(), data.size());
    }
    void invalidate_direct_mem_ptr(sc_dt::uint64 first, sc_dt::uint64 last) override {
        taken.push_back({first, last});
    }
    tlm::tlm_initiator_socket<32> socket{"socket"};
    sc_core::sc_time delay;
    tlm::tlm_response_status response = tlm::TLM_INCOMPLETE_RESPONSE;
    std::vector<Cpu::Range> taken;
};

TEST(MemoryRouter, TransactionsAreCutAtBorders) {
    MemoryRouter router("router");
    DmiMemory a(0x100, true), b(0x100, true);
    router.map(0x1000, 0x100, a.socket);
    router.map(0x1100, 0x80, b.socket, 0x40);
    Master master(router.target);
    run();
    std::vector<std::uint8_t> data(0x200);
    for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::uint8_t>(i * 7 + 1);
    auto copy = data;
    master.access(tlm::TLM_WRITE_COMMAND, 0x1080, copy);
    EXPECT_EQ(master.response, tlm::TLM_OK_RESPONSE);
    EXPECT_EQ(a.bytes[0x80], data[0]);
    EXPECT_EQ(a.bytes[0xff], data[0x7f]);
    EXPECT_EQ(b.bytes[0x40], data[0x80]);
    EXPECT_EQ(b.bytes[0xbf], data[0xff]);
    std::vector<std::uint8_t> back(0x200);
    master.access(tlm::TLM_READ_COMMAND, 0x1080, back);
    for (std::size_t i = 0; i < back.size(); ++i) ASSERT_EQ(back[i], i < 0x100 ? data[i] : 0xff) << i;
    EXPECT_EQ(router.unclaimed_accesses(), 2u);
}

TEST(MemoryRouter, LaterMappingsWinAndMovesAreSeen) {
    MemoryRouter router("router");
    DmiMemory a(0x1000, true), b(0x10, true);
    a.bytes[0x20] = 1, b.bytes[0] = 2;
    router.map(0x1000, 0x1000, a.socket);
    const auto id = router.map(0x1020, 0x10, b.socket);
    Master master(router.target);
    run();
    std::vector<std::uint8_t> byte(1);
    const auto at = [&](std::uint64_t address) {
        master.access(tlm::TLM_READ_COMMAND, address, byte);
        return byte[0];
    };
    EXPECT_EQ(at(0x1020), 2);
    router.enable(id, false);
    EXPECT_EQ(at(0x1020), 1);
    router.move(id, ~std::uint64_t{0} - 3, true);  // cut at the top of the space
    EXPECT_EQ(at(~std::uint64_t{0} - 3), 2);
    EXPECT_EQ(at(0), 0xff);
}

TEST(MemoryRouter, DmiIsClippedTranslatedAndTakenBack) {
    MemoryRouter router("router");
    DmiMemory ram(0x1000, true), rom(0x100, false);
    const auto id = router.map(0x10000, 0x800, ram.socket, 0x100);
    const auto rom_id = router.map(0x20000, 0x100, rom.socket);
    router.write_protect(rom_id, true);
    Master master(router.target);
    run();
    router.enable(id, false);
    router.enable(id, true);
    EXPECT_TRUE(master.taken.empty());  // nothing had been granted
    tlm::tlm_dmi dmi;
    ASSERT_TRUE(master.dmi(0x10010, dmi));
    EXPECT_EQ(dmi.get_start_address(), 0x10000u);
    EXPECT_EQ(dmi.get_end_address(), 0x107ffu);
    EXPECT_EQ(dmi.get_dmi_ptr(), ram.bytes.data() + 0x100);
    ASSERT_TRUE(master.dmi(0x20000, dmi));
    EXPECT_FALSE(dmi.is_write_allowed());
    EXPECT_FALSE(master.dmi(0x20000, dmi, true));
    EXPECT_FALSE(master.dmi(0x30000, dmi));
    EXPECT_EQ(dmi.get_start_address(), 0x20100u);

    router.move(id, 0x40000, true);
    EXPECT_EQ(master.taken, (std::vector<Cpu::Range>{{0x10000, 0x107ff}, {0x40000, 0x407ff}}));
    master.taken.clear();
    ram.socket->invalidate_direct_mem_ptr(0x180, 0x1ff);
    EXPECT_EQ(master.taken, (std::vector<Cpu::Range>{{0x40080, 0x400ff}}));
}

TEST(MemoryRouter, WriteProtectionSwallowsWrites) {
    MemoryRouter router("router");
    DmiMemory ram(0x100, true);
    const auto id = router.map(0, 0x100, ram.socket);
    Master master(router.target);
    run();
    std::vector<std::uint8_t> byte{0x12};
    router.write_protect(id, true);
    master.access(tlm::TLM_WRITE_COMMAND, 0, byte);
    EXPECT_EQ(master.response, tlm::TLM_OK_RESPONSE);
    EXPECT_EQ(ram.bytes[0], 0);
    router.write_protect(id, false);
    master.access(tlm::TLM_WRITE_COMMAND, 0, byte);
    EXPECT_EQ(ram.bytes[0], 0x12);
}

}  // namespace
}  // namespace southgate::chipset::test
