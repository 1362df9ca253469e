#include "chipset/legacy/debug_exit.h"

namespace southgate::chipset {

DebugExit::DebugExit(const sc_core::sc_module_name& name)
    : sc_module(name),
      space_([](std::uint32_t, unsigned, const AccessContext&) -> std::uint32_t { return 0; },
             [this](std::uint32_t offset, unsigned size, std::uint32_t data, const AccessContext& context) {
                 if (offset != 0 || context.debug || !handler_) return;
                 handler_(size >= 4 ? data : data & ((1u << (8 * size)) - 1));
             }),
      socket("socket", space_) {}

}  // namespace southgate::chipset
