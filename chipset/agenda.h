// Deadlines of a device behind one sc_event: each slot holds at most one absolute time, the event stands at
// the first.
#pragma once

#include <array>
#include <cstdint>
#include <systemc>

#include "chipset/clock.h"

namespace southgate::chipset {

template <unsigned kSlots>
class Agenda {
  public:
    Agenda() { at_.fill(kNeverPs); }

    sc_core::sc_event& event() { return event_; }
    bool pending(unsigned slot) const { return at_[slot] != kNeverPs; }
    std::uint64_t deadline(unsigned slot) const { return at_[slot]; }

    void set(unsigned slot, std::uint64_t at_ps) {
        at_[slot] = at_ps;
        arm();
    }
    void cancel(unsigned slot) {
        if (!pending(slot)) return;
        at_[slot] = kNeverPs;
        arm();
    }
    // Takes the earliest slot due at `now_ps`, the lower number first among equals; -1: none is.
    int take_due(std::uint64_t now_ps) {
        const unsigned slot = first();
        if (at_[slot] > now_ps) return -1;
        at_[slot] = kNeverPs;
        return static_cast<int>(slot);
    }
    // After the last take_due() of an event.
    void arm() {
        const std::uint64_t at = at_[first()];
        if (at == armed_ && at == kNeverPs) return;
        armed_ = at;
        notify_at(event_, at);
    }

  private:
    unsigned first() const {
        unsigned slot = 0;
        for (unsigned i = 1; i < kSlots; ++i)
            if (at_[i] < at_[slot]) slot = i;
        return slot;
    }

    std::array<std::uint64_t, kSlots> at_;
    std::uint64_t armed_ = kNeverPs;
    sc_core::sc_event event_;
};

}  // namespace southgate::chipset
