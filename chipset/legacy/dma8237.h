// The DMA subsystem of a PC: two 8237A controllers and their page registers. Intel 231466 (8237A); 82371AB
// 290562 section 8.7.
//
// Modelled: every register as software sees it. Not modelled: transfers and DREQ/DACK pins (no ISA device
// here is a DMA slave), memory-to-memory, the DMA high pages and the type-F timing.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <systemc>
#include <utility>
#include <vector>

#include "chipset/lines.h"
#include "chipset/target.h"

namespace southgate::chipset {

// The registers of one 8237A.
struct DmaChip {
    struct Channel {
        std::uint16_t base_address = 0, current_address = 0;
        std::uint16_t base_count = 0, current_count = 0;
        std::uint8_t mode = 0;
    };
    std::array<Channel, 4> channels;
    std::uint8_t command = 0;
    std::uint8_t status = 0;  // terminal counts; cleared by reading
    std::uint8_t request = 0;
    std::uint8_t mask = 0xf;
    bool high_byte = false;  // first/last flip-flop

    void master_clear();
    void write(unsigned reg, std::uint8_t data);
    std::uint8_t read(unsigned reg, bool debug);
};

class DmaController : public sc_core::sc_module {
  private:
    BankSpace dma1_space_;
    BankSpace dma2_space_;
    BankSpace page_space_;

  public:
    using PortListener = std::function<void(std::uint8_t data, const sc_core::sc_time& at)>;

    TargetSocket dma1;   // 00h-0Fh: channels 0-3
    TargetSocket dma2;   // C0h-DFh: channels 4-7, a register every second port
    TargetSocket pages;  // 80h-8Fh
    LineIn pcirst{"pcirst"};

    explicit DmaController(const sc_core::sc_module_name& name);

    // Page register 80h is where POST codes go: its writes are also given to `listener`.
    void on_port_80(PortListener listener) { port_80_ = std::move(listener); }
    const DmaChip& chip(unsigned n) const { return chips_[n]; }

  private:
    void declare(BankSpace& space, DmaChip& chip, const std::array<RegisterInfo, 16>& infos);

    std::array<DmaChip, 2> chips_;
    std::vector<std::unique_ptr<Register>> registers_;
    PortListener port_80_;
};

}  // namespace southgate::chipset
