// How long bus cycles take: one table for the host bridge, PCI, PIIX-internal and ISA cycles of a machine.
//
// Each hop adds its share to the delay of the transaction before it passes it on, so a register sees the time
// at which the cycle reaches it. I/O writes are not posted (PCI 2.1, 3.2.5): the CPU waits for the whole sum.
#pragma once

#include <systemc>

namespace southgate::chipset {

// What a hop adds to the delay of a transaction: `access` once, `byte` for each byte it carries.
struct HopDelay {
    sc_core::sc_time access;
    sc_core::sc_time byte;
};

struct BusTiming {
    // Host bridge.
    sc_core::sc_time config_address;  // dword access to CONFADD, no PCI cycle
    sc_core::sc_time config_data;  // CONFDATA to a type 0 configuration cycle, or the bridge's own registers
    // PCI (2.1): from FRAME# to the end of the data phase, target claims with medium decode.
    sc_core::sc_time pci_io;
    sc_core::sc_time pci_memory;
    sc_core::sc_time pci_subtractive;  // added when nobody claims and the subtractive agent takes the cycle
    // PIIX: a register inside the southbridge, after the PCI cycle reached it.
    sc_core::sc_time piix_internal;
    // ISA, after the PCI cycle was claimed.
    sc_core::sc_time isa_synchronise;  // PCI clock to SYSCLK
    sc_core::sc_time isa_io_8;         // one byte of an 8-bit I/O cycle
    sc_core::sc_time isa_clock;        // SYSCLK, unit of the I/O recovery of IORT
    sc_core::sc_time isa_memory_8;     // one byte of an 8-bit memory or BIOS ROM cycle

    // Nothing takes any time: a reset lands inside the port access that caused it.
    static BusTiming zero() { return {}; }

    // PCICLK 33.33 MHz, SYSCLK = PCICLK / 4; PCI 2.1 3.3/3.6.1, 82371AB and 82371SB ISA interface chapters.
    static BusTiming datasheet() {
        const auto ns = [](unsigned n) { return sc_core::sc_time(n, sc_core::SC_NS); };
        return {
            .config_address = ns(100),
            .config_data = ns(240),
            .pci_io = ns(120),
            .pci_memory = ns(120),
            .pci_subtractive = ns(60),
            .piix_internal = ns(60),
            .isa_synchronise = ns(120),
            .isa_io_8 = ns(720),
            .isa_clock = ns(120),
            .isa_memory_8 = ns(720),
        };
    }
};

}  // namespace southgate::chipset
