// Routes I/O cycles to devices by address. The decode is a table with one entry for each of the 65536 ports,
// so an access costs one load and one b_transport; mappings may be moved, enabled and disabled at any time.
//
// Routers often follow each other (PCI, then ISA). The first one remembers for each port where the chain ends, so that
// a cycle takes one hop; any change of any router's map forgets all of it.
//
// The address of a transaction is changed in place and restored. An access whose bytes belong to different
// mappings is cut into bytes, as a bridge does with byte lanes. Ports nobody claims read FFh and swallow
// writes (the bus floats high); such accesses are counted and answered with TLM_OK_RESPONSE.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <systemc>
#include <tlm>
#include <vector>

#include "chipset/bus/blocking_target.h"
#include "chipset/bus/bus_timing.h"

namespace southgate::chipset {

class IoRouter : public sc_core::sc_module, public BlockingTarget {
  public:
    using Target = tlm::tlm_target_socket<32>;
    using MapId = unsigned;

    static constexpr std::uint32_t ports = 0x10000;

    using Delay = HopDelay;

    Target target{"target"};

    explicit IoRouter(const sc_core::sc_module_name& name);

    // Maps `count` ports from `first` to `device`, which sees `first` as `offset_base`. Of overlapping
    // mappings the one declared last wins. A device may be mapped several times; its first mapping (or
    // connect) must come before the end of elaboration. Ranges past FFFFh are cut. Returns the mapping's
    // identity for the calls below.
    MapId map(std::uint32_t first, std::uint32_t count, Target& device, std::uint32_t offset_base = 0,
              const Delay& delay = {}, bool enabled = true);
    void enable(MapId id, bool enabled);
    void move(MapId id, std::uint32_t first, bool enabled);
    void set_delay(MapId id, const Delay& delay);

    // Cycles no mapping claims go here with their address as it is (subtractive decode).
    void set_default(Target& agent, const Delay& delay = {});
    // Delay of a cycle nobody answers.
    void set_float_delay(const sc_core::sc_time& delay) {
        routes_[0].delay.access = delay;
        ++map_changes;
    }

    // Binds the next initiator port to `device` without mapping it. Only during elaboration.
    void connect(Target& device);

    bool claimed(std::uint16_t port) const { return table_[port] != 0; }
    std::uint64_t unclaimed_accesses() const { return unclaimed_; }

  private:
    struct Port : BlockingInitiator {
        Port(const char* name, Target& device);
        tlm::tlm_initiator_socket<32> socket;
        Target* device;
    };
    struct Route {
        Port* port = nullptr;  // null: the bus floats
        // What the port is bound to, known from the end of elaboration on. TLM interfaces are virtual bases
        // of each other; holding the last of them saves a chain of dependent loads in each transaction.
        tlm::tlm_blocking_transport_if<>* transport = nullptr;
        IoRouter* router = nullptr;  // the same, if it is a router
        std::uint32_t delta = 0;  // subtracted from the address
        bool per_byte = false;
        Delay delay;
        std::uint32_t first = 0, count = 0;
        std::uint32_t offset_base = 0;
        bool enabled = false;
    };

    // Where a whole cycle of some size at some port ends, through all routers in between.
    struct Path {
        std::uint64_t address = 0;
        unsigned size = 0;       // 0: nothing found yet
        std::uint64_t maps = 0;  // map_changes when it was found
        tlm::tlm_blocking_transport_if<>* transport = nullptr;
        std::uint32_t delta = 0;
        sc_core::sc_time delay;
    };
    static constexpr unsigned path_count = 256;

    void b_transport(tlm::tlm_generic_payload& trans, sc_core::sc_time& delay) override;
    unsigned transport_dbg(tlm::tlm_generic_payload& trans) override;

    void end_of_elaboration() override;
    // Adds this router's hop and those behind it; false when the cycle is cut or floats on the way.
    bool extend(Path& path, std::uint64_t address, unsigned size);
    Port& port_of(Target& device);
    void place(Route& route, std::uint32_t first, bool enabled);
    void resolve(std::uint32_t first, std::uint32_t count);
    bool one_route(std::uint64_t address, unsigned size) const;
    void bind_transport(Route& route);
    void forward(const Route& route, tlm::tlm_generic_payload& trans, sc_core::sc_time& delay);
    template <typename Access>
    void each_byte(tlm::tlm_generic_payload& trans, Access access);
    void float_bus(tlm::tlm_generic_payload& trans);

    std::vector<std::unique_ptr<Port>> ports_;
    std::vector<Route> routes_;  // 0: nobody, or the subtractive agent
    std::vector<std::uint16_t> table_;
    std::array<Path, path_count> paths_;
    static inline std::uint64_t map_changes = 0;  // of all routers
    bool elaborated_ = false;
    std::uint64_t unclaimed_ = 0;
};

}  // namespace southgate::chipset
