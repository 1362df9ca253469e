#include "chipset/legacy/pit8254.h"

#include <algorithm>

namespace southgate::chipset {

namespace {
constexpr std::array<RegisterInfo, 4> kRegisters{{
    {"COUNTER0", 0, 1, 0x00, ResetDomain::never, "8254 231164; 82371AB 290562 4.2.3.2"},
    {"COUNTER1", 1, 1, 0x00, ResetDomain::never, "8254 231164; 82371AB 290562 4.2.3.2"},
    {"COUNTER2", 2, 1, 0x00, ResetDomain::never, "8254 231164; 82371AB 290562 4.2.3.2"},
    {"TCW", 3, 1, 0x00, ResetDomain::never, "8254 231164; 82371AB 290562 4.2.3.1"},
}};
constexpr unsigned kControl = 3;
constexpr std::uint8_t kMode3 = 0x36;  // counter 0, LSB then MSB, mode 3, binary
}  // namespace

Timer8254::Timer8254(const sc_core::sc_module_name& name, const Config& config)
    : sc_module(name),
      space_(this->name(), 4),
      socket("socket", space_),
      config_(config),
      registers_{Register(kRegisters[0]), Register(kRegisters[1]), Register(kRegisters[2]),
                 Register(kRegisters[3])},
      edge_event_("edge_event") {
    edges_.fill(PitCounter::kNever);
    counters_[2].set_gate(0, false);
    for (unsigned n = 0; n < counters_.size(); ++n) {
        registers_[n]
            .on_write([this, n](std::uint32_t, std::uint32_t data, const AccessContext& context) {
                const std::uint64_t tick = tick_of(context.now);
                counters_[n].write_count(tick, static_cast<std::uint8_t>(data));
                update(n, tick);
            })
            .on_read([this, n](const AccessContext& context) -> std::uint32_t {
                const std::uint64_t tick = tick_of(context.now);
                if (context.debug) {
                    PitCounter copy = counters_[n];
                    return copy.read_count(tick);
                }
                return counters_[n].read_count(tick);
            });
    }
    registers_[kControl]
        .on_write([this](std::uint32_t, std::uint32_t data, const AccessContext& context) {
            write_control(static_cast<std::uint8_t>(data), tick_of(context.now));
        })
        .on_read([](const AccessContext&) -> std::uint32_t { return 0xff; });  // write-only
    for (Register& reg : registers_) space_.bank.add(reg);

    gate2.on_change([this](bool level) { set_gate2(level, sc_core::sc_time_stamp()); });
    pcirst.on_change([this](bool asserted) {
        if (asserted) reset();
    });
    SC_HAS_PROCESS(Timer8254);
    SC_METHOD(expire);
    sensitive << edge_event_;
    dont_initialize();
}

// Control word, counter latch or read-back command.
void Timer8254::write_control(std::uint8_t data, std::uint64_t tick) {
    const unsigned select = data >> 6;
    if (select == 3) {
        for (unsigned n = 0; n < counters_.size(); ++n) {
            if (!(data >> (n + 1) & 1)) continue;
            if (!(data & 0x20)) counters_[n].latch_count(tick);
            if (!(data & 0x10)) counters_[n].latch_status(tick);
        }
    } else if ((data & 0x30) == 0) {
        counters_[select].latch_count(tick);
    } else {
        counters_[select].write_control(tick, data);
        update(select, tick);
    }
}

bool Timer8254::output(unsigned counter, const sc_core::sc_time& now) const {
    return counters_[counter].at(tick_of(now)).out();
}

void Timer8254::set_gate2(bool level, const sc_core::sc_time& now) {
    const std::uint64_t tick = tick_of(now);
    counters_[2].set_gate(tick, level);
    update(2, tick);
}

// Drives the pin of counter n and moves the event to the next change of any pin somebody is bound to.
void Timer8254::update(unsigned n, std::uint64_t tick) {
    if (outputs_[n]->size() == 0) return;
    counters_[n].advance(tick);
    edges_[n] = counters_[n].next_edge();
    const std::uint64_t next = *std::min_element(edges_.begin(), edges_.end());
    notify_at(edge_event_, next == PitCounter::kNever ? kNeverPs : kClock.picoseconds(next));
    outputs_[n]->set(counters_[n].out());
}

void Timer8254::expire() {
    const std::uint64_t tick = tick_of(sc_core::sc_time_stamp());
    for (unsigned n = 0; n < counters_.size(); ++n)
        if (edges_[n] <= tick) update(n, tick);
}

void Timer8254::reset() {
    if (!config_.reset_to_mode3) return;
    const std::uint64_t tick = tick_of(sc_core::sc_time_stamp());
    for (unsigned n = 0; n < counters_.size(); ++n) {
        counters_[n].write_control(tick, kMode3);
        counters_[n].write_count(tick, 0);
        counters_[n].write_count(tick, 0);
        update(n, tick);
    }
}

}  // namespace southgate::chipset
