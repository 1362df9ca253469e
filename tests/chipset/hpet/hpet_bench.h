// An HPET with everything around it, for tests.
#pragma once

#include "chipset/hpet/hpet.h"
#include "tests/chipset/harness.h"

namespace southgate::chipset::test {

struct HpetBench {
    HpetBench() {
        hpet.irq0.bind(irq0.in);
        hpet.irq8.bind(irq8.in);
        hpet.route(0).bind(route20.in);
        hpet.route(3).bind(route23.in);
    }
    std::uint64_t read(unsigned offset, unsigned size = 4) { return port.read(offset, size); }
    void write(unsigned offset, std::uint64_t data, unsigned size = 4) { port.write(offset, data, size); }

    Hpet hpet{"hpet"};
    Initiator port{hpet.socket};
    LineDriver pcirst{hpet.pcirst}, pit{hpet.pit}, rtc{hpet.rtc};
    LineProbe irq0{"p0"}, irq8{"p8"}, route20{"p20"}, route23{"p23"};
};

inline constexpr unsigned kGcap = 0, kGenConf = 0x10, kStatus = 0x20, kMainCount = 0xf0, kT0 = 0x100, kT1 = 0x120;
inline constexpr unsigned kConf = 0, kRouteCap = 4, kCompare = 8;

}  // namespace southgate::chipset::test
