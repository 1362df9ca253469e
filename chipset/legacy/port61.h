// Port 61h, NMI status and control (NMISC): speaker and timer 2 gate, refresh toggle, SERR# and IOCHK# NMI.
// 82371AB 290562 section 4.2.5 (NMISC); 316972 (ICH9) section 13.7.1 (NMI_SC). Not modelled: the sound of the
// speaker.
#pragma once

#include <cstdint>
#include <functional>
#include <systemc>

#include "chipset/lines.h"
#include "chipset/target.h"

namespace southgate::chipset {

class NmiStatus : public sc_core::sc_module {
  private:
    BankSpace space_;

  public:
    struct Config {
        // The 8254's OUT2 and GATE2 as functions of the exact time of an access (Timer8254::output and
        // set_gate2), so that counter 2 needs no events. Empty: the pins t2_out and t2_gate are used alone.
        std::function<bool(const sc_core::sc_time& now)> read_out2;
        std::function<void(bool level, const sc_core::sc_time& now)> write_gate2;
    };

    TargetSocket socket;  // 1 byte at I/O 61h

    LineIn pcirst{"pcirst"};
    LineIn t2_out{"t2_out"};                   // 8254 OUT2
    LineIn serr{"serr"};                       // PCI SERR#
    LineIn iochk{"iochk"};                     // ISA IOCHK#
    LineIn nmi_mask{"nmi_mask"};               // port 70h bit 7, asserted = NMI disabled
    LineOut t2_gate{"t2_gate"};                // 8254 GATE2, bit 0
    LineOut speaker_enable{"speaker_enable"};  // bit 1: OUT2 drives the speaker
    LineOut nmi{"nmi"};

    explicit NmiStatus(const sc_core::sc_module_name& name) : NmiStatus(name, Config{}) {}
    NmiStatus(const sc_core::sc_module_name& name, const Config& config);

  private:
    void end_of_elaboration() override;
    std::uint32_t read(const AccessContext& context) const;
    void drive_gate(const sc_core::sc_time& now);
    void update_nmi();

    Config config_;
    Register nmisc_;
    bool serr_latched_ = false;
    bool iochk_latched_ = false;
};

}  // namespace southgate::chipset
