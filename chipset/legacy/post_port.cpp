#include "chipset/legacy/post_port.h"

namespace southgate::chipset {

PostPort::PostPort(const sc_core::sc_module_name& name)
    : sc_module(name),
      space_([this](std::uint32_t, unsigned, const AccessContext&) -> std::uint32_t { return last_; },
             [this](std::uint32_t offset, unsigned, std::uint32_t data, const AccessContext& context) {
                 if (offset == 0 && !context.debug) post(static_cast<std::uint8_t>(data), context.now);
             }),
      socket("socket", space_) {}

void PostPort::post(std::uint8_t code, const sc_core::sc_time& at) {
    last_ = code;
    if (listener_) listener_(code, at);
    if (observer) observer->note(name(), "post-code", code, at);
}

}  // namespace southgate::chipset
