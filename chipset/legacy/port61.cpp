#include "chipset/legacy/port61.h"

#include "chipset/clock.h"
#include "chipset/observer.h"

namespace southgate::chipset {

namespace {

constexpr std::uint32_t kGate = 0x01, kSpeaker = 0x02, kSerrDisable = 0x04, kIochkDisable = 0x08;
constexpr std::uint32_t kRefresh = 0x10, kOut2 = 0x20, kIochkStatus = 0x40, kSerrStatus = 0x80;

constexpr Field kFields[] = {
    {"TIM_CNT2_EN", 0, 1, FieldAccess::rw, "GATE of 8254 counter 2"},
    {"SPKR_DAT_EN", 1, 1, FieldAccess::rw, "OUT of counter 2 drives the speaker"},
    {"PCI_SERR_EN", 2, 1, FieldAccess::rw, "1 disables and clears the SERR# NMI"},
    {"IOCHK_EN", 3, 1, FieldAccess::rw, "1 disables and clears the IOCHK# NMI"},
    {"REF_TOGGLE", 4, 1, FieldAccess::ro, "toggles with each refresh cycle"},
    {"TMR2_OUT_STS", 5, 1, FieldAccess::ro, "OUT of 8254 counter 2"},
    {"IOCHK_STS", 6, 1, FieldAccess::ro, "IOCHK# NMI pending"},
    {"SERR_STS", 7, 1, FieldAccess::ro, "SERR# NMI pending"},
};
constexpr RegisterInfo kNmisc{"NMISC", 0, 1, 0x00, ResetDomain::platform, "82371AB 290562 4.2.5", kFields};

// Refresh requests come from 8254 counter 1, which every PC programs with 18: 15.0857 us apart.
constexpr std::uint64_t kRefreshPeriodPs = 15'085'714;

}  // namespace

NmiStatus::NmiStatus(const sc_core::sc_module_name& module_name, const Config& config)
    : sc_module(module_name), space_(name(), 1), socket("socket", space_), config_(config), nmisc_(kNmisc) {
    nmisc_.on_read([this](const AccessContext& context) { return read(context); });
    nmisc_.on_write([this](std::uint32_t before, std::uint32_t, const AccessContext& context) {
        if ((before ^ nmisc_.value) & kGate) drive_gate(context.now);
        speaker_enable.set((nmisc_.value & kSpeaker) != 0);
        update_nmi();
    });
    space_.bank.add(nmisc_);
    pcirst.on_change([this](bool asserted) {
        if (!asserted) return;
        nmisc_.reset();
        serr_latched_ = iochk_latched_ = false;
        drive_gate(sc_core::sc_time_stamp());
        speaker_enable.set(false);
        update_nmi();
    });
    serr.on_change([this](bool) { update_nmi(); });
    iochk.on_change([this](bool) { update_nmi(); });
    nmi_mask.on_change([this](bool) { update_nmi(); });
}

void NmiStatus::end_of_elaboration() { drive_gate(sc_core::SC_ZERO_TIME); }

std::uint32_t NmiStatus::read(const AccessContext& context) const {
    std::uint32_t value = nmisc_.value & (kGate | kSpeaker | kSerrDisable | kIochkDisable);
    if (to_picoseconds(context.now) / kRefreshPeriodPs & 1) value |= kRefresh;
    if (config_.read_out2 ? config_.read_out2(context.now) : t2_out.level()) value |= kOut2;
    if (iochk_latched_) value |= kIochkStatus;
    if (serr_latched_) value |= kSerrStatus;
    return value;
}

void NmiStatus::drive_gate(const sc_core::sc_time& now) {
    const bool gate = nmisc_.value & kGate;
    if (config_.write_gate2) config_.write_gate2(gate, now);
    t2_gate.set(gate);
}

// Status bits latch an asserted input until their disable bit is written 1.
void NmiStatus::update_nmi() {
    serr_latched_ = (serr_latched_ || serr.level()) && !(nmisc_.value & kSerrDisable);
    iochk_latched_ = (iochk_latched_ || iochk.level()) && !(nmisc_.value & kIochkDisable);
    const bool asserted = (serr_latched_ || iochk_latched_) && !nmi_mask.level();
    if (asserted == nmi.level()) return;
    if (observer) observer->line_changed(name(), "nmi", asserted, sc_core::sc_time_stamp());
    nmi.set(asserted);
}

}  // namespace southgate::chipset
