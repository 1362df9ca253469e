// Joins several initiators to one target: the processors on the host bus of a multiprocessor board (Pentium Pro
// Family Developer's Manual vol. 1, chapter 3). One transaction after the other, no arbitration delay.
#pragma once

#include <memory>
#include <systemc>
#include <tlm>
#include <vector>

#include "chipset/bus/blocking_target.h"

namespace southgate::chipset {

class BusJoin : public sc_core::sc_module, private BlockingTarget, private BlockingInitiator {
  public:
    using Target = tlm::tlm_target_socket<32>;

    tlm::tlm_initiator_socket<32> out{"out"};

    explicit BusJoin(const sc_core::sc_module_name& name);

    // A new input; bind one initiator to it, before the end of elaboration.
    Target& add_input();

  private:
    void b_transport(tlm::tlm_generic_payload& trans, sc_core::sc_time& delay) override {
        out->b_transport(trans, delay);
    }
    unsigned transport_dbg(tlm::tlm_generic_payload& trans) override { return out->transport_dbg(trans); }
    bool get_direct_mem_ptr(tlm::tlm_generic_payload& trans, tlm::tlm_dmi& dmi) override {
        return out->get_direct_mem_ptr(trans, dmi);
    }
    // Whoever holds DMI must learn of it.
    void invalidate_direct_mem_ptr(sc_dt::uint64 first, sc_dt::uint64 last) override;

    std::vector<std::unique_ptr<Target>> inputs_;
};

}  // namespace southgate::chipset
