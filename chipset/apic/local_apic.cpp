#include "chipset/apic/local_apic.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace southgate::chipset {

using namespace lapic;

namespace {

constexpr std::uint8_t kFirstLegalVector = 16;
constexpr std::uint8_t kNobodyDrives = 0xff;
constexpr std::uint8_t kClass = 0xf0;  // priority class of a vector or TPR
// ESR bits, SDM vol. 3A 10.5.3.
constexpr std::uint32_t kSendIllegalVector = 1u << 5, kReceiveIllegalVector = 1u << 6,
                        kIllegalRegister = 1u << 7;

DeliveryMode delivery_of(std::uint32_t entry) { return static_cast<DeliveryMode>(entry >> 8 & 7); }

bool is_fixed(DeliveryMode delivery) {
    return delivery == DeliveryMode::fixed || delivery == DeliveryMode::lowest_priority;
}

// DCR bits 3, 1, 0: 2, 4 ... 128, and 111 = 1.
unsigned divider_of(std::uint32_t dcr) {
    const unsigned code = (dcr >> 1 & 4) | (dcr & 3);
    return code == 7 ? 1 : 2u << code;
}

}  // namespace

LocalApic::LocalApic(const sc_core::sc_module_name& name, ApicBus& bus, const Config& config)
    : sc_module(name),
      space_([this](std::uint32_t offset, unsigned size,
                    const AccessContext& context) { return read(offset, size, context); },
             [this](std::uint32_t offset, unsigned size, std::uint32_t data, const AccessContext& context) {
                 write(offset, size, data, context);
             }),
      socket("socket", space_),
      bus_(bus),
      config_(config),
      bank_(this->name(), 0x400, 0x00),
      timer_(config.timer_hz),
      timer_event_("timer_event") {
    if (config.timer_hz == 0)
        throw std::invalid_argument(std::string(this->name()) + ": APIC timer clock of 0 Hz");
    declare();
    reset();
    lint0.on_change([this](bool asserted) { pin_changed(kLvtLint0, asserted); });
    lint1.on_change([this](bool asserted) { pin_changed(kLvtLint1, asserted); });
    cpurst.on_change([this](bool asserted) {
        if (asserted) reset();
    });
    init_in.on_change([this](bool asserted) {
        if (asserted) reset_registers();
    });
    bus_.add(*this);
    SC_HAS_PROCESS(LocalApic);
    SC_METHOD(timer_expired);
    sensitive << timer_event_;
    dont_initialize();
}

void LocalApic::declare() {
    registers_.reserve(kRegisters.size());
    for (const RegisterInfo& info : kRegisters) bank_.add(registers_.emplace_back(info));

    const auto on_write = [this](unsigned index, auto handler) {
        registers_[index].on_write([handler](std::uint32_t, std::uint32_t, const AccessContext& context) {
            handler(to_picoseconds(context.now));
        });
    };
    on_write(kTpr, [this](std::uint64_t) { update(); });
    on_write(kEoi, [this](std::uint64_t) { end_of_interrupt(); });
    on_write(kSvr, [this](std::uint64_t now) { svr_written(now); });
    on_write(kEsr, [this](std::uint64_t now) {
        registers_[kEsr].value = esr_pending_;
        esr_pending_ = 0;
        plan_timer(now);
    });
    on_write(kIcrLow, [this](std::uint64_t) { send_ipi(); });
    for (unsigned index = kLvtTimer; index <= kLvtError; ++index)
        on_write(index, [this, index](std::uint64_t now) { lvt_written(index, now); });
    on_write(kInitialCount, [this](std::uint64_t now) {
        if (deadline_mode()) {  // ignored (SDM vol. 3A 10.5.4.1)
            registers_[kInitialCount].value = 0;
            return;
        }
        timer_.start(value(kInitialCount), now);
        plan_timer(now);
    });
    on_write(kDivide, [this](std::uint64_t now) {
        timer_.set_divider(divider_of(value(kDivide)), now);
        plan_timer(now);
    });

    registers_[kApr].on_read(
        [this](const AccessContext&) -> std::uint32_t { return arbitration_priority(); });
    registers_[kPpr].on_read([this](const AccessContext&) -> std::uint32_t { return processor_priority(); });
    registers_[kCurrentCount].on_read(
        [this](const AccessContext& context) { return timer_.count(to_picoseconds(context.now)); });
    for (unsigned i = 0; i < 8; ++i) {
        registers_[kIsr0 + i].on_read([this, i](const AccessContext&) { return isr_.word(i); });
        registers_[kTmr0 + i].on_read([this, i](const AccessContext&) { return tmr_.word(i); });
        registers_[kIrr0 + i].on_read([this, i](const AccessContext&) { return irr_.word(i); });
    }
}

// --- Register access ---

std::uint32_t LocalApic::read(std::uint32_t offset, unsigned size, const AccessContext& context) {
    if (!enabled_ || x2apic_) return ~0u;  // the page is not the APIC's
    const std::uint64_t ignored = bank_.ignored_accesses();
    const std::uint32_t data = bank_.read(offset, size, context);
    if (!context.debug && bank_.ignored_accesses() != ignored) error(kIllegalRegister);
    return data;
}

void LocalApic::write(std::uint32_t offset, unsigned size, std::uint32_t data, const AccessContext& context) {
    if (!enabled_ || x2apic_) return;
    const std::uint64_t ignored = bank_.ignored_accesses();
    bank_.write(offset, size, data, context);
    if (!context.debug && bank_.ignored_accesses() != ignored) error(kIllegalRegister);
}

void LocalApic::svr_written(std::uint64_t now) {
    if (!software_enabled())
        for (unsigned index = kLvtTimer; index <= kLvtError; ++index) registers_[index].value |= kMasked;
    plan_timer(now);
    update();
}

void LocalApic::lvt_written(unsigned index, std::uint64_t now) {
    Register& entry = registers_[index];
    if (!software_enabled()) entry.value |= kMasked;  // SDM vol. 3A 10.4.7.2
    if (index == kLvtTimer) {
        if (!config_.tsc_deadline) entry.value &= ~kDeadline;
        // A change between counter and deadline disarms the timer (SDM vol. 3A 10.5.4.1).
        if (deadline_mode()) {
            registers_[kInitialCount].value = 0;
            timer_.start(0, now);
        } else {
            deadline_ = kNeverPs;
        }
        timer_.set_periodic((entry.value & kPeriodic) != 0, now);
        plan_timer(now);
    } else if (index == kLvtLint0 || index == kLvtLint1) {
        if (!(entry.value & kLevelTriggered)) entry.value &= ~kRemoteIrr;
        service_level_pin(index);
    }
    update();
}

void LocalApic::end_of_interrupt() {
    const int in_service = isr_.highest();
    if (in_service < 0) return;
    const auto vector = static_cast<std::uint8_t>(in_service);
    isr_.clear(vector);
    if (tmr_.test(vector)) {
        for (const unsigned index : {kLvtLint0, kLvtLint1}) {
            Register& entry = registers_[index];
            if (!(entry.value & kRemoteIrr) || (entry.value & 0xff) != vector) continue;
            entry.value &= ~kRemoteIrr;
            service_level_pin(index);
        }
        bus_.broadcast_eoi(vector);
    }
    update();
}

void LocalApic::error(std::uint32_t bits) {
    if ((esr_pending_ & bits) == bits) return;
    esr_pending_ |= bits;
    deliver_local(kLvtError);
}

void LocalApic::set_cr8(std::uint8_t value) {
    registers_[kTpr].value = static_cast<std::uint32_t>(value & 15) << 4;
    update();
}

// --- Messages ---

bool LocalApic::matches(std::uint32_t destination, DestinationMode mode) const {
    if (destination == apic_broadcast) return true;
    if (mode == DestinationMode::physical) return destination == apic_id();
    if (x2apic_) {
        const std::uint32_t id = logical_x2apic_id();
        return destination >> 16 == id >> 16 && (destination & id & 0xffff) != 0;
    }
    if (destination > 0xff) return false;
    const auto logical = static_cast<std::uint8_t>(value(kLdr) >> 24);
    if (value(kDfr) >> 28 == 0xf) return (destination & logical) != 0;
    const bool same_cluster = destination >> 4 == logical >> 4 || destination >> 4 == 0xf;
    return same_cluster && (destination & logical & 0xf) != 0;
}

bool LocalApic::accept(DeliveryMode delivery, std::uint8_t vector, TriggerMode trigger) {
    if (!enabled_) return false;
    switch (delivery) {
        case DeliveryMode::fixed:
        case DeliveryMode::lowest_priority:
            if (!software_enabled()) return false;
            if (vector < kFirstLegalVector) {
                error(kReceiveIllegalVector);
                return false;
            }
            irr_.set(vector);
            if (trigger == TriggerMode::level)
                tmr_.set(vector);
            else
                tmr_.clear(vector);
            update();
            return true;
        case DeliveryMode::smi:
            smi.pulse();
            return true;
        case DeliveryMode::nmi:
            nmi.pulse();
            return true;
        case DeliveryMode::init:
            reset_registers();
            init.pulse();
            return true;
        case DeliveryMode::start_up:
            if (start_up_) start_up_(vector);
            return true;
        case DeliveryMode::ext_int:
            ext_int_message_ = true;
            update();
            return true;
        case DeliveryMode::remote_read:
            break;
    }
    return false;
}

// SELF IPI register: edge-triggered, fixed.
void LocalApic::send_to_self(const ApicMessage& message) {
    if (message.vector < kFirstLegalVector) error(kSendIllegalVector);
    else accept(message.delivery, message.vector, message.trigger);
}

// A write to ICR_LOW. SDM vol. 3A 10.6.1.
void LocalApic::send_ipi() {
    const std::uint32_t icr = value(kIcrLow);
    ApicMessage message;
    message.x2apic = x2apic_;
    message.destination = x2apic_ ? value(kIcrHigh) : value(kIcrHigh) >> 24;
    message.destination_mode = static_cast<DestinationMode>(icr >> 11 & 1);
    message.delivery = delivery_of(icr);
    message.vector = static_cast<std::uint8_t>(icr);
    const bool level = (icr & kLevelTriggered) != 0;
    const bool asserted = (icr & kRemoteIrr) != 0;  // bit 14 is LEVEL here
    // INIT level de-assert only reloads arbitration IDs; xAPICs do nothing (10.6.1, "Trigger Mode").
    if (message.delivery == DeliveryMode::init && level && !asserted) return;
    if (message.delivery == DeliveryMode::remote_read || message.delivery == DeliveryMode::ext_int) return;
    if (is_fixed(message.delivery) && message.vector < kFirstLegalVector) {
        error(kSendIllegalVector);
        return;
    }
    switch (icr >> 18 & 3) {
        case 0:
            bus_.deliver(message);
            break;
        case 1:
            accept(message.delivery, message.vector, message.trigger);
            break;
        case 2:
            bus_.deliver_to_all(message, nullptr);
            break;
        default:
            bus_.deliver_to_all(message, this);
            break;
    }
}

// --- Pins ---

void LocalApic::pin_changed(unsigned index, bool asserted) {
    if (!software_enabled()) {
        if (index == kLvtLint1 && asserted) nmi.pulse();
    } else if (asserted && !(registers_[index].value & kMasked)) {
        const std::uint32_t entry = registers_[index].value;
        if (is_fixed(delivery_of(entry)) && entry & kLevelTriggered)
            service_level_pin(index);
        else if (delivery_of(entry) !=
                 DeliveryMode::ext_int)  // an ExtINT pin passes through ext_int_pending()
            deliver_local(index);
    }
    update();
}

void LocalApic::service_level_pin(unsigned index) {
    Register& entry = registers_[index];
    if (!is_fixed(delivery_of(entry.value)) || !(entry.value & kLevelTriggered)) return;
    if (entry.value & kRemoteIrr || !pin(index).level()) return;
    if (deliver_local(index)) entry.value |= kRemoteIrr;
}

// Delivers the interrupt of an LVT entry to this processor unless masked.
bool LocalApic::deliver_local(unsigned index) {
    const std::uint32_t entry = registers_[index].value;
    if (entry & kMasked || !software_enabled()) return false;
    const bool has_mode = index != kLvtTimer && index != kLvtError;
    const DeliveryMode delivery = has_mode ? delivery_of(entry) : DeliveryMode::fixed;
    if (delivery == DeliveryMode::start_up) return false;  // reserved in an LVT
    const bool is_pin = index == kLvtLint0 || index == kLvtLint1;
    const bool level = is_pin && is_fixed(delivery) && (entry & kLevelTriggered);
    return accept(delivery, static_cast<std::uint8_t>(entry), level ? TriggerMode::level : TriggerMode::edge);
}

bool LocalApic::ext_int_pin(unsigned index) const {
    const std::uint32_t entry = registers_[index].value;
    return !(entry & kMasked) && delivery_of(entry) == DeliveryMode::ext_int && pin(index).level();
}

// The 8259 wants service: LINT0 in the virtual wire and pass-through modes, or an ExtINT message.
bool LocalApic::ext_int_pending() const {
    if (!software_enabled()) return lint0.level();
    return ext_int_message_ || ext_int_pin(kLvtLint0) || ext_int_pin(kLvtLint1);
}

// --- Priorities and the processor's interrupt ---

std::uint8_t LocalApic::processor_priority() const {
    const int in_service = isr_.highest();
    const std::uint32_t service = in_service < 0 ? 0 : static_cast<std::uint32_t>(in_service) & kClass;
    const std::uint32_t task = value(kTpr);
    return static_cast<std::uint8_t>((task & kClass) >= service ? task : service);
}

// SDM vol. 3A 10.6.2.4.
std::uint8_t LocalApic::arbitration_priority() const {
    const auto priority_class = [](const VectorSet& set) {
        const int highest = set.highest();
        return highest < 0 ? 0u : static_cast<unsigned>(highest) & kClass;
    };
    const unsigned task = value(kTpr);
    const unsigned request = priority_class(irr_), service = priority_class(isr_);
    if ((task & kClass) >= request && (task & kClass) > service) return static_cast<std::uint8_t>(task);
    return static_cast<std::uint8_t>(std::max({task & kClass, request, service}));
}

int LocalApic::deliverable() const {
    if (!enabled_) return -1;
    const int request = irr_.highest();
    return request >= 0 && (request & kClass) > (processor_priority() & kClass) ? request : -1;
}

void LocalApic::update() { intr.set(deliverable() >= 0 || ext_int_pending()); }

std::uint8_t LocalApic::acknowledge(const sc_core::sc_time& now) {
    const int request = deliverable();
    if (request >= 0) {
        const auto vector = static_cast<std::uint8_t>(request);
        irr_.clear(vector);
        isr_.set(vector);
        if (vector == (value(kLvtTimer) & 0xff)) plan_timer(to_picoseconds(now));
        update();
        return vector;
    }
    if (ext_int_pending() || !software_enabled()) {
        ext_int_message_ = false;
        const std::uint8_t vector = ext_int_ ? ext_int_() : kNobodyDrives;
        update();
        return vector;
    }
    return static_cast<std::uint8_t>(value(kSvr));
}

// --- Timer ---

// No event while its interrupt is masked, already requested or already in error: further expiries would
// change nothing.
void LocalApic::plan_timer(std::uint64_t now) {
    const std::uint32_t entry = value(kLvtTimer);
    const auto vector = static_cast<std::uint8_t>(entry);
    const bool requested =
        vector < kFirstLegalVector ? (esr_pending_ & kReceiveIllegalVector) != 0 : irr_.test(vector);
    const bool changes_nothing = (entry & kMasked) || requested;
    const std::uint64_t next = !deadline_mode()        ? timer_.next_expiry(now)
                               : deadline_armed(now) ? deadline_
                                                     : kNeverPs;
    notify_at(timer_event_, changes_nothing ? kNeverPs : next);
}

void LocalApic::timer_expired() {
    deliver_local(kLvtTimer);
    plan_timer(to_picoseconds(sc_core::sc_time_stamp()));
}

void LocalApic::set_deadline(std::uint64_t at_ps, std::uint64_t now_ps) {
    if (!deadline_mode()) return;
    deadline_ = at_ps;
    if (at_ps <= now_ps) {
        deadline_ = kNeverPs;
        deliver_local(kLvtTimer);
    }
    plan_timer(now_ps);
}

// --- Reset ---

void LocalApic::set_globally_enabled(bool enabled) {
    if (enabled == enabled_) return;
    enabled_ = enabled;
    if (!enabled) reset_registers();
    update();
}

void LocalApic::set_base(std::uint64_t base) {
    constexpr std::uint64_t enable = 1u << 11, x2 = 1u << 10;
    set_globally_enabled((base & enable) != 0);
    const bool x2apic = enabled_ && (base & x2) != 0;
    // x2APIC mode has the initial ID; the other registers keep their values (SDM vol. 3A 10.12.5.1).
    if (x2apic && !x2apic_) registers_[kId].value = std::uint32_t{config_.id} << 24;
    x2apic_ = x2apic;
}

// The reset state common to RESET and INIT (SDM vol. 3A 10.4.7.1 and .3): everything but the APIC ID and
// IA32_APIC_BASE.
void LocalApic::reset_registers() {
    const std::uint32_t id = value(kId);
    for (Register& reg : registers_) reg.reset();
    if (config_.lint0_starts_as_ext_int)
        registers_[kLvtLint0].value = static_cast<std::uint32_t>(DeliveryMode::ext_int) << 8;
    registers_[kId].value = id;
    isr_.clear_all();
    tmr_.clear_all();
    irr_.clear_all();
    esr_pending_ = 0;
    ext_int_message_ = false;
    timer_ = ApicTimer(config_.timer_hz);
    deadline_ = kNeverPs;
    timer_event_.cancel();
    update();
}

void LocalApic::reset() {
    enabled_ = true;
    x2apic_ = false;
    reset_registers();
    registers_[kId].value = static_cast<std::uint32_t>(config_.id) << 24;
}

}  // namespace southgate::chipset
