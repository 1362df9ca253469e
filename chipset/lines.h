// Hardware lines between modules: reset lines, interrupt requests, A20M#, SMI#.
//
// A line changes at once, inside the call that drives it (an interface-method call, IEEE 1666 "sc_export"), not a
// delta cycle later: a reset with zero timing must reach the CPU while the OUT that caused it is still in
// b_transport. Levels are logical: true = asserted, whatever the electrical polarity of the pin.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <systemc>
#include <utility>
#include <vector>

#include "chipset/hierarchy.h"

namespace southgate::chipset {

class LineIf : public virtual sc_core::sc_interface {
  public:
    virtual void set(bool asserted) = 0;
};

// An input pin. The handler runs on each change of level (both edges), never for a repeated level.
class LineIn : public sc_core::sc_export<LineIf> {
  public:
    using Handler = std::function<void(bool asserted)>;

    explicit LineIn(const char* name, Handler handler = {}) : sc_core::sc_export<LineIf>(name) {
        pin_.handler = std::move(handler);
        bind(pin_);
    }
    bool level() const { return pin_.level; }
    void on_change(Handler handler) { pin_.handler = std::move(handler); }

  private:
    struct Pin : LineIf {
        void set(bool asserted) override {
            if (asserted == level) return;
            level = asserted;
            if (handler) handler(asserted);
        }
        Handler handler;
        bool level = false;
    };
    Pin pin_;
};

// An output pin; may stay unbound and may drive any number of inputs, in binding order.
class LineOut : public sc_core::sc_port<LineIf, 0, sc_core::SC_ZERO_OR_MORE_BOUND> {
  public:
    explicit LineOut(const char* name) : sc_core::sc_port<LineIf, 0, sc_core::SC_ZERO_OR_MORE_BOUND>(name) {}

    void set(bool asserted) {
        if (asserted == level_) return;
        level_ = asserted;
        // An input may change this line again; those behind it then see the latest level only.
        for (int i = 0; i < size(); ++i) (*this)[i]->set(level_);
    }
    // Rising and falling edge with no time in between.
    void pulse() {
        set(true);
        set(false);
    }
    bool level() const { return level_; }

  private:
    bool level_ = false;
};

// A line with several drivers, asserted while any of them asserts (wired-OR, e.g. PCI INTx#, NMI).
class LineOr : public sc_core::sc_module {
  public:
    LineOut out{"out"};

    explicit LineOr(const sc_core::sc_module_name& name) : sc_module(name) {}
    // A new input; bind one driver to it. The name is unique within this module.
    LineIn& add_input() {
        HierarchyScope scope(*this);
        auto name = "in" + std::to_string(inputs_.size());
        auto* in = new LineIn(name.c_str(), [this](bool asserted) {
            asserted_ += asserted ? 1 : -1;
            out.set(asserted_ > 0);
        });
        inputs_.emplace_back(in);
        return *in;
    }

  private:
    std::vector<std::unique_ptr<LineIn>> inputs_;
    int asserted_ = 0;
};

}  // namespace southgate::chipset
