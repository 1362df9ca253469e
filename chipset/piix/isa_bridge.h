// The PCI-ISA bridge of the PIIX3 (82371SB 290550) or PIIX4 (82371AB 290562), function 0.
//
// It takes the PCI cycles nobody claims and hands them to devices inside the southbridge (map_internal), to
// the ISA bus (map_isa, map_memory) or to the BIOS ROM (map_bios); routes PIRQA#-D# to ISA interrupts; and
// ends the special cycles: interrupt acknowledge goes to `inta`, a shutdown to `shutdown`. Not modelled: ISA
// masters, DMA on ISA, chip selects (PCSC), serial IRQs, motherboard device routing, aliases of partially
// decoded ISA ports.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <systemc>
#include <tlm>
#include <utility>
#include <vector>

#include "chipset/bus/bus_timing.h"
#include "chipset/bus/io_router.h"
#include "chipset/bus/memory_router.h"
#include "chipset/bus/pci_function.h"
#include "chipset/lines.h"

namespace southgate::chipset {

class IsaBridge : public PciFunction {
  public:
    enum class Model : std::uint8_t { piix3, piix4 };
    enum class Gate : std::uint8_t { none, rtc, keyboard, coprocessor_error };  // XBCS bits 0, 1 and 5

    struct Config {
        Model model = Model::piix3;
        BusTiming timing = BusTiming::zero();
        // XBCS bits 6, 7 and 9 open the ROM below its top 64 KiB, as the datasheet says. Off: the whole ROM
        // answers always. Firmware made for emulators never opens it (it runs on boards that decode all of
        // the flash).
        bool bios_decode_follows_xbcs = false;
        // Shutdown cycles need PCICMD.SCE, as the datasheet says. Off: they always act, which firmware relies
        // on that never sets the bit.
        bool shutdown_needs_special_cycle_enable = false;
    };

    IoRouter io{"io"};                              // I/O cycles from PCI: bind io.target
    MemoryRouter memory{"memory"};                  // memory cycles from PCI: bind memory.target
    tlm::tlm_target_socket<32> special{"special"};  // payloads with a SpecialCycle extension
    tlm::tlm_initiator_socket<32> inta{"inta"};     // interrupt acknowledge to the 8259 pair

    sc_core::sc_vector<LineIn> pirq{"pirq", 4};  // PIRQA#-PIRQD#
    sc_core::sc_vector<LineOut> irq{"irq", 16};  // ISA IRQs as far as PIRQs drive them, level
    LineIn apmc{"apmc"};                         // software wrote APMC
    LineOut smi{"smi"};                          // SMI# by SMICNTL/SMIEN (PIIX3)
    LineOut shutdown{"shutdown"};                // pulse: shutdown special cycle
    LineOut ferr_enable{"ferr_enable"};          // XBCS bit 5: coprocessor errors make IRQ13

    explicit IsaBridge(const sc_core::sc_module_name& name) : IsaBridge(name, Config{}) {}
    IsaBridge(const sc_core::sc_module_name& name, const Config& config);

    // A device inside the southbridge. Elaboration only, as are the next three.
    IoRouter::MapId map_internal(std::uint32_t first, std::uint32_t count, IoRouter::Target& device,
                                 std::uint32_t offset_base = 0, Gate gate = Gate::none);
    // A device on the ISA bus.
    IoRouter::MapId map_isa(std::uint32_t first, std::uint32_t count, IoRouter::Target& device,
                            std::uint32_t offset_base = 0, Gate gate = Gate::none);
    MemoryRouter::MapId map_memory(std::uint64_t first, std::uint64_t size, MemoryRouter::Target& device,
                                   std::uint64_t offset_base = 0);
    // The BIOS ROM: `size` bytes that end at 4 GiB, the last 128 KiB (or all, if it is smaller) also at 1
    // MiB. A multiple of 64 KiB up to 16 MiB; anything else throws std::invalid_argument.
    void map_bios(MemoryRouter::Target& rom, std::uint64_t size);

    // Called for a shutdown cycle with its exact time, in addition to the pulse on `shutdown`.
    void on_shutdown(std::function<void(const sc_core::sc_time&)> handler) {
        on_shutdown_ = std::move(handler);
    }

  private:
    struct SpecialPort : BlockingTarget {
        explicit SpecialPort(IsaBridge& bridge) : bridge(bridge) {}
        void b_transport(tlm::tlm_generic_payload& trans, sc_core::sc_time& delay) override;
        unsigned transport_dbg(tlm::tlm_generic_payload& trans) override;
        IsaBridge& bridge;
    };
    struct Gated {
        IoRouter::MapId id;
        std::uint32_t xbcs_bit;
    };
    struct BiosPart {
        MemoryRouter::MapId id;
        std::uint32_t xbcs_bit;  // 0: always decoded
    };

    void pci_reset() override;
    Register& reg(const char* register_name);
    void map_bios_part(MemoryRouter::Target& rom, std::uint64_t size, std::uint64_t first, std::uint64_t last,
                       std::uint64_t end, std::uint32_t xbcs_bit);
    void gate(IoRouter::MapId id, Gate gate);
    void update_isa_delay();
    void update_decode();
    void update_irqs();
    void update_smi();

    Config config_;
    SpecialPort special_port_{*this};
    BlockingInitiator plain_backward_;
    std::vector<std::unique_ptr<Register>> registers_;
    std::array<Register*, 4> pirqrc_;
    Register* xbcs_;
    Register* iort_;
    Register* smicntl_ = nullptr;  // the next three: PIIX3 only
    Register* smien_ = nullptr;
    Register* smireq_ = nullptr;
    std::vector<Gated> gated_;
    std::vector<BiosPart> bios_;
    std::vector<IoRouter::MapId> isa_maps_;
    HopDelay isa_delay_;
    std::function<void(const sc_core::sc_time&)> on_shutdown_;
};

}  // namespace southgate::chipset
