// The debug console of Bochs and QEMU (isa-debugcon): a write is a character, a read returns E9h so that
// firmware can tell that somebody listens. Usually at port 402h or E9h.
#pragma once

#include <cstdint>
#include <functional>
#include <systemc>
#include <utility>

#include "chipset/target.h"

namespace southgate::chipset {

class DebugConsole : public sc_core::sc_module {
  private:
    RegisterFunctions space_;

  public:
    static constexpr std::uint8_t kPresent = 0xe9;
    using Output = std::function<void(std::uint8_t character)>;

    TargetSocket socket;  // 1 byte

    explicit DebugConsole(const sc_core::sc_module_name& name);

    void on_output(Output output) { output_ = std::move(output); }

  private:
    Output output_;
};

}  // namespace southgate::chipset
