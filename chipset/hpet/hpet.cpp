#include "chipset/hpet/hpet.h"

#include <string>

namespace southgate::chipset {

using namespace hpet;

namespace {

constexpr std::uint64_t low_half = 0xffff'ffff;

std::uint64_t with_half(std::uint64_t value, bool high, std::uint32_t half) {
    return high ? (value & low_half) | std::uint64_t{half} << 32 : (value & ~low_half) | half;
}

}  // namespace

Hpet::Hpet(const sc_core::sc_module_name& module_name)
    : sc_module(module_name), space_(name(), size, 0x00), socket("socket", space_) {
    for (unsigned n = 0; n < route_count; ++n) {
        const std::string pin = "route" + std::to_string(first_route + n);
        routes_[n] = std::make_unique<LineOut>(pin.c_str());
    }
    for (const RegisterInfo& info : hpet::registers) {
        registers_.push_back(std::make_unique<Register>(info));
        space_.bank.add(*registers_.back());
    }
    declare();
    pit.on_change([this](bool) { update_outputs(); });
    rtc.on_change([this](bool) { update_outputs(); });
    pcirst.on_change([this](bool asserted) {
        if (asserted) reset();
    });
    SC_METHOD(due);
    sensitive << agenda_.event();
    dont_initialize();
}

void Hpet::declare() {
    reg(kGenConf).on_write([this](std::uint32_t before, std::uint32_t, const AccessContext& context) {
        configuration_written(before, to_picoseconds(context.now));
    });
    reg(kStatus).on_read([this](const AccessContext& context) {
        if (!context.debug) settle(to_picoseconds(context.now));
        return reg(kStatus).value;
    });
    reg(kStatus).on_write([this](std::uint32_t, std::uint32_t written, const AccessContext& context) {
        settle(to_picoseconds(context.now));
        reg(kStatus).value &= ~written;
        update_outputs();
    });
    for (const bool high : {false, true}) {
        Register& half = reg(high ? kCounterHigh : kCounter);
        half.on_read([this, high](const AccessContext& context) {
            return static_cast<std::uint32_t>(counter(context.now) >> (high ? 32 : 0));
        });
        half.on_write([this, high, &half](std::uint32_t, std::uint32_t, const AccessContext& context) {
            const std::uint64_t now = to_picoseconds(context.now);
            counter_written(with_half(counter_at(now), high, half.value), now);
        });
    }
    for (unsigned timer = 0; timer < timers; ++timer) declare_timer(timer);
}

void Hpet::declare_timer(unsigned timer) {
    timer_reg(timer, kConf).on_write([this, timer](std::uint32_t before, std::uint32_t, const AccessContext& context) {
        timer_configured(timer, before, to_picoseconds(context.now));
    });
    for (const bool high : {false, true}) {
        Register& half = timer_reg(timer, high ? kCompareHigh : kCompare);
        half.on_read([this, timer, high](const AccessContext& context) {
            if (!context.debug) settle(to_picoseconds(context.now));
            return static_cast<std::uint32_t>(comparators_[timer].value() >> (high ? 32 : 0));
        });
        half.on_write([this, timer, high, &half](std::uint32_t, std::uint32_t, const AccessContext& context) {
            comparator_written(timer, high, half.value, to_picoseconds(context.now));
        });
    }
}

// --- registers ---

void Hpet::configuration_written(std::uint32_t before, std::uint64_t now) {
    Register& configuration = reg(kGenConf);
    if ((before ^ configuration.value) & enable) {
        const std::uint32_t after = configuration.value;
        configuration.value = before;  // up to now the counter did what it did before
        settle(now);
        const std::uint64_t position = position_at(now), count = counter_at(now);
        configuration.value = after;
        base_position_ = position;
        base_counter_ = count;
        base_time_ = now;
        if (!running()) edge_.fill(false);
    }
    for (unsigned timer = 0; timer < timers; ++timer) plan(timer, now);
    update_outputs();
}

void Hpet::counter_written(std::uint64_t value, std::uint64_t now) {
    settle(now);
    base_position_ = position_at(now);
    base_counter_ = value;
    base_time_ = now;
    for (unsigned timer = 0; timer < timers; ++timer) {
        comparators_[timer].jump(value);
        plan(timer, now);
    }
}

void Hpet::timer_configured(unsigned timer, std::uint32_t before, std::uint64_t now) {
    Register& configuration = timer_reg(timer, kConf);
    // A route the timer has not got does not stick (2.3.8, Tn_INT_ROUTE_CNF).
    const std::uint32_t wanted = configuration.value >> route_lsb & route_mask;
    if (wanted != 0 && !(routes >> wanted & 1)) {
        constexpr std::uint32_t route_bits = route_mask << route_lsb;
        configuration.value = (configuration.value & ~route_bits) | (before & route_bits);
    }
    settle(now);
    HpetComparator& comparator = comparators_[timer];
    comparator.set_32_bits(configuration.value & narrow);
    comparator.set_periodic(configuration.value & periodic);
    if ((configuration.value & level) || !(configuration.value & interrupt_enable)) edge_[timer] = false;
    plan(timer, now);
    update_outputs();
}

// 2.3.9.2.2: in periodic mode a write sets the period, and with VAL_SET_CNF also the accumulator.
void Hpet::comparator_written(unsigned timer, bool high, std::uint32_t data, std::uint64_t now) {
    settle(now);
    HpetComparator& comparator = comparators_[timer];
    Register& configuration = timer_reg(timer, kConf);
    const bool set = (configuration.value & value_set) || (high && value_set_until_[timer] == now);
    if (configuration.value & value_set) value_set_until_[timer] = now;
    configuration.value &= ~value_set;
    if (!comparator.periodic() || set) comparator.set_value(with_half(comparator.value(), high, data));
    if (comparator.periodic()) comparator.set_period(with_half(comparator.period(), high, data));
    plan(timer, now);
}

// --- time ---

std::uint64_t Hpet::position_at(std::uint64_t now) const {
    if (!running() || now <= base_time_) return base_position_;
    return base_position_ + clock.ticks(now) - clock.ticks(base_time_);
}

// Carries out the matches up to `now`.
void Hpet::settle(std::uint64_t now) {
    const std::uint64_t position = position_at(now), count = counter_at(now);
    bool changed = false;
    for (unsigned timer = 0; timer < timers; ++timer) {
        if (!comparators_[timer].advance(position, count)) continue;
        changed = true;
        if (conf(timer) & level) {
            reg(kStatus).value |= 1u << timer;
        } else if (conf(timer) & interrupt_enable) {
            if (edge_[timer]) {
                edge_[timer] = false;
                update_outputs();
            }
            edge_[timer] = true;
        }
    }
    if (changed) update_outputs();
}

void Hpet::plan(unsigned timer, std::uint64_t now) {
    agenda_.cancel(timer);
    if (!running() || !(conf(timer) & interrupt_enable)) return;
    const auto ticks = comparators_[timer].ticks_to_match();
    const std::uint64_t edge = clock.ticks(now);
    if (!ticks || *ticks > ~std::uint64_t{0} - edge) return;
    const std::uint64_t at = clock.picoseconds(edge + *ticks);
    if (at < kNeverPs) agenda_.set(timer, at);
}

void Hpet::due() {
    const std::uint64_t now = to_picoseconds(sc_core::sc_time_stamp());
    while (agenda_.take_due(now) >= 0) {
    }
    settle(now);
    for (unsigned timer = 0; timer < timers; ++timer) plan(timer, now);
    agenda_.arm();
}

// --- interrupts ---

void Hpet::update_outputs() {
    std::array<bool, timers> active{};
    for (unsigned timer = 0; timer < timers; ++timer) {
        const bool line = conf(timer) & level ? reg(kStatus).value >> timer & 1 : edge_[timer];
        active[timer] = line && running() && (conf(timer) & interrupt_enable);
    }
    irq0.set(legacy() ? active[0] : pit.level());
    irq8.set(legacy() ? active[1] : rtc.level());
    for (unsigned n = 0; n < route_count; ++n) {
        bool line = false;
        for (unsigned timer = legacy() ? 2 : 0; timer < timers; ++timer)
            line |= active[timer] && (conf(timer) >> route_lsb & route_mask) == first_route + n;
        routes_[n]->set(line);
    }
}

void Hpet::reset() {
    space_.bank.reset(ResetDomain::platform);
    base_position_ = base_counter_ = base_time_ = 0;
    comparators_.fill({});
    edge_.fill(false);
    value_set_until_.fill(0);
    for (unsigned timer = 0; timer < timers; ++timer) agenda_.cancel(timer);
    update_outputs();
}

}  // namespace southgate::chipset
