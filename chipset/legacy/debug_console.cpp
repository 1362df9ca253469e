#include "chipset/legacy/debug_console.h"

namespace southgate::chipset {

DebugConsole::DebugConsole(const sc_core::sc_module_name& name)
    : sc_module(name),
      space_([](std::uint32_t, unsigned, const AccessContext&) -> std::uint32_t { return kPresent; },
             [this](std::uint32_t offset, unsigned, std::uint32_t data, const AccessContext& context) {
                 if (offset == 0 && !context.debug && output_) output_(static_cast<std::uint8_t>(data));
             }),
      socket("socket", space_) {}

}  // namespace southgate::chipset
