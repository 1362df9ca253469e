#include "chipset/piix/coprocessor_error.h"

namespace southgate::chipset {

namespace {

constexpr std::uint32_t nobody_drives = 0xff;
constexpr Field fields[] = {{"COPROC_ERR", 0, 8, FieldAccess::wo, "any write takes IRQ13 back and asserts IGNNE#"}};
constexpr RegisterInfo info{.name = "COPROC_ERR",
                            .offset = 0,
                            .width = 1,
                            .reset = 0x00,
                            .domain = ResetDomain::platform,
                            .source = "82371SB 290550, 82371AB 290562 coprocessor error register",
                            .fields = fields,
                            .synchronise = true};

}  // namespace

CoprocessorError::CoprocessorError(const sc_core::sc_module_name& name, bool always_enabled)
    : sc_module(name), always_enabled_(always_enabled), error_(info) {
    error_.on_write([this](std::uint32_t, std::uint32_t, const AccessContext&) { acknowledge(); });
    error_.on_read([](const AccessContext&) { return nobody_drives; });
    space_.bank.add(error_);
    ferr.on_change([this](bool) { update(); });
    enable.on_change([this](bool) { update(); });
    pcirst.on_change([this](bool asserted) {
        if (!asserted) return;
        space_.bank.reset(ResetDomain::platform);
        irq.set(false);
        ignne.set(false);
    });
}

void CoprocessorError::update() {
    const bool enabled = always_enabled_ || enable.level();
    const bool was_active = active_;
    active_ = enabled && ferr.level();
    if (!enabled) irq.set(false);
    if (!active_) ignne.set(false);
    if (active_ && !was_active) irq.set(true);
}

void CoprocessorError::acknowledge() {
    if (!always_enabled_ && !enable.level()) return;
    irq.set(false);
    if (active_) ignne.set(true);
}

}  // namespace southgate::chipset
