// The APIC bus: carries interrupt messages from I/O APICs and local APICs to local APICs, and
// end-of-interrupt messages back. Intel SDM vol. 3A 10.6 (IPIs, destination), 10.8.5 (EOI); 82093AA 290566.
//
// A message is delivered inside the call that sends it. Up to 16 local APICs.
// Not modelled: arbitration, bus errors and retries; lowest-priority delivery picks the lowest processor
// priority, then the lowest APIC ID; remote read.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace southgate::chipset {

// Encoding of ICR, LVT and redirection entries, bits 10..8.
enum class DeliveryMode : std::uint8_t {
    fixed = 0,
    lowest_priority = 1,
    smi = 2,
    remote_read = 3,
    nmi = 4,
    init = 5,
    start_up = 6,
    ext_int = 7,
};

enum class DestinationMode : std::uint8_t { physical = 0, logical = 1 };

enum class TriggerMode : std::uint8_t { edge = 0, level = 1 };

inline constexpr std::uint32_t apic_broadcast = 0xffffffff;

struct ApicMessage {
    // APIC ID or logical destination of 8 bits, or of 32 when the sender is in x2APIC mode; all ones: everybody.
    std::uint32_t destination = 0;
    bool x2apic = false;
    DestinationMode destination_mode = DestinationMode::physical;
    DeliveryMode delivery = DeliveryMode::fixed;
    std::uint8_t vector = 0;
    TriggerMode trigger = TriggerMode::edge;
};

// A local APIC as the bus sees it.
class ApicReceiver {
  public:
    virtual ~ApicReceiver() = default;
    // Destination match, SDM 10.6.2, 10.12.10. `everybody` in either mode: apic_broadcast.
    virtual bool matches(std::uint32_t destination, DestinationMode mode) const = 0;
    // Takes the message if its state allows; true when it did.
    virtual bool accept(DeliveryMode delivery, std::uint8_t vector, TriggerMode trigger) = 0;
    // For lowest-priority delivery: may it receive (globally and software-enabled), and its processor
    // priority.
    virtual bool accepts_fixed() const = 0;
    virtual std::uint8_t processor_priority() const = 0;
    virtual std::uint8_t apic_id() const = 0;
};

// An I/O APIC as the bus sees it.
class EoiListener {
  public:
    virtual ~EoiListener() = default;
    virtual void end_of_interrupt(std::uint8_t vector) = 0;
};

class ApicBus {
  public:
    static constexpr unsigned kMaxReceivers = 16;

    // Throws std::length_error beyond kMaxReceivers. Agents must outlive the bus's use.
    void add(ApicReceiver& receiver);
    void add(EoiListener& listener) { listeners_.push_back(&listener); }

    // True when some local APIC accepted.
    bool deliver(const ApicMessage& message);
    // ICR shorthands: all, or all but `sender`.
    bool deliver_to_all(const ApicMessage& message, const ApicReceiver* except);
    // EOI of a level-triggered interrupt.
    void broadcast_eoi(std::uint8_t vector);

  private:
    template <typename Matches>
    bool send(const ApicMessage& message, Matches matches);

    std::array<ApicReceiver*, kMaxReceivers> receivers_{};
    unsigned count_ = 0;
    std::vector<EoiListener*> listeners_;
};

}  // namespace southgate::chipset
