#include "chipset/piix/southbridge.h"

#include <string>

namespace southgate::chipset {

namespace {

ResetController::Config reset_config(const PiixSouthbridge::Config& config) {
    return {.southbridge = Southbridge::piix,
            .timing = config.reset_timing,
            .personality = config.personality,
            .wake_after_off = config.wake_after_off};
}

IsaBridge::Config isa_config(const PiixSouthbridge::Config& config) {
    return {.model = config.model,
            .timing = config.timing,
            .bios_decode_follows_xbcs = config.bios_decode_follows_xbcs,
            .shutdown_needs_special_cycle_enable = config.shutdown_needs_special_cycle_enable};
}

RealTimeClock::Config rtc_config(const PiixSouthbridge::Config& config) {
    RealTimeClock::Config rtc = config.rtc;
    rtc.reset_clears_shutdown_byte |= config.personality.cmos_shutdown_cleared;
    return rtc;
}

}  // namespace

PiixSouthbridge::PiixSouthbridge(const sc_core::sc_module_name& name, ApicBus& apic_bus, const Config& config)
    : sc_module(name),
      reset("reset", reset_config(config)),
      isa("isa", isa_config(config)),
      ide("ide", {.piix4 = config.model == IsaBridge::Model::piix4,
                  .decodes_without_idetim = config.personality.ide_without_idetim,
                  .decodes_without_io_enable = config.personality.ide_without_io_enable}),
      pm("pm", {.personality = config.personality}),
      pic("pic"),
      pit("pit", {.reset_to_mode3 = config.personality.pit_runs_after_reset}),
      dma("dma"),
      rtc("rtc", rtc_config(config)),
      port61("port61",
             {.read_out2 = [this](const sc_core::sc_time& now) { return pit.output(2, now); },
              .write_gate2 = [this](bool level, const sc_core::sc_time& now) { pit.set_gate2(level, now); }}),
      apm("apm"),
      coprocessor_error("coprocessor_error", config.personality.ferr_without_xbcs),
      ioapic("ioapic", apic_bus),
      hpet("hpet"),
      config_(config) {
    map_ports();
    wire_interrupts();
    wire_reset();
}

// 82371AB 290562 chapter 4.2: the ports inside the chip. XBCS can close the RTC's and opens that of coprocessor errors.
void PiixSouthbridge::map_ports() {
    isa.map_internal(0x00, 16, dma.dma1);
    isa.map_internal(0x20, 2, pic.master);
    isa.map_internal(0x40, 4, pit.socket);
    isa.map_internal(0x61, 1, port61.socket);
    isa.map_internal(0x70, 4, rtc.socket, 0, IsaBridge::Gate::rtc);
    isa.map_internal(0x80, 16, dma.pages);
    isa.map_internal(0x92, 1, reset.port92);
    isa.map_internal(0xa0, 2, pic.slave);
    isa.map_internal(0xb2, 2, apm.socket);
    isa.map_internal(0xc0, 32, dma.dma2);
    isa.map_internal(0xf0, 1, coprocessor_error.socket, 0,
                     config_.personality.ferr_without_xbcs ? IsaBridge::Gate::none
                                                           : IsaBridge::Gate::coprocessor_error);
    isa.map_internal(0x4d0, 2, pic.elcr);
    isa.map_internal(0xcf9, 1, reset.cf9);
    isa.memory.map(0xfec0'0000, 0x100, ioapic.socket, 0, {config_.timing.piix_internal, {}});
    isa.memory.map(0xfed0'0000, chipset::hpet::size, hpet.socket, 0, {config_.timing.piix_internal, {}});
    isa.inta.bind(pic.inta);
}

void PiixSouthbridge::wire_interrupts() {
    for (unsigned n = 0; n < 16; ++n) {
        const std::string gate = "irq" + std::to_string(n);
        irq_or_[n] = std::make_unique<LineOr>(gate.c_str());
        isa.irq[n](irq_or_[n]->add_input());
        irq_or_[n]->out(pic.irq(n));
        // 82093AA on a PC board: INTIN n is IRQ n, the timer comes in at 2.
        if (n != 2) irq_or_[n]->out(ioapic.irq(n == 0 ? 2 : n));
    }
    pit.out0(hpet.pit);
    rtc.irq(hpet.rtc);
    hpet.irq0(isa_irq(0));
    hpet.irq8(isa_irq(8));
    for (unsigned n = 0; n < Hpet::route_count; ++n) hpet.route(n)(ioapic.irq(Hpet::first_route + n));
    rtc.irq(pm.rtc_alarm);
    pm.sci(isa_irq(9));
    isa.ferr_enable(coprocessor_error.enable);
    coprocessor_error.irq(isa_irq(13));
    ide.primary.irq(isa_irq(14));
    ide.secondary.irq(isa_irq(15));

    rtc.nmi_mask(port61.nmi_mask);
    apm.apmc(isa.apmc);
    isa.smi(smi_or_.add_input());
    apm.apmc(pm.apmc);
    pm.smi(smi_or_.add_input());
}

void PiixSouthbridge::wire_reset() {
    for (LineIn* pin : {&isa.pcirst, &ide.pcirst, &pm.pcirst, &pic.pcirst, &pit.pcirst, &dma.pcirst,
                        &rtc.pcirst, &port61.pcirst, &apm.pcirst, &coprocessor_error.pcirst, &ioapic.pcirst,
                        &hpet.pcirst})
        reset.pcirst(*pin);
    reset.power_good(pm.power_good);
    reset.resume_well_ok(pm.resume_well);
    reset.pwrbtn(pm.pwrbtn);
    pm.s3(reset.s3);
    pm.wake(reset.wake);
    // These two carry the exact time of the access, ahead of the simulated time inside a CPU's quantum.
    pm.on_soft_off([this](const sc_core::sc_time& now) { reset.request_soft_off(now); });
    isa.on_shutdown([this](const sc_core::sc_time& now) { reset.request_shutdown_init(now); });
}

void PiixSouthbridge::attach(PciBus& bus, unsigned device) {
    bus.attach(isa, device, 0);
    bus.attach(ide, device, 1);
    bus.attach(pm, device, 3);
    bus.attach_subtractive(isa.io.target, isa.memory.target);
    ide.dma.bind(bus.connect_master());
    for (unsigned i = 0; i < 4; ++i) {
        bus.pirq(i)(isa.pirq[i]);
        bus.pirq(i)(ioapic.irq(16 + i));
    }
}

}  // namespace southgate::chipset
