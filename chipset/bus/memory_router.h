// Routes memory cycles to devices by address, with movable mappings and DMI.
//
// The mappings are flattened into sorted intervals that cover the whole 64-bit space; a change rebuilds them,
// a lookup tries the last interval first. Transactions that span intervals are cut. Addresses nobody claims
// read FFh and swallow writes, counted, with TLM_OK_RESPONSE. When a mapping changes, DMI handed out for it
// is invalidated.
#pragma once

#include <cstdint>
#include <memory>
#include <systemc>
#include <tlm>
#include <vector>

#include "chipset/bus/blocking_target.h"
#include "chipset/bus/bus_timing.h"

namespace southgate::chipset {

class MemoryRouter : public sc_core::sc_module, private BlockingTarget {
  public:
    using Target = tlm::tlm_target_socket<32>;
    using MapId = unsigned;

    using Delay = HopDelay;

    Target target{"target"};

    explicit MemoryRouter(const sc_core::sc_module_name& name);

    // Maps `size` bytes from `first` to `device`, which sees `first` as `offset_base`. Of overlapping
    // mappings the one declared last wins. The first mapping (or connect) of a device must come before the
    // end of elaboration.
    MapId map(std::uint64_t first, std::uint64_t size, Target& device, std::uint64_t offset_base = 0,
              const Delay& delay = {}, bool enabled = true);
    void enable(MapId id, bool enabled);
    void move(MapId id, std::uint64_t first, bool enabled);
    // A write-protected mapping swallows writes and grants read-only DMI (BIOS ROM).
    void write_protect(MapId id, bool on);

    // Cycles no mapping claims go here with their address as it is.
    void set_default(Target& agent, const Delay& delay = {});
    void connect(Target& device);

    bool claimed(std::uint64_t address) const { return lookup(address).route != 0; }
    std::uint64_t unclaimed_accesses() const { return unclaimed_; }

  private:
    struct Port : BlockingInitiator {
        Port(const char* name, MemoryRouter& router, Target& device);
        void invalidate_direct_mem_ptr(sc_dt::uint64 first, sc_dt::uint64 last) override {
            router.invalidate_port(*this, first, last);
        }
        MemoryRouter& router;
        tlm::tlm_initiator_socket<32> socket;
        Target* device;
    };
    struct Route {
        Port* port = nullptr;  // null: the bus floats
        std::uint64_t first = 0;
        std::uint64_t last = 0;
        std::uint64_t delta = 0;  // subtracted from the address
        std::uint64_t offset_base = 0;
        Delay delay;
        bool enabled = false;
        bool write_protected = false;
    };
    struct Interval {
        std::uint64_t first, last;
        unsigned route;
    };

    void b_transport(tlm::tlm_generic_payload& trans, sc_core::sc_time& delay) override;
    unsigned transport_dbg(tlm::tlm_generic_payload& trans) override;
    bool get_direct_mem_ptr(tlm::tlm_generic_payload& trans, tlm::tlm_dmi& dmi) override;

    Port& port_of(Target& device);
    void rebuild();
    const Interval& lookup(std::uint64_t address) const;
    void invalidate_port(const Port& port, std::uint64_t first, std::uint64_t last);
    void invalidate(std::uint64_t first, std::uint64_t last);
    template <typename Access>
    void each_part(tlm::tlm_generic_payload& trans, Access access);
    bool answer_without_device(const Route& route, tlm::tlm_generic_payload& trans, bool count);

    std::vector<std::unique_ptr<Port>> ports_;
    std::vector<Route> routes_;  // 0: nobody, or the subtractive agent
    std::vector<Interval> intervals_;
    std::vector<std::uint64_t> cuts_;
    mutable std::size_t recent_ = 0;
    std::uint64_t unclaimed_ = 0;
    bool dmi_granted_ = false;
};

}  // namespace southgate::chipset
