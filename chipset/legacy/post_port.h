// Port 80h: the diagnostic display of a POST card. IBM PC/AT technical reference, POST. Notes every code to
// the observer; reads return the last one, as the DMA page register behind port 80h does.
#pragma once

#include <cstdint>
#include <functional>
#include <systemc>
#include <utility>

#include "chipset/observer.h"
#include "chipset/target.h"

namespace southgate::chipset {

class PostPort : public sc_core::sc_module {
  private:
    RegisterFunctions space_;

  public:
    using Listener = std::function<void(std::uint8_t code, const sc_core::sc_time& at)>;

    TargetSocket socket;  // 80h, 1 byte

    explicit PostPort(const sc_core::sc_module_name& name);

    void on_code(Listener listener) { listener_ = std::move(listener); }
    // A code written by whoever snoops port 80h.
    void post(std::uint8_t code, const sc_core::sc_time& at);
    std::uint8_t last() const { return last_; }

  private:
    Listener listener_;
    std::uint8_t last_ = 0;
};

}  // namespace southgate::chipset
