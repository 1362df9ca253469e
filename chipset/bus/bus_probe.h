// Sits between one initiator and its bus, as the probe of a bus analyser or an in-circuit emulator does: every blocking
// transaction passes a function that may look at it, answer it in the bus's place, or put cycles of its own beside it.
#pragma once

#include <functional>
#include <systemc>
#include <tlm>
#include <utility>

#include "chipset/bus/blocking_target.h"

namespace southgate::chipset {

class BusProbe : public sc_core::sc_module, private BlockingTarget, private BlockingInitiator {
  public:
    // Passes the transaction on with bus.b_transport(trans, delay), or completes it itself.
    using Function = std::function<void(tlm::tlm_generic_payload& trans, sc_core::sc_time& delay,
                                        tlm::tlm_blocking_transport_if<>& bus)>;

    tlm::tlm_target_socket<32> in{"in"};
    tlm::tlm_initiator_socket<32> out{"out"};

    BusProbe(const sc_core::sc_module_name& name, Function function)
        : sc_module(name), function_(std::move(function)) {
        in.bind(*static_cast<tlm::tlm_fw_transport_if<>*>(this));
        out.bind(*static_cast<tlm::tlm_bw_transport_if<>*>(this));
    }

  private:
    void b_transport(tlm::tlm_generic_payload& trans, sc_core::sc_time& delay) override {
        function_(trans, delay, *out.operator->());
    }
    unsigned transport_dbg(tlm::tlm_generic_payload& trans) override { return out->transport_dbg(trans); }
    bool get_direct_mem_ptr(tlm::tlm_generic_payload& trans, tlm::tlm_dmi& dmi) override {
        return out->get_direct_mem_ptr(trans, dmi);
    }
    void invalidate_direct_mem_ptr(sc_dt::uint64 first, sc_dt::uint64 last) override {
        in->invalidate_direct_mem_ptr(first, last);
    }

    Function function_;
};

}  // namespace southgate::chipset
