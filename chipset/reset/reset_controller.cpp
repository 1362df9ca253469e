#include "chipset/reset/reset_controller.h"

#include <algorithm>

#include "chipset/observer.h"

namespace southgate::chipset {

namespace {

constexpr std::uint32_t kInitNow = 0x01, kAltA20 = 0x02;                  // port 92h
constexpr std::uint32_t kSysRst = 0x02, kRstCpu = 0x04, kFullRst = 0x08;  // CF9h

constexpr Field kP92Fields[] = {
    {"FAST_INIT", 0, 1, FieldAccess::rw, "0 to 1 makes an INIT# pulse; reads back as written"},
    {"FAST_A20", 1, 1, FieldAccess::rw, "1 opens A20, ORed with the keyboard controller"},
    {"reserved", 2, 6, FieldAccess::reserved, "reads 0"},
};
constexpr RegisterInfo kP92Piix{"P92",      0,   1, 0x00, ResetDomain::platform, "82371AB 290562 4.2.7.2",
                                kP92Fields, true};
constexpr RegisterInfo kP92Ich9{"PORT92",        0,          1,   0x00, ResetDomain::platform,
                                "316972 13.7.3", kP92Fields, true};
constexpr RegisterInfo kP92Storage{
    "P92", 0, 1, 0x00, ResetDomain::platform, "QEMU deviation 6: eight bits of storage", {}, true};

constexpr Field kRcFields[] = {
    {"reserved", 0, 1, FieldAccess::reserved, "reads 0"},
    {"SRST", 1, 1, FieldAccess::rw, "0: soft reset (INIT#), 1: hard reset"},
    {"RCPU", 2, 1, FieldAccess::wo, "0 to 1 starts the reset; reads 0, stays latched over a soft reset"},
    {"reserved", 3, 5, FieldAccess::reserved, "reads 0"},
};
constexpr RegisterInfo kRcPiix{"RC",      0,   1, 0x00, ResetDomain::platform, "82371AB 290562 4.2.7",
                               kRcFields, true};

constexpr Field kRstCntFields[] = {
    {"reserved", 0, 1, FieldAccess::reserved, "reads 0"},
    {"SYS_RST", 1, 1, FieldAccess::rw, "0: soft reset (INIT#), 1: hard reset (PLTRST#)"},
    {"RST_CPU", 2, 1, FieldAccess::rw, "0 to 1 starts the reset"},
    {"FULL_RST", 3, 1, FieldAccess::rw, "1: a hard reset is a power cycle"},
    {"reserved", 4, 4, FieldAccess::reserved, "reads 0"},
};
constexpr RegisterInfo kRstCntIch9{"RST_CNT",     0,   1, 0x00, ResetDomain::platform, "316972 13.7.5",
                                   kRstCntFields, true};

const RegisterInfo& port92_info(const ResetController::Config& config) {
    if (config.personality.port92_stores_reserved) return kP92Storage;
    return config.southbridge == Southbridge::ich9 ? kP92Ich9 : kP92Piix;
}

std::uint64_t current_ps() { return to_picoseconds(sc_core::sc_time_stamp()); }

}  // namespace

ResetController::ResetController(const sc_core::sc_module_name& module_name, const Config& config)
    : sc_module(module_name),
      port92_space_(name(), 1),
      cf9_space_(name(), 1),
      port92("port92", port92_space_),
      cf9("cf9", cf9_space_),
      config_(config),
      p92_(port92_info(config)),
      rc_(config.southbridge == Southbridge::ich9 ? kRstCntIch9 : kRcPiix) {
    p92_.on_write([this](std::uint32_t before, std::uint32_t, const AccessContext& context) {
        write_port92(before, to_picoseconds(context.now));
    });
    rc_.on_write([this](std::uint32_t before, std::uint32_t written, const AccessContext& context) {
        write_cf9(before, written, to_picoseconds(context.now));
    });
    port92_space_.bank.add(p92_);
    cf9_space_.bank.add(rc_);

    rcin.on_change([this](bool asserted) { change_rcin(asserted); });
    a20gate.on_change([this](bool open) {
        a20_open_ = open;
        update_a20(current_ps());
    });
    shutdown.on_change([this](bool asserted) {
        if (asserted) request_shutdown_init(sc_core::sc_time_stamp());
    });
    host_init.on_change([this](bool asserted) {
        if (asserted) request_init(kInitCf9, "trc-soft", current_ps(), config_.timing.cf9_soft_delay);
    });
    host_reset.on_change([this](bool asserted) {
        if (asserted) request_hard_reset("trc-hard", current_ps(), config_.timing.cf9_hard_delay, false);
    });
    s5.on_change([this](bool asserted) {
        if (asserted) request_soft_off(sc_core::sc_time_stamp());
    });
    s3.on_change([this](bool asserted) {
        if (asserted) request_off("s3", current_ps(), OffReason::suspend);
    });
    wake.on_change([this](bool asserted) {
        if (asserted) request_power("wake", current_ps());
    });
    power_button.on_change([this](bool pressed) { change_power_button(pressed, current_ps()); });
    reset_button.on_change([this](bool pressed) { change_reset_button(pressed, current_ps()); });

    SC_HAS_PROCESS(ResetController);
    SC_METHOD(expire);
    sensitive << agenda_.event();
    dont_initialize();
}

void ResetController::end_of_elaboration() {
    drive(resume_well_ok, "resume_well_ok", true, 0);
    hold_in_reset(0);
    update_a20(0);
}

// --- time ---

void ResetController::expire() {
    const std::uint64_t now = current_ps();
    for (int slot = agenda_.take_due(now); slot >= 0; slot = agenda_.take_due(now))
        perform(static_cast<Action>(slot), now);
    agenda_.arm();
}

// No delay means now, inside the call of the cause: that is what lets a reset land in the pending port I/O.
void ResetController::schedule(Action action, std::uint64_t now, std::uint64_t delay) {
    if (delay > 0)
        agenda_.set(action, now + std::min(delay, kNeverPs / 2));
    else
        agenda_.cancel(action), perform(action, now);
}

void ResetController::perform(Action action, std::uint64_t now) {
    switch (action) {
        case kOverride:
            report("power-button", now);
            off_reason_ = OffReason::soft_off;
            switch_off(now);
            break;
        case kPowerOff:
            switch_off(now);
            break;
        case kPowerStart:
            power_ = Power::rising;
            schedule(kPowerGood, now, config_.timing.power_supply_rise);
            break;
        case kPowerGood:
            raise_power_good(now);
            break;
        case kWake:
            request_power("wake", now);
            break;
        case kAssertReset:
            hard_reset(now);
            break;
        case kReleasePcirst:
            drive(pcirst, "pcirst", false, now);
            break;
        case kReleaseRstdrv:
            drive(rstdrv, "rstdrv", false, now);
            break;
        case kReleaseCpurst:
            drive(cpurst, "cpurst", false, now);
            break;
        case kInitPort92:
        case kInitCf9:
        case kInitShutdown:
            assert_init(now);
            break;
        case kReleaseInit:
            drive(init, "init", false, now);
            break;
        case kActionCount:
            break;
    }
}

// --- registers ---

void ResetController::write_port92(std::uint32_t before, std::uint64_t now) {
    const std::uint32_t value = p92_.value;
    a20_open_ = value & kAltA20;
    update_a20(now);
    if (value & ~before & kInitNow) request_init(kInitPort92, "port92", now, config_.timing.port92_delay);
}

// The type bits are sampled with the firing edge of bit 2, so a single write of 06h works (reset-hardware
// rules CF9-2, CF9-5). A hard reset reloads the register on the way: nothing may touch it afterwards.
void ResetController::write_cf9(std::uint32_t before, std::uint32_t written, std::uint64_t now) {
    const Personality& personality = config_.personality;
    if (!(written & kRstCpu)) return;
    if (personality.cf9_level_triggered)
        rc_.value = before;
    else if (before & kRstCpu)
        return;
    const bool hard = written & kSysRst, full = hard && (written & kFullRst);
    const char* source = full ? "cf9-full" : hard ? "cf9-hard" : "cf9-soft";
    if (!hard && !personality.cf9_ignores_type) {
        request_init(kInitCf9, source, now, config_.timing.cf9_soft_delay);
        return;
    }
    const bool cycle = full && config_.southbridge == Southbridge::ich9 && !personality.cf9_ignores_type;
    request_hard_reset(source, now, config_.timing.cf9_hard_delay, cycle);
}

void ResetController::reset_registers() {
    const std::uint32_t kept = config_.personality.port92_a20_survives_reset ? p92_.value & ~kInitNow : 0;
    p92_.reset();
    p92_.value |= kept;
    rc_.reset();
    a20_open_ = true;
}

void ResetController::update_a20(std::uint64_t now) {
    const bool open =
        config_.personality.a20_last_writer ? a20_open_ : a20gate.level() || (p92_.value & kAltA20) != 0;
    drive(a20m, "a20m", !open, now);
}

// --- causes ---

void ResetController::request_shutdown_init(const sc_core::sc_time& now) {
    request_init(kInitShutdown, "shutdown", to_picoseconds(now), config_.timing.shutdown_delay);
}

void ResetController::request_soft_off(const sc_core::sc_time& now) {
    request_off("s5", to_picoseconds(now), OffReason::soft_off);
}

void ResetController::request_init(Action action, const char* source, std::uint64_t now,
                                   std::uint64_t delay) {
    if (power_ != Power::on || cpurst.level()) return;  // RESET wins over INIT
    if (config_.personality.init_resets_machine) {
        request_hard_reset(source, now, delay, false);
        return;
    }
    report(source, now);
    if (!agenda_.pending(action)) schedule(action, now, delay);
}

// The keyboard controller reports its cause itself; its latency has passed when the pin falls. Only the edge
// counts: RCIN# held low makes one INIT# (rule KBC-1).
void ResetController::change_rcin(bool asserted) {
    const std::uint64_t now = current_ps();
    if (observer) observer->line_changed(name(), "rcin", asserted, sc_core::sc_time_stamp());
    if (!asserted || power_ != Power::on || cpurst.level()) return;
    if (config_.personality.init_resets_machine)
        hard_reset(now);
    else
        assert_init(now);
}

void ResetController::request_hard_reset(const char* source, std::uint64_t now, std::uint64_t delay,
                                         bool power_cycle) {
    if (power_ != Power::on) return;
    report(source, now);
    cycle_pending_ |= power_cycle;
    if (!agenda_.pending(kAssertReset)) schedule(kAssertReset, now, delay);
}

void ResetController::request_off(const char* source, std::uint64_t now, OffReason reason) {
    if (power_ != Power::on || agenda_.pending(kPowerOff)) return;
    report(source, now);
    off_reason_ = reason;
    schedule(kPowerOff, now, config_.timing.power_off_delay);
}

void ResetController::request_power(const char* source, std::uint64_t now) {
    if (power_ != Power::off) return;
    report(source, now);
    agenda_.cancel(kWake);
    drive(powered_off, "powered_off", false, now);
    schedule(kPowerStart, now, 0);
}

void ResetController::power_on() { request_power("power-on", current_ps()); }

void ResetController::press_power_button() {
    change_power_button(true, current_ps());
    change_power_button(false, current_ps());
}

void ResetController::press_reset_button() {
    change_reset_button(true, current_ps());
    change_reset_button(false, current_ps());
}

void ResetController::change_power_button(bool pressed, std::uint64_t now) {
    if (!pressed) {
        agenda_.cancel(kOverride);
        drive(pwrbtn, "pwrbtn", false, now);
    } else if (power_ == Power::on) {
        drive(pwrbtn, "pwrbtn", true, now);
        schedule(kOverride, now, config_.timing.power_button_override);
    } else {
        request_power("power-button", now);
    }
}

// PIIX boards pull PWROK low; ICH9 has a debounced SYS_RESET# input that FULL_RST turns into a power cycle.
void ResetController::change_reset_button(bool pressed, std::uint64_t now) {
    if (config_.southbridge == Southbridge::ich9) {
        if (pressed)
            request_hard_reset("reset-button", now, config_.timing.reset_button_debounce,
                               (rc_.value & kFullRst) != 0);
        return;
    }
    if (pressed && power_ == Power::on) {
        report("reset-button", now);
        reset_button_down_ = now;
        reset_button_holds_ = true;
        power_ = Power::rising;
        lose_power_good(now);
    } else if (!pressed && reset_button_holds_) {
        reset_button_holds_ = false;
        const std::uint64_t earliest = reset_button_down_ + config_.timing.reset_button_pulse;
        schedule(kPowerGood, now, earliest > now ? earliest - now : 0);
    }
}

// --- lines ---

void ResetController::assert_init(std::uint64_t now) {
    // 316972 13.7.3: ALT_A20_GATE is set when INIT# goes active, so that the CPU finds its reset vector.
    if (config_.southbridge == Southbridge::ich9) {
        p92_.value |= kAltA20;
        a20_open_ = true;
        update_a20(now);
    }
    drive(init, "init", true, now);
    schedule(kReleaseInit, now, config_.timing.init_pulse);
}

// Asserts every reset line and reloads the core well's own registers; INIT# and what was under way is
// dropped.
void ResetController::hold_in_reset(std::uint64_t now) {
    for (const Action action : {kAssertReset, kReleasePcirst, kReleaseRstdrv, kReleaseCpurst, kInitPort92,
                                kInitCf9, kInitShutdown, kReleaseInit})
        agenda_.cancel(action);
    drive(init, "init", false, now);
    drive(pcirst, "pcirst", true, now);
    drive(rstdrv, "rstdrv", true, now);
    drive(cpurst, "cpurst", true, now);
    reset_registers();
    update_a20(now);
}

void ResetController::release_resets(std::uint64_t now, std::uint64_t pcirst_delay,
                                     std::uint64_t rstdrv_delay, std::uint64_t cpurst_delay) {
    schedule(kReleasePcirst, now, pcirst_delay);
    schedule(kReleaseRstdrv, now, rstdrv_delay);
    schedule(kReleaseCpurst, now, cpurst_delay);
}

void ResetController::hard_reset(std::uint64_t now) {
    if (cycle_pending_) {
        off_reason_ = OffReason::cycle;
        switch_off(now);
        return;
    }
    hold_in_reset(now);
    const ResetTiming& timing = config_.timing;
    release_resets(now, timing.pcirst_pulse, timing.rstdrv_pulse, timing.cpurst_pulse);
}

void ResetController::lose_power_good(std::uint64_t now) {
    agenda_.cancel(kPowerOff);
    agenda_.cancel(kOverride);
    cycle_pending_ = false;
    hold_in_reset(now);
    drive(pwrbtn, "pwrbtn", false, now);
    drive(power_good, "power_good", false, now);
}

void ResetController::switch_off(std::uint64_t now) {
    power_ = Power::off;
    lose_power_good(now);
    switch (off_reason_) {
        case OffReason::soft_off:
            drive(powered_off, "powered_off", true, now);
            if (config_.wake_after_off) schedule(kWake, now, *config_.wake_after_off);
            break;
        case OffReason::suspend:
            break;
        case OffReason::cycle:
            schedule(kPowerStart, now, config_.timing.power_cycle_off);
            break;
    }
}

void ResetController::raise_power_good(std::uint64_t now) {
    power_ = Power::on;
    drive(power_good, "power_good", true, now);
    const ResetTiming& timing = config_.timing;
    release_resets(now, timing.power_good_to_pcirst, timing.power_good_to_pcirst,
                   timing.power_good_to_cpurst);
}

void ResetController::drive(LineOut& line, const char* line_name, bool asserted, std::uint64_t now) {
    if (line.level() == asserted) return;
    if (observer) observer->line_changed(name(), line_name, asserted, from_picoseconds(now));
    line.set(asserted);
}

void ResetController::report(const char* source, std::uint64_t now) const {
    if (observer) observer->reset_requested(name(), source, from_picoseconds(now));
}

}  // namespace southgate::chipset
