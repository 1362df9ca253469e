// A VGA with the Bochs display interface as a PCI function, software-compatible with QEMU's "stdvga"
// (1234:1111): BAR0 linear frame buffer (prefetchable, with DMI), BAR2 4 KiB of registers (VGA ports
// 3C0h-3DFh from 400h, display interface from 500h), expansion ROM, and the legacy ports and window, which
// follow the command register. Sources: Bochs VBE DISPI; QEMU documentation, docs/specs/standard-vga. Not
// modelled: EDID (000h reads FFh), the QEMU extended registers (600h; announced by revision 2, this is
// revision 0), vertical retrace interrupt.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <systemc>
#include <vector>

#include "chipset/bus/pci_function.h"
#include "chipset/video/byte_memory.h"
#include "chipset/video/image.h"
#include "chipset/video/vga_core.h"

namespace southgate::chipset::video {

struct VgaAdapterConfig {
    std::uint32_t memory_bytes = 16 * 1024 * 1024;  // a power of two from 1 MiB to 256 MiB
    std::vector<std::uint8_t> option_rom = {};      // contents of the ROM BAR; empty: no ROM BAR
};

class VgaAdapter : public PciFunction {
  private:
    std::vector<std::uint8_t> rom_;
    VgaCore core_;
    RegisterFunctions legacy_space_, dispi_space_, window_space_, mmio_space_;

  public:
    TargetSocket legacy_ports{"legacy_ports", legacy_space_};  // 48 ports from 3B0h
    TargetSocket dispi_ports{"dispi_ports", dispi_space_};     // 3 ports from 1CEh
    TargetSocket window{"window", window_space_};              // A0000h-BFFFFh
    TargetSocket registers{"registers", mmio_space_};          // BAR2
    ByteMemory frame_buffer;                                   // BAR0

    // Throws std::invalid_argument for a memory size out of range.
    explicit VgaAdapter(const sc_core::sc_module_name& name, const VgaAdapterConfig& config = {});

    // The screen as it is now.
    Image image() const;
    std::string text() const;
    void write_png(const std::string& path) const;

    const VgaCore& core() const { return core_; }

  private:
    std::unique_ptr<ByteMemory> rom_memory_;  // only with a ROM: an unbound target socket is an error

    void pci_reset() override { core_.reset(); }
    std::uint32_t read_dispi_port(std::uint32_t offset, unsigned size) const;
    void write_dispi_port(std::uint32_t offset, unsigned size, std::uint32_t data,
                          const AccessContext& context);
    std::uint32_t read_mmio(std::uint32_t offset, unsigned size, const AccessContext& context);
    void write_mmio(std::uint32_t offset, unsigned size, std::uint32_t data, const AccessContext& context);
};

}  // namespace southgate::chipset::video
