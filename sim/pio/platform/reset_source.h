// The ways in which the chipset resets a processor while a scenario's port I/O is on the bus.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <systemc>
#include <tlm>

#include "platform/machines/pc.h"
#include "sim/pio/scenario/scenario.h"

namespace southgate::pio {

// Names as in docs/reset.md, where there is one.
enum class ResetSource : std::uint8_t { port92, cf9_soft, cf9_hard, kbc_pulse, reset_button, init_ipi };
std::string_view name_of(ResetSource source);

// Those that make an INIT# or RESET# of the bootstrap processor, and those that make an application processor wait for
// its start-up IPI (a RESET# would hold it until the port I/O is over).
std::span<const ResetSource> sources_of_reset();
std::span<const ResetSource> sources_of_start_up();

// The value with which the scenario's own OUT is the reset by this source; nullopt: it goes elsewhere.
std::optional<std::uint8_t> own_value(const Scenario& scenario, ResetSource source);

// Cycles of another agent on the bus of the processors. `io` is the bus behind their I/O ports.
class BusAgent {
  public:
    BusAgent(platform::Pc& machine, tlm::tlm_blocking_transport_if<>& io, sc_core::sc_time& delay)
        : machine_(machine), io_(io), delay_(delay) {}

    void out(std::uint16_t port, std::uint32_t value, unsigned size = 1);
    // Ports 92h and CF9h as before any reset request, so that the next one is an edge.
    void ready_for_reset();
    void reset(ResetSource source);
    // From the local APIC of processor 0 to processor 1.
    void send_init();
    void send_start_up(std::uint8_t vector);
    // C0000h-FFFFFh reads and writes DRAM (82441FX 290549 3.2.18).
    void open_shadow();

  private:
    void write_icr(std::uint32_t low);

    platform::Pc& machine_;
    tlm::tlm_blocking_transport_if<>& io_;
    sc_core::sc_time& delay_;
};

}  // namespace southgate::pio
