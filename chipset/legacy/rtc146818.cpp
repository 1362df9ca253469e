#include "chipset/legacy/rtc146818.h"

#include <algorithm>

namespace southgate::chipset {

namespace {

constexpr std::array<RegisterInfo, 4> kRegisters{{
    {"RTCI", 0, 1, 0x80, ResetDomain::never, "82371AB 290562 4.2.6.1"},
    {"RTCD", 1, 1, 0x00, ResetDomain::never, "82371AB 290562 4.2.6.2"},
    {"RTCEI", 2, 1, 0x00, ResetDomain::never, "82371AB 290562 4.2.6.3"},
    {"RTCED", 3, 1, 0x00, ResetDomain::never, "82371AB 290562 4.2.6.4"},
}};

// Cells that are not RAM.
constexpr std::uint8_t kRegisterA = 0x0a, kRegisterB = 0x0b, kRegisterC = 0x0c, kRegisterD = 0x0d;
constexpr std::uint8_t kShutdownByte = 0x0f, kSuspended = 0xfe;

constexpr std::uint8_t kUip = 0x80;
constexpr std::uint8_t kSet = 0x80, kUie = 0x10, kEnables = 0x70, kClearedByReset = 0x78;
constexpr std::uint8_t kPf = 0x40, kAf = 0x20, kUf = 0x10, kIrqf = 0x80;
constexpr std::uint8_t kVrt = 0x80;
constexpr std::uint8_t kNmiMask = 0x80;

constexpr ClockRate kCrystal{32768};
constexpr std::int64_t kHalfSecondPs = 500'000'000'000;
// UIP leads the update by 244 us and lasts to its end, 1984 us (MC146818A, table "Update cycle times").
constexpr std::uint64_t kUpdatePs = (244 + 1984) * 1'000'000ull;

bool is_time(std::uint8_t index) { return index < kRegisterA && (index >= 6 || index % 2 == 0); }
bool is_alarm(std::uint8_t index) { return index < 6 && index % 2 == 1; }

}  // namespace

RealTimeClock::RealTimeClock(const sc_core::sc_module_name& name, const Config& config)
    : sc_module(name),
      space_(this->name(), 4),
      socket("socket", space_),
      config_(config),
      registers_{Register(kRegisters[0]), Register(kRegisters[1]), Register(kRegisters[2]),
                 Register(kRegisters[3])},
      ram_(config.cmos),
      time_(RtcTime::from_unix(config.epoch)),
      flag_event_("flag_event") {
    declare_ports(0);
    if (config_.extended_bank) declare_ports(1);
    pcirst.on_change([this](bool asserted) {
        if (asserted) reset();
    });
    SC_HAS_PROCESS(RealTimeClock);
    SC_METHOD(expire);
    sensitive << flag_event_;
    dont_initialize();
}

void RealTimeClock::end_of_elaboration() { nmi_mask.set(true); }

// Index and data port of one bank of 128 bytes; only the first index port carries the NMI mask.
void RealTimeClock::declare_ports(unsigned bank) {
    Register& index = registers_[2 * bank];
    Register& data = registers_[2 * bank + 1];
    const auto cell = [this, bank] { return static_cast<std::uint8_t>(index_[bank] | bank << 7); };
    index
        .on_write([this, bank](std::uint32_t, std::uint32_t value, const AccessContext&) {
            index_[bank] = value & 0x7f;
            if (bank == 0) nmi_mask.set((value & kNmiMask) != 0);
        })
        .on_read([](const AccessContext&) -> std::uint32_t { return 0xff; });  // write-only
    data.on_write([this, cell](std::uint32_t, std::uint32_t value, const AccessContext& context) {
            write_cell(cell(), static_cast<std::uint8_t>(value), to_picoseconds(context.now));
        })
        .on_read([this, cell](const AccessContext& context) -> std::uint32_t {
            const std::uint64_t now = to_picoseconds(context.now);
            const std::uint8_t at = cell();
            return at == kRegisterC && !context.debug ? take_flags(now) : read_cell(at, now);
        });
    space_.bank.add(index);
    space_.bank.add(data);
}

std::uint8_t RealTimeClock::peek(std::uint8_t index, const sc_core::sc_time& now) const {
    return read_cell(index, to_picoseconds(now));
}

void RealTimeClock::poke(std::uint8_t index, std::uint8_t data) {
    if (index > kRegisterD) ram_[index] = data;
}

std::uint8_t RealTimeClock::read_cell(std::uint8_t index, std::uint64_t now) const {
    if (is_time(index)) return time_at(now).get(index, format());
    if (is_alarm(index)) return alarm_.raw[alarm_slot(index)];
    switch (index) {
        case kRegisterA:
            return static_cast<std::uint8_t>(a_ | (update_in_progress(now) ? kUip : 0));
        case kRegisterB:
            return b_;
        case kRegisterC: {
            const std::uint8_t flags = flags_at(now);
            return static_cast<std::uint8_t>(flags | (flags & b_ & kEnables ? kIrqf : 0));
        }
        case kRegisterD:
            return kVrt;
        default:
            return ram_[index];
    }
}

std::uint8_t RealTimeClock::take_flags(std::uint64_t now) {
    settle(now);
    const std::uint8_t value = read_cell(kRegisterC, settled_);
    flags_ = 0;
    update_irq();
    plan();
    return value;
}

void RealTimeClock::write_cell(std::uint8_t index, std::uint8_t data, std::uint64_t now) {
    if (index > kRegisterD) {
        ram_[index] = data;
        return;
    }
    settle(now);
    if (is_time(index))
        time_.set(index, data, format());
    else if (is_alarm(index))
        alarm_.raw[alarm_slot(index)] = data;
    else if (index == kRegisterA)
        write_a(data, settled_);
    else if (index == kRegisterB)
        write_b(data, settled_);
    update_irq();
    plan();
}

void RealTimeClock::write_a(std::uint8_t data, std::uint64_t now) {
    const bool ran = divider_running();
    a_ = data & 0x7f;
    if (ran || !divider_running()) {
        time_second_ = seconds_at(now);
        return;
    }
    // "When the divider reset is removed the first update cycle begins one-half second later" (MC146818A,
    // DV).
    origin_ = static_cast<std::int64_t>(now) - kHalfSecondPs;
    time_second_ = 0;
}

void RealTimeClock::write_b(std::uint8_t data, std::uint64_t now) {
    const RtcFormat before = format();
    if (data & kSet) data &= static_cast<std::uint8_t>(~kUie);
    b_ = data;
    time_second_ = seconds_at(now);
    // The cells keep their bytes when DM or 24/12 changes; only their meaning does.
    for (const unsigned index : {0u, 2u, 4u, 6u, 7u, 8u, 9u})
        time_.set(index, time_.get(index, before), format());
}

// --- Time ---

std::uint64_t RealTimeClock::seconds_at(std::uint64_t now) const {
    return divider_running() ? since_origin(now) / kPicosecondsPerSecond : 0;
}

std::uint64_t RealTimeClock::second_boundary(std::uint64_t n) const {
    if (n >= kNeverPs / kPicosecondsPerSecond) return kNeverPs;
    return static_cast<std::uint64_t>(origin_ + static_cast<std::int64_t>(n * kPicosecondsPerSecond));
}

// RS: 2^(RS-1) crystal periods, but 1 and 2 repeat 8 and 9.
unsigned RealTimeClock::period_shift() const {
    const unsigned rate = a_ & 15;
    return rate <= 2 ? rate + 6 : rate - 1;
}

std::uint64_t RealTimeClock::periods_at(std::uint64_t now) const {
    if (!divider_running() || (a_ & 15) == 0) return 0;
    return kCrystal.ticks(since_origin(now)) >> period_shift();
}

std::uint64_t RealTimeClock::period_boundary(std::uint64_t n) const {
    return static_cast<std::uint64_t>(origin_ +
                                      static_cast<std::int64_t>(kCrystal.picoseconds(n << period_shift())));
}

bool RealTimeClock::update_in_progress(std::uint64_t now) const {
    return updating() && since_origin(now) % kPicosecondsPerSecond >= kPicosecondsPerSecond - kUpdatePs;
}

RtcTime RealTimeClock::time_at(std::uint64_t now) const {
    if (!updating() || now <= settled_) return time_;
    return time_.plus(seconds_at(now) - time_second_);
}

// --- Flags and the interrupt ---

std::uint8_t RealTimeClock::flags_at(std::uint64_t now) const {
    std::uint8_t flags = flags_;
    if (now <= settled_) return flags;
    if (periods_at(now) > periods_at(settled_)) flags |= kPf;
    if (!updating()) return flags;
    const std::uint64_t passed = seconds_at(now) - seconds_at(settled_);
    if (passed == 0) return flags;
    flags |= kUf;
    if (!(flags & kAf)) {
        const auto match = alarm_.next_match(time_.plus(1).second_of_day(), format());
        if (match && *match < passed) flags |= kAf;
    }
    return flags;
}

// Brings flags and time of day to `now`; every change of state starts from here.
void RealTimeClock::settle(std::uint64_t now) {
    if (now <= settled_) return;
    flags_ = flags_at(now);
    time_ = time_at(now);
    time_second_ = seconds_at(now);
    settled_ = now;
}

void RealTimeClock::update_irq() { irq.set((flags_ & b_ & kEnables) != 0); }

void RealTimeClock::plan() {
    std::uint64_t next = kNeverPs;
    if (!irq.level()) {
        const auto enabled = [this](std::uint8_t flag) { return (b_ & flag) != 0; };
        if (enabled(kPf) && divider_running() && (a_ & 15) != 0)
            next = std::min(next, period_boundary(periods_at(settled_) + 1));
        const std::uint64_t second = seconds_at(settled_) + 1;
        if (enabled(kUf) && updating()) next = std::min(next, second_boundary(second));
        if (enabled(kAf) && updating()) {
            const auto match = alarm_.next_match(time_.plus(1).second_of_day(), format());
            if (match) next = std::min(next, second_boundary(second + *match));
        }
    }
    notify_at(flag_event_, next);
}

void RealTimeClock::expire() {
    settle(to_picoseconds(sc_core::sc_time_stamp()));
    update_irq();
    plan();
}

// Reset-domain matrix, PIIX rows "RTC": time, alarm and RAM belong to the battery; NMI is masked.
void RealTimeClock::reset() {
    settle(to_picoseconds(sc_core::sc_time_stamp()));
    if (config_.reset_clears_interrupts) {
        b_ &= static_cast<std::uint8_t>(~kClearedByReset);
        flags_ = 0;
    }
    if (config_.reset_clears_shutdown_byte && ram_[kShutdownByte] != kSuspended) ram_[kShutdownByte] = 0;
    nmi_mask.set(true);
    update_irq();
    plan();
}

}  // namespace southgate::chipset
