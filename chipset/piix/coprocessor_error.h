// x87 errors the way of the PC/AT: the processor's FERR# makes IRQ13, and software that writes port F0h takes the request
// back and lets the processor ignore the error (IGNNE#) until FERR# is gone. 82371SB 290550 and 82371AB 290562, FERR# and
// IGNNE# in the pin description, coprocessor error register; Intel SDM vol. 1 D.2.1.2, whose two flip-flops this is.
//
// The datasheets leave open whether IRQ13 falls with FERR#. Here it does not, as in the SDM's figure D-1: only port F0h, a
// reset or XBCS takes it back, so a handler may clear the error before or after it writes the port.
#pragma once

#include <systemc>

#include "chipset/lines.h"
#include "chipset/target.h"

namespace southgate::chipset {

class CoprocessorError : public sc_core::sc_module {
  private:
    BankSpace space_{name(), 1};

  public:
    TargetSocket socket{"socket", space_};  // 1 byte at I/O F0h: any write counts, reads float

    LineIn pcirst{"pcirst"};
    LineIn enable{"enable"};  // XBCS bit 5; while deasserted FERR# and port F0h do nothing
    LineIn ferr{"ferr"};      // FERR# of the processor
    LineOut irq{"irq"};       // IRQ13
    LineOut ignne{"ignne"};   // IGNNE# to the processor

    // `always_enabled`: whatever `enable` says (personality ferr_without_xbcs).
    explicit CoprocessorError(const sc_core::sc_module_name& name, bool always_enabled = false);

  private:
    void update();
    void acknowledge();

    bool always_enabled_;
    bool active_ = false;  // FERR# asserted and enabled
    Register error_;
};

}  // namespace southgate::chipset
