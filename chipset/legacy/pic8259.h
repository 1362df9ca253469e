// The interrupt controller of a PC: two cascaded 8259A with the edge/level control registers of the
// southbridge. Intel 231468 (8259A); 82371AB 290562 section 8.8 and 4.2.4 (ELCR).
//
// Inputs are 16 pins `irq(n)`; pin 2 is the cascade and is not looked at. As on the real chip an
// edge-triggered request must be *held* until it is acknowledged: one that drops before withdraws INTR, or
// acknowledges as the spurious IRQ7/IRQ15.
//
// Not modelled: the MCS-80 call sequence (ICW4.uPM = 0 behaves as 1), buffered mode, ICW1.LTIM (ELCR decides).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <systemc>

#include "chipset/legacy/pic_chip.h"
#include "chipset/lines.h"
#include "chipset/target.h"

namespace southgate::chipset {

class InterruptController : public sc_core::sc_module {
  private:
    BankSpace master_space_;
    BankSpace slave_space_;
    BankSpace elcr_space_;
    RegisterFunctions inta_space_;

  public:
    TargetSocket master;  // 20h-21h
    TargetSocket slave;   // A0h-A1h
    TargetSocket elcr;    // 4D0h-4D1h
    TargetSocket inta;    // interrupt acknowledge cycle: a 1-byte read returns the vector
    LineIn pcirst{"pcirst"};
    LineOut intr{"intr"};

    explicit InterruptController(const sc_core::sc_module_name& name);

    // n in 0..15.
    LineIn& irq(unsigned n) { return *irq_[n]; }

    // INTA cycle: the vector. INTR falls and, when another request is deliverable, rises again.
    std::uint8_t acknowledge();
    // The vector acknowledge() would return; changes nothing.
    std::uint8_t peek() const;

    const PicChip& master_chip() const { return master_chip_; }
    const PicChip& slave_chip() const { return slave_chip_; }

  private:
    void write_chip(PicChip& chip, bool a0, std::uint32_t data);
    void write_elcr();
    void update();
    void reset();

    PicChip master_chip_{PicChip::Role::master};
    PicChip slave_chip_{PicChip::Role::slave};
    std::array<Register, 2> master_registers_;
    std::array<Register, 2> slave_registers_;
    std::array<Register, 2> elcr_registers_;
    std::array<std::unique_ptr<LineIn>, 16> irq_;
};

}  // namespace southgate::chipset
