// A port that ends the run (QEMU's isa-debug-exit): the platform exits with status (value << 1) | 1.
#pragma once

#include <cstdint>
#include <functional>
#include <systemc>
#include <utility>

#include "chipset/target.h"

namespace southgate::chipset {

class DebugExit : public sc_core::sc_module {
  private:
    RegisterFunctions space_;

  public:
    using Handler = std::function<void(std::uint32_t value)>;

    TargetSocket socket;  // 1 to 4 bytes; reads return 0

    explicit DebugExit(const sc_core::sc_module_name& name);

    // Called with the data of each write (1, 2 or 4 bytes at offset 0).
    void on_exit(Handler handler) { handler_ = std::move(handler); }

  private:
    Handler handler_;
};

}  // namespace southgate::chipset
