// A local APIC with everything around it, for tests.
#pragma once

#include <string>
#include <vector>

#include "chipset/apic/local_apic.h"
#include "tests/chipset/harness.h"

namespace southgate::chipset::test {

enum ApicOffset : unsigned {
    kApicId = 0x20,
    kApicVersion = 0x30,
    kApicTpr = 0x80,
    kApicPpr = 0xa0,
    kApicEoi = 0xb0,
    kApicLdr = 0xd0,
    kApicDfr = 0xe0,
    kApicSvr = 0xf0,
    kApicIsr = 0x100,
    kApicTmr = 0x180,
    kApicIrr = 0x200,
    kApicEsr = 0x280,
    kApicIcrLow = 0x300,
    kApicIcrHigh = 0x310,
    kApicLvtTimer = 0x320,
    kApicLvtThermal = 0x330,
    kApicLvtPerformance = 0x340,
    kApicLvtLint0 = 0x350,
    kApicLvtLint1 = 0x360,
    kApicLvtError = 0x370,
    kApicInitialCount = 0x380,
    kApicCurrentCount = 0x390,
    kApicDivide = 0x3e0
};

struct ApicBench {
    explicit ApicBench(ApicBus& bus, const LocalApic::Config& config = {})
        : apic(("apic" + std::to_string(config.id)).c_str(), bus, config),
          port(apic.socket),
          lint0(apic.lint0),
          lint1(apic.lint1),
          cpurst(apic.cpurst),
          init_in(apic.init_in) {
        apic.intr.bind(intr.in);
        apic.nmi.bind(nmi.in);
        apic.smi.bind(smi.in);
        apic.init.bind(init.in);
        apic.on_start_up([this](std::uint8_t vector) { start_ups.push_back(vector); });
        apic.on_ext_int_acknowledge([this] {
            ++inta_cycles;
            return std::uint8_t{0x08};
        });
    }
    std::uint32_t read(unsigned offset) { return static_cast<std::uint32_t>(port.read(offset, 4)); }
    void write(unsigned offset, std::uint32_t data) { port.write(offset, data, 4); }
    void enable() { write(kApicSvr, 0x1ff); }
    // Does the 256-bit register at `base` hold `vector`?
    bool holds(unsigned base, unsigned vector) {
        return read(base + vector / 32 * 0x10) >> (vector % 32) & 1;
    }
    void self_ipi(unsigned vector) { write(kApicIcrLow, 0x40000 | vector); }

    LocalApic apic;
    Initiator port;
    LineDriver lint0, lint1, cpurst, init_in;
    LineProbe intr, nmi, smi, init;
    std::vector<unsigned> start_ups;
    unsigned inta_cycles = 0;
};

}  // namespace southgate::chipset::test
