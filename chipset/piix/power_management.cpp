#include "chipset/piix/power_management.h"

#include <cstring>
#include <stdexcept>
#include <string>

#include "chipset/piix/power_management_registers.h"

namespace southgate::chipset {

using namespace piix_pm;

namespace {

constexpr PciIdentity pm_identity{.vendor = 0x8086,
                                  .device = 0x7113,
                                  .class_code = 0x068000,
                                  .revision = 0x03,
                                  .interrupt_pin = 1,
                                  .command_writable = 0x0001};
constexpr std::uint32_t pm_ports = 64;
constexpr unsigned half_period_bits = 23;  // TMROF_STS: bit 23 changes

std::uint64_t picoseconds_now() { return to_picoseconds(sc_core::sc_time_stamp()); }

}  // namespace

PowerManagement::PowerManagement(const sc_core::sc_module_name& name, const Config& config)
    : PciFunction(name, pm_identity),
      pm_space_(sc_module::name(), pm_ports, 0x00),
      smbus_space_(
          [this](std::uint32_t offset, unsigned size, const AccessContext& context) {
              return smbus_.bank().read(offset, size, context);
          },
          [this](std::uint32_t offset, unsigned size, std::uint32_t data, const AccessContext& context) {
              smbus_.bank().write(offset, size, data, context);
          }),
      pm_io("pm_io", pm_space_),
      smbus_io("smbus_io", smbus_space_),
      config_(config),
      smbus_(sc_module::name()) {
    for (const RegisterInfo& info : piix_pm::config_registers)
        add(*registers_.emplace_back(std::make_unique<Register>(info)));
    for (const RegisterInfo& info : piix_pm::pm_registers)
        pm_space_.bank.add(*registers_.emplace_back(std::make_unique<Register>(info)));
    pmba_ = &reg("PMBA");
    pmregmisc_ = &reg("PMREGMISC");
    smbba_ = &reg("SMBBA");
    smbhstcfg_ = &reg("SMBHSTCFG");
    devactb_ = &reg("DEVACTB");
    pmsts_ = &reg("PMSTS");
    pmen_ = &reg("PMEN");
    pmcntrl_ = &reg("PMCNTRL");
    pmtmr_ = &reg("PMTMR");
    gpsts_ = &reg("GPSTS");
    gpen_ = &reg("GPEN");
    glbsts_ = &reg("GLBSTS");
    glben_ = &reg("GLBEN");
    glbctl_ = &reg("GLBCTL");
    // PMIOSE alone opens the PM ports; the command register's I/O enable is for SMBus (7.1.3).
    pm_window_ = add_window(PciSpace::io, 0, pm_ports, pm_io, 0, false, false);
    smbus_window_ = add_window(PciSpace::io, 0, SmbusHost::bytes, smbus_io, 0, false, true);
    attach_behaviour();
}

Register& PowerManagement::reg(const char* register_name) {
    for (auto& r : registers_)
        if (std::strcmp(r->info().name, register_name) == 0) return *r;
    throw std::logic_error(std::string("PIIX4 function 3 has no register ") + register_name);
}

void PowerManagement::attach_behaviour() {
    pmtmr_->on_read([this](const AccessContext& context) { return timer(context.now); });
    pmsts_->on_read([this](const AccessContext& context) {
        const std::uint64_t halves = ticks(to_picoseconds(context.now)) >> half_period_bits;
        return pmsts_->value | (halves > overflows_seen_ ? tmrof : 0);
    });
    pmsts_->on_write([this](std::uint32_t, std::uint32_t written, const AccessContext& context) {
        settle_timer(to_picoseconds(context.now));
        pmsts_->value &= ~(written & tmrof);
        update_events();
    });
    pmen_->on_write([this](std::uint32_t, std::uint32_t, const AccessContext& context) {
        settle_timer(to_picoseconds(context.now));
        update_events();
        plan_overflow();
    });
    pmcntrl_->on_write([this](std::uint32_t, std::uint32_t written, const AccessContext& context) {
        write_control(written, context.now);
    });
    const auto events = [this](std::uint32_t, std::uint32_t, const AccessContext&) { update_events(); };
    gpsts_->on_write(events);
    gpen_->on_write(events);
    glbsts_->on_read([this](const AccessContext&) {
        return glbsts_->value | (pmsts_->value & pmen_->value ? glb_pm1 : 0) |
               (gpsts_->value & gpen_->value ? glb_gp : 0);
    });
    glbctl_->on_write([this](std::uint32_t, std::uint32_t written, const AccessContext& context) {
        glbctl_->value &= ~bios_rls;
        if (written & bios_rls) fixed_event(gbl, to_picoseconds(context.now));
    });

    // 7.1, DEVACTB.APMC_EN: a write to APMC makes an SMI#.
    apmc.on_change([this](bool asserted) {
        if (asserted && (devactb_->value & devactb_apmc_en)) make_smi(glb_apm);
    });
    pwrbtn.on_change([this](bool pressed) {
        if (pressed)
            fixed_event(piix_pm::pwrbtn, picoseconds_now());
        else
            button_released_ = picoseconds_now();
    });
    rtc_alarm.on_change([this](bool asserted) {
        if (!asserted) return;
        fixed_event(rtc, picoseconds_now());
        if (suspended_ && (pmen_->value & rtc)) wake.pulse();
    });
    thermal.on_change([this](bool asserted) { general_event(1u << 0, asserted); });
    gpi.on_change([this](bool asserted) { general_event(1u << 9, asserted); });
    ring.on_change([this](bool asserted) { general_event(1u << 10, asserted); });
    lid.on_change([this](bool asserted) { general_event(1u << 11, asserted); });
    power_good.on_change([this](bool good) { change_power(good); });
    resume_well.on_change([this](bool ok) {
        if (!ok) return;
        resume_well_reset();
        core_reset();
    });

    SC_METHOD(overflow_due);
    sensitive << overflow_event_;
    dont_initialize();
}

// ---- configuration space

void PowerManagement::config_written(std::uint32_t, unsigned, const AccessContext&) {
    update_windows_from_config();
}

std::uint16_t PowerManagement::io_base() const { return static_cast<std::uint16_t>(pmba_->value & 0xffc0); }

void PowerManagement::update_windows_from_config() {
    const std::uint32_t pm_base = io_base(), smbus_base = smbba_->value & 0xfff0;
    set_window(pm_window_, pm_base, pm_base != 0 && (pmregmisc_->value & pmregmisc_pmiose));
    set_window(smbus_window_, smbus_base, smbus_base != 0 && (smbhstcfg_->value & smb_host_en));
}

// ---- timer

std::uint64_t PowerManagement::ticks(std::uint64_t now_ps) const {
    return now_ps > timer_origin_ ? timer_clock.ticks(now_ps - timer_origin_) : 0;
}

std::uint32_t PowerManagement::timer(const sc_core::sc_time& now) const {
    return static_cast<std::uint32_t>(ticks(to_picoseconds(now)) & 0xffffff);
}

// Latches TMROF_STS for what the timer has done up to now.
void PowerManagement::settle_timer(std::uint64_t now_ps) {
    const std::uint64_t halves = ticks(now_ps) >> half_period_bits;
    if (halves <= overflows_seen_) return;
    overflows_seen_ = halves;
    pmsts_->value |= tmrof;
}

// The overflow needs an event only while it can make an interrupt.
void PowerManagement::plan_overflow() {
    if (!(pmen_->value & tmrof)) return overflow_event_.cancel();
    const std::uint64_t after = timer_clock.picoseconds((overflows_seen_ + 1) << half_period_bits);
    notify_at(overflow_event_, after >= kNeverPs ? kNeverPs : timer_origin_ + after);
}

void PowerManagement::overflow_due() {
    settle_timer(picoseconds_now());
    update_events();
    plan_overflow();
}

// ---- events

void PowerManagement::fixed_event(std::uint32_t status_bit, std::uint64_t now_ps) {
    settle_timer(now_ps);
    pmsts_->value |= status_bit;
    update_events();
}

void PowerManagement::general_event(std::uint32_t status_bit, bool asserted) {
    if (!asserted) return;
    gpsts_->value |= status_bit;
    update_events();
    if (suspended_ && (gpen_->value & status_bit)) wake.pulse();
}

bool PowerManagement::pending() const {
    constexpr std::uint32_t fixed = tmrof | gbl | piix_pm::pwrbtn | rtc;
    return (pmsts_->value & pmen_->value & fixed) || (gpsts_->value & gpen_->value);
}

// 11.4: enabled events make SCI while SCI_EN is set, else an SMI# when the first of them appears.
void PowerManagement::update_events() {
    const bool now_pending = pending();
    const bool appeared = now_pending && !pending_;
    pending_ = now_pending;
    const bool as_sci = pmcntrl_->value & sci_en;
    sci.set(now_pending && as_sci);
    if (appeared && !as_sci) make_smi(0);
}

void PowerManagement::make_smi(std::uint32_t cause) {
    glbsts_->value |= cause;
    if ((glbctl_->value & smi_en) || config_.personality.smi_without_global_enable) smi.pulse();
}

// ---- control and suspend

void PowerManagement::write_control(std::uint32_t written, const sc_core::sc_time& now) {
    pmcntrl_->value &= ~(gbl_rls | sus_en);
    update_events();
    if (written & gbl_rls) {
        glbsts_->value |= glb_bios;
        if (glben_->value & glben_bios) make_smi(glb_bios);
    }
    if (!(written & sus_en)) return;
    switch ((pmcntrl_->value & sus_typ) >> sus_typ_lsb) {
        case sus_typ_soft_off:
            suspended_ = true;
            s5.pulse();
            if (on_soft_off_) on_soft_off_(now);
            break;
        case sus_typ_suspend_to_ram:
            suspended_ = true;
            s3.pulse();
            break;
        default:
            break;
    }
}

// ---- reset and power

// PCIRST# reaches the core well at once; whether the suspend well goes with it (RC hard reset, 4.2.7.1) or
// keeps its state (power loss: suspend, soft off, reset button) shows when PCIRST# is released.
void PowerManagement::pci_reset() {
    core_reset();
    power_lost_ = false;
}

void PowerManagement::pci_reset_released() {
    if (!power_lost_) resume_well_reset();
}

void PowerManagement::change_power(bool good) {
    if (!good) {
        power_lost_ = true;
        // The button was still held and nobody asked for sleep: the 4 s override switched off.
        if (!suspended_ && button_released_ == picoseconds_now()) pmsts_->value |= pwrbtnor;
        return;
    }
    if (suspended_) pmsts_->value |= rsm_sts;
    suspended_ = false;
}

void PowerManagement::core_reset() {
    const std::uint64_t now = picoseconds_now();
    pm_space_.bank.reset(ResetDomain::platform);
    smbus_.reset();
    constexpr std::uint32_t core_status = tmrof | bm_sts | gbl;
    pmsts_->value &= ~core_status;
    pmen_->value &= rtc | piix_pm::pwrbtn;
    pmcntrl_->value &= config_.personality.pm1_cleared_by_sleep ? 0 : sus_typ;
    timer_origin_ = now;
    overflows_seen_ = 0;
    update_windows_from_config();
    pending_ = pending();
    sci.set(false);
    plan_overflow();
}

void PowerManagement::resume_well_reset() {
    for (Register* reg : {pmsts_, pmen_, pmcntrl_, gpsts_, gpen_}) reg->reset();
    pending_ = false;
    sci.set(false);
    overflow_event_.cancel();
}

}  // namespace southgate::chipset
