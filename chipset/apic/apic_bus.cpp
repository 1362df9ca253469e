#include "chipset/apic/apic_bus.h"

#include <stdexcept>

namespace southgate::chipset {

void ApicBus::add(ApicReceiver& receiver) {
    if (count_ == kMaxReceivers) throw std::length_error("APIC bus: more than 16 local APICs");
    receivers_[count_++] = &receiver;
}

bool ApicBus::deliver(const ApicMessage& message) {
    const bool everybody = !message.x2apic && message.destination == 0xff;
    const std::uint32_t destination = everybody ? apic_broadcast : message.destination;
    return send(message, [&](const ApicReceiver& receiver) {
        return receiver.matches(destination, message.destination_mode);
    });
}

bool ApicBus::deliver_to_all(const ApicMessage& message, const ApicReceiver* except) {
    return send(message, [except](const ApicReceiver& receiver) { return &receiver != except; });
}

template <typename Matches>
bool ApicBus::send(const ApicMessage& message, Matches matches) {
    bool accepted = false;
    ApicReceiver* best = nullptr;
    for (unsigned i = 0; i < count_; ++i) {
        ApicReceiver& receiver = *receivers_[i];
        if (!matches(receiver)) continue;
        if (message.delivery != DeliveryMode::lowest_priority) {
            accepted |= receiver.accept(message.delivery, message.vector, message.trigger);
            continue;
        }
        if (!receiver.accepts_fixed()) continue;
        const bool better = !best || receiver.processor_priority() < best->processor_priority() ||
                            (receiver.processor_priority() == best->processor_priority() &&
                             receiver.apic_id() < best->apic_id());
        if (better) best = &receiver;
    }
    if (best) accepted = best->accept(message.delivery, message.vector, message.trigger);
    return accepted;
}

void ApicBus::broadcast_eoi(std::uint8_t vector) {
    for (EoiListener* listener : listeners_) listener->end_of_interrupt(vector);
}

}  // namespace southgate::chipset
