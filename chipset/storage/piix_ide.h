// The IDE function of PIIX3 (82371SB) and PIIX4 (82371AB): two channels in compatibility mode and the bus
// master. 82371AB 290562, IDE controller (function 1). The timing registers are storage: PIO and DMA modes do
// not change how long an access takes. Not modelled: native mode (the chip has none).
#pragma once

#include <array>
#include <memory>
#include <systemc>

#include "chipset/bus/pci_function.h"
#include "chipset/dma_initiator.h"
#include "chipset/storage/bus_master.h"
#include "chipset/storage/ide_channel.h"

namespace southgate::chipset::storage {

struct PiixIdeConfig {
    bool piix4 = false;  // 8086:7111 with Ultra DMA registers instead of 8086:7010
    bool decodes_without_idetim = false;  // deviation: the channels answer although IDETIM bit 15 is 0
    bool decodes_without_io_enable = false;  // deviation: they answer although command register bit 0 is 0
};

class PiixIde : public PciFunction {
  public:
    // Channels: their `irq` pins are IRQ14 and IRQ15; drives are attached to them.
    IdeChannel primary{"primary"};
    IdeChannel secondary{"secondary"};
    DmaInitiator dma{"dma"};                                   // to memory
    TargetSocket bus_master{"bus_master", bus_master_space_};  // 16 ports at BMIBA, for the PCI bus

    explicit PiixIde(const sc_core::sc_module_name& name, const PiixIdeConfig& config = {});

    IdeChannel& channel(unsigned index) { return index ? secondary : primary; }

  private:
    void pci_reset() override;
    void pci_reset_released() override;
    void config_written(std::uint32_t offset, unsigned size, const AccessContext& context) override;
    void update_decode();

    BankSpace bus_master_space_{"bus_master", 16};
    std::array<std::unique_ptr<BusMaster>, 2> masters_;
    std::array<Register, 2> idetim_;
    Register sidetim_, udmactl_, udmatim_;  // the last two on PIIX4 only
    LineOut drive_reset_{"drive_reset"};    // RSTDRV as the drives see it
    std::array<unsigned, 2> command_windows_{}, control_windows_{};
    bool decodes_without_idetim_;
};

}  // namespace southgate::chipset::storage
