// A complete PIIX southbridge: ISA bridge, IDE, power management, reset logic, interrupt controllers, timers,
// DMA, RTC, port 61h, an I/O APIC and an HPET, wired as in the chip (and, for the I/O APIC, as on a board with an
// 82093AA; the HPET is not of its time, operating systems expect it).
//
// A machine attaches it to its PCI bus, binds `isa` decoding for board devices (Super-I/O, BIOS ROM, fw_cfg),
// and connects the pins: `reset.init`, `reset.cpurst`, `reset.pcirst`, `reset.rstdrv`, `reset.power_good`,
// `reset.a20m` to those who see them in hardware, `pic.intr`, `smi` and `port61.nmi` to the CPU, `coprocessor_error.ferr`
// and `.ignne` to its x87 error pins, the keyboard
// controller's RCIN# and A20GATE to `reset`. PCIRST# reaches everything in here already. Its device is number
// 1 with functions 0 (ISA), 1 (IDE) and 3 (power management), as PC firmware expects. Not modelled: the USB
// function 2, 8259 and RTC port aliases.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <systemc>

#include "chipset/apic/io_apic.h"
#include "chipset/bus/bus_timing.h"
#include "chipset/bus/pci_bus.h"
#include "chipset/hpet/hpet.h"
#include "chipset/legacy/dma8237.h"
#include "chipset/legacy/pic8259.h"
#include "chipset/legacy/pit8254.h"
#include "chipset/legacy/port61.h"
#include "chipset/legacy/rtc146818.h"
#include "chipset/lines.h"
#include "chipset/personality.h"
#include "chipset/piix/apm_ports.h"
#include "chipset/piix/coprocessor_error.h"
#include "chipset/piix/isa_bridge.h"
#include "chipset/piix/power_management.h"
#include "chipset/reset/reset_controller.h"
#include "chipset/reset/reset_timing.h"
#include "chipset/storage/piix_ide.h"

namespace southgate::chipset {

class PiixSouthbridge : public sc_core::sc_module {
  public:
    struct Config {
        // Function 0 and 1 as PIIX3 (8086:7000, 7010) or PIIX4 (8086:7110, 7111). Function 3 is the PIIX4's
        // either way: the combination emulators have made customary.
        IsaBridge::Model model = IsaBridge::Model::piix3;
        BusTiming timing = BusTiming::zero();
        ResetTiming reset_timing = ResetTiming::zero();
        Personality personality = Personality::strict();
        RealTimeClock::Config rtc{};                       // deviations are taken from `personality`
        std::optional<std::uint64_t> wake_after_off;       // see ResetController::Config
        bool bios_decode_follows_xbcs = false;             // see IsaBridge::Config
        bool shutdown_needs_special_cycle_enable = false;  // see IsaBridge::Config
    };

    // `apic_bus` carries the I/O APIC's messages and must outlive the module.
    PiixSouthbridge(const sc_core::sc_module_name& name, ApicBus& apic_bus, const Config& config);

    // Elaboration only: places the functions on `bus`, takes its subtractive cycles and its PIRQ lines, and
    // gives the IDE function its way to memory.
    void attach(PciBus& bus, unsigned device = 1);

    // A new input of ISA interrupt `line` (0-15, not 2) for a device on the board, e.g. IRQ4 of a UART.
    LineIn& isa_irq(unsigned line) { return irq_or_[line]->add_input(); }

    ResetController reset;
    IsaBridge isa;
    storage::PiixIde ide;
    PowerManagement pm;
    InterruptController pic;
    Timer8254 pit;
    DmaController dma;
    RealTimeClock rtc;
    NmiStatus port61;
    ApmPorts apm;
    CoprocessorError coprocessor_error;
    IoApic ioapic;
    Hpet hpet;
    LineOut& smi() { return smi_or_.out; }  // SMI# to the CPU

  private:
    void map_ports();
    void wire_interrupts();
    void wire_reset();

    Config config_;
    LineOr smi_or_{"smi_or"};
    std::array<std::unique_ptr<LineOr>, 16> irq_or_;
};

}  // namespace southgate::chipset
