// APMC and APMS, ports B2h and B3h: how software calls the SMI handler. 82371AB 290562 and 82371SB 290550,
// advanced power management ports. Whether a write to APMC makes an SMI# is decided by who listens to `apmc`:
// the power management function (PIIX4) or the ISA bridge (PIIX3).
#pragma once

#include <systemc>

#include "chipset/lines.h"
#include "chipset/target.h"

namespace southgate::chipset {

class ApmPorts : public sc_core::sc_module {
  private:
    BankSpace space_{name(), 2};

  public:
    TargetSocket socket{"socket", space_};  // 2 bytes at I/O B2h
    LineIn pcirst{"pcirst"};
    LineOut apmc{"apmc"};  // pulse: software wrote APMC

    explicit ApmPorts(const sc_core::sc_module_name& name) : sc_module(name) {
        space_.bank.add(apmc_);
        space_.bank.add(apms_);
        apmc_.on_write([this](std::uint32_t, std::uint32_t, const AccessContext&) { apmc.pulse(); });
        pcirst.on_change([this](bool asserted) {
            if (asserted) space_.bank.reset(ResetDomain::platform);
        });
    }

    std::uint8_t control() const { return static_cast<std::uint8_t>(apmc_.value); }
    std::uint8_t status() const { return static_cast<std::uint8_t>(apms_.value); }

  private:
    static constexpr RegisterInfo infos_[] = {
        {.name = "APMC",
         .offset = 0,
         .width = 1,
         .reset = 0x00,
         .domain = ResetDomain::platform,
         .source = "82371AB 290562 APMC",
         .fields = {},
         .synchronise = true},
        {.name = "APMS",
         .offset = 1,
         .width = 1,
         .reset = 0x00,
         .domain = ResetDomain::platform,
         .source = "82371AB 290562 APMS"},
    };
    Register apmc_{infos_[0]};
    Register apms_{infos_[1]};
};

}  // namespace southgate::chipset
