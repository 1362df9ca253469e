// A probe between an initiator and its bus.
#include "chipset/bus/bus_probe.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace southgate::chipset {
namespace {

struct Side : sc_core::sc_module, BlockingTarget, BlockingInitiator {
    tlm::tlm_initiator_socket<32> out{"out"};
    tlm::tlm_target_socket<32> target{"target"};
    std::vector<std::uint64_t> seen;
    std::array<unsigned char, 16> memory{};
    std::uint64_t invalidated = 0;

    explicit Side(const sc_core::sc_module_name& name) : sc_module(name) {
        out.bind(*static_cast<tlm::tlm_bw_transport_if<>*>(this));
        target.bind(*static_cast<tlm::tlm_fw_transport_if<>*>(this));
    }
    void b_transport(tlm::tlm_generic_payload& trans, sc_core::sc_time& delay) override {
        seen.push_back(trans.get_address());
        delay += sc_core::sc_time(5, sc_core::SC_NS);
        trans.set_response_status(tlm::TLM_OK_RESPONSE);
    }
    unsigned transport_dbg(tlm::tlm_generic_payload& trans) override { return trans.get_data_length(); }
    bool get_direct_mem_ptr(tlm::tlm_generic_payload&, tlm::tlm_dmi& dmi) override {
        dmi.set_dmi_ptr(memory.data());
        return true;
    }
    void invalidate_direct_mem_ptr(sc_dt::uint64 first, sc_dt::uint64) override { invalidated = first; }
};

TEST(BusProbe, PassesAnswersAndAdds) {
    std::vector<std::uint64_t> heard;
    BusProbe probe("probe", [&](tlm::tlm_generic_payload& trans, sc_core::sc_time& delay, auto& bus) {
        heard.push_back(trans.get_address());
        if (trans.get_address() == 7) {
            trans.set_response_status(tlm::TLM_OK_RESPONSE);
            return;
        }
        bus.b_transport(trans, delay);
        if (trans.get_address() != 2) return;
        trans.set_address(0x92);
        bus.b_transport(trans, delay);
    });
    Side side("side");
    side.out.bind(probe.in);
    probe.out.bind(side.target);
    sc_core::sc_start(sc_core::SC_ZERO_TIME);

    sc_core::sc_time delay;
    for (const std::uint64_t address : {1, 7, 2}) {
        tlm::tlm_generic_payload trans;
        trans.set_address(address);
        trans.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
        side.out->b_transport(trans, delay);
        EXPECT_TRUE(trans.is_response_ok());
    }
    EXPECT_EQ(heard, (std::vector<std::uint64_t>{1, 7, 2}));
    EXPECT_EQ(side.seen, (std::vector<std::uint64_t>{1, 2, 0x92}));
    EXPECT_EQ(delay, sc_core::sc_time(15, sc_core::SC_NS));

    // Debug transport, DMI and its end go straight through.
    tlm::tlm_generic_payload trans;
    trans.set_data_length(3);
    EXPECT_EQ(side.out->transport_dbg(trans), 3u);
    tlm::tlm_dmi dmi;
    EXPECT_TRUE(side.out->get_direct_mem_ptr(trans, dmi));
    EXPECT_EQ(dmi.get_dmi_ptr(), side.memory.data());
    side.target->invalidate_direct_mem_ptr(0x1000, 0x1fff);
    EXPECT_EQ(side.invalidated, 0x1000u);
}

}  // namespace
}  // namespace southgate::chipset
