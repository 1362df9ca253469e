// A PCI function with one BAR of each kind, fixed ports and an interrupt, for the bus tests.
#pragma once

#include "chipset/bus/pci_function.h"
#include "tests/chipset/bus/recorder.h"

namespace southgate::chipset::test {

struct TestFunction : PciFunction {
    static constexpr PciIdentity id{.vendor = 0x1234,
                                    .device = 0x5678,
                                    .class_code = 0x030000,
                                    .revision = 0x42,
                                    .subsystem_vendor = 0xaaaa,
                                    .subsystem = 0xbbbb,
                                    .interrupt_pin = 2,
                                    .command_writable = 0x0107};

    explicit TestFunction(const sc_core::sc_module_name& name) : PciFunction(name, id) {
        io_bar = add_io_bar(0, 16, io.socket);
        memory_bar = add_memory_bar(1, 4096, false, memory.socket);
        frame = add_memory_bar(2, 1u << 20, true, frame_buffer.socket);
        rom = add_rom_bar(65536, rom_image.socket);
        fixed = add_window(PciSpace::io, 0x3c0, 16, legacy.socket);
        add(scratch);
    }
    void toggle_fixed(bool on) { set_window(fixed, 0x3c0, on); }
    void pci_reset() override { ++resets; }

    static constexpr RegisterInfo scratch_info{"SCRATCH", 0x40, 2, 0x1122, ResetDomain::platform, "test"};
    Register scratch{scratch_info};
    Recorder io{"io"}, memory{"memory"}, frame_buffer{"frame_buffer"}, rom_image{"rom_image"},
        legacy{"legacy"};
    unsigned io_bar, memory_bar, frame, rom, fixed;
    unsigned resets = 0;
};

}  // namespace southgate::chipset::test
