// A PCI bus: routes configuration, I/O, memory and special cycles to the functions attached to it, and what
// nobody claims to the subtractive agent (the PCI-ISA bridge). Positive decode follows each function's
// command register and BARs; the decode tables change only when those do. Bus masters reach memory through
// connect_master().
//
// Configuration cycles carry their target in the address: bus << 20 | device << 15 | function << 12 |
// register, so that mechanism #1 and memory-mapped configuration use one socket. Absent functions (and all
// buses but 0: there is no PCI-PCI bridge) read all ones, and writes to them vanish (PCI 2.1, 3.7.4.1). Not
// modelled: arbitration, retries, target aborts, burst lengths.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <systemc>
#include <tlm>
#include <vector>

#include "chipset/bus/blocking_target.h"
#include "chipset/bus/bus_timing.h"
#include "chipset/bus/io_router.h"
#include "chipset/bus/memory_router.h"
#include "chipset/bus/pci_function.h"
#include "chipset/lines.h"

namespace southgate::chipset {

class PciBus : public sc_core::sc_module, private PciFunction::Listener {
  public:
    // `first_pirq_device`: the device whose INTA# is wired to PIRQA#; pins and devices rotate from there.
    struct Config {
        BusTiming timing = BusTiming::zero();
        unsigned first_pirq_device = 1;
    };

    // From the host bridge.
    IoRouter io{"io"};
    MemoryRouter memory{"memory"};
    tlm::tlm_target_socket<32> config{"config"};

    // PIRQA#-PIRQD#: wired-OR of the interrupt pins of all functions.
    LineOut& pirq(unsigned line) { return pirq_or_[line & 3]->out; }

    explicit PciBus(const sc_core::sc_module_name& name);
    PciBus(const sc_core::sc_module_name& name, const Config& config);

    // Elaboration only. Throws std::logic_error if the place is taken.
    void attach(PciFunction& function, unsigned device, unsigned number);
    // The agent with subtractive decode, for I/O and for memory cycles.
    void attach_subtractive(tlm::tlm_target_socket<32>& io_agent, tlm::tlm_target_socket<32>& memory_agent);
    // The socket a bus master (a device with DMA) binds its initiator to. Cycles that a function on this bus
    // claims go there, all others to the host bridge.
    tlm::tlm_target_socket<32>& connect_master();
    // The host bridge's socket for memory cycles from PCI masters.
    tlm::tlm_initiator_socket<32> host_memory{"host_memory"};

    const PciFunction* function(unsigned device, unsigned number) const;

  private:
    static constexpr unsigned places = 32 * 8;

    struct ConfigPort : BlockingTarget {
        explicit ConfigPort(PciBus& bus) : bus(bus) {}
        void b_transport(tlm::tlm_generic_payload& trans, sc_core::sc_time& delay) override;
        unsigned transport_dbg(tlm::tlm_generic_payload& trans) override;
        tlm::tlm_initiator_socket<32>* target_of(std::uint64_t address) const;
        PciBus& bus;
    };
    struct MasterPort : BlockingTarget {
        explicit MasterPort(PciBus& bus) : bus(bus) {}
        void b_transport(tlm::tlm_generic_payload& trans, sc_core::sc_time& delay) override;
        unsigned transport_dbg(tlm::tlm_generic_payload& trans) override;
        bool get_direct_mem_ptr(tlm::tlm_generic_payload& trans, tlm::tlm_dmi& dmi) override;
        tlm::tlm_fw_transport_if<>& route(std::uint64_t address) const;
        PciBus& bus;
    };
    struct HostBackward : BlockingInitiator {
        explicit HostBackward(PciBus& bus) : bus(bus) {}
        void invalidate_direct_mem_ptr(sc_dt::uint64 first, sc_dt::uint64 last) override;
        PciBus& bus;
    };
    struct Attached {
        PciFunction* function;
        std::vector<unsigned> map_ids;  // of the windows, in their order
    };

    void window_changed(PciFunction& function, unsigned index) override;

    BusTiming timing_;
    unsigned first_pirq_device_;
    ConfigPort config_port_{*this};
    MasterPort master_port_{*this};
    BlockingInitiator config_backward_;
    HostBackward host_backward_{*this};
    std::array<PciFunction*, places> functions_{};
    std::array<std::unique_ptr<tlm::tlm_initiator_socket<32>>, places> config_sockets_;
    std::vector<Attached> attached_;
    std::vector<std::unique_ptr<tlm::tlm_target_socket<32>>> masters_;
    std::vector<std::unique_ptr<LineOr>> pirq_or_;
};

}  // namespace southgate::chipset
