#include "chipset/apic/io_apic.h"

#include <algorithm>
#include <string>

namespace southgate::chipset {

namespace {

constexpr std::array<Field, 2> kSelectFields{{
    {"ADDRESS", 0, 8, FieldAccess::rw, "index of the register behind IOWIN"},
    {"reserved", 8, 24, FieldAccess::reserved, ""},
}};
constexpr std::uint32_t kWindow = 0x10, kWindowEnd = 0x14;
constexpr std::uint32_t kIndirectCount = 0x40;  // register indices 00h-3Fh
constexpr std::array<RegisterInfo, 2> kDirect{{
    {"IOREGSEL", 0x00, 4, 0, ResetDomain::platform, "82093AA 290566 3.1.1", kSelectFields},
    {"EOIR", 0x40, 4, 0, ResetDomain::platform, "ICH9 316972 13.5.4"},
}};

constexpr std::array<Field, 1> kIdFields{{{"ID", 24, 4, FieldAccess::rw, "APIC bus identification"}}};
constexpr std::array<Field, 1> kReadOnly{{{"VALUE", 0, 32, FieldAccess::ro, ""}}};
constexpr std::uint32_t kVectorMask = 0xff, kRemoteIrr = 1u << 14, kLevel = 1u << 15, kMasked = 1u << 16;
constexpr std::array<Field, 8> kEntryLowFields{{
    {"INTVEC", 0, 8, FieldAccess::rw, "vector"},
    {"DELMOD", 8, 3, FieldAccess::rw, "delivery mode"},
    {"DESTMOD", 11, 1, FieldAccess::rw, "1 = logical destination"},
    {"DELIVS", 12, 1, FieldAccess::ro, "delivery status, always idle"},
    {"INTPOL", 13, 1, FieldAccess::rw, "1 = low-active pin; no effect"},
    {"RIRR", 14, 1, FieldAccess::ro, "level interrupt accepted, EOI outstanding"},
    {"TRIGM", 15, 1, FieldAccess::rw, "1 = level-triggered"},
    {"MASK", 16, 1, FieldAccess::rw, "1 = masked"},
}};
constexpr std::array<Field, 1> kEntryHighFields{{{"DEST", 24, 8, FieldAccess::rw, "destination"}}};

struct EntryName {
    std::array<char, 16> text;
};
constexpr std::array<EntryName, 2 * IoApic::kPins> entry_names() {
    std::array<EntryName, 2 * IoApic::kPins> names{};
    for (unsigned i = 0; i < names.size(); ++i) {
        constexpr const char* stem = "IOREDTBL";
        unsigned at = 0;
        for (; stem[at]; ++at) names[i].text[at] = stem[at];
        if (i / 2 >= 10) names[i].text[at++] = static_cast<char>('0' + i / 20);
        names[i].text[at++] = static_cast<char>('0' + i / 2 % 10);
        for (const char* suffix = i % 2 ? "_HI" : "_LO"; *suffix; ++suffix) names[i].text[at++] = *suffix;
    }
    return names;
}
constexpr auto kEntryNames = entry_names();

constexpr std::array<RegisterInfo, 3 + 2 * IoApic::kPins> indirect_registers() {
    std::array<RegisterInfo, 3 + 2 * IoApic::kPins> infos{};
    infos[0] = {"IOAPICID", 4 * 0, 4, 0, ResetDomain::platform, "82093AA 290566 3.2.1", kIdFields};
    infos[1] = {"IOAPICVER", 4 * 1, 4, 0x00170011, ResetDomain::platform, "82093AA 290566 3.2.2", kReadOnly};
    infos[2] = {"IOAPICARB", 4 * 2, 4, 0, ResetDomain::platform, "82093AA 290566 3.2.3", kReadOnly};
    for (std::uint32_t i = 0; i < 2 * IoApic::kPins; ++i) {
        RegisterInfo& info = infos[3 + i];
        info.name = kEntryNames[i].text.data();
        info.offset = 4 * (0x10 + i);
        info.width = 4;
        info.reset = i % 2 ? 0 : kMasked;
        info.domain = ResetDomain::platform;
        info.source = "82093AA 290566 3.2.4";
        if (i % 2)
            info.fields = kEntryHighFields;
        else
            info.fields = kEntryLowFields;
    }
    return infos;
}
constexpr auto kIndirect = indirect_registers();

bool is_level(std::uint32_t entry) {
    const auto delivery = static_cast<DeliveryMode>(entry >> 8 & 7);
    return (entry & kLevel) && (delivery == DeliveryMode::fixed || delivery == DeliveryMode::lowest_priority);
}

}  // namespace

IoApic::IoApic(const sc_core::sc_module_name& name, ApicBus& bus, const Config& config)
    : sc_module(name),
      space_([this](std::uint32_t offset, unsigned size,
                    const AccessContext& context) { return read(offset, size, context); },
             [this](std::uint32_t offset, unsigned size, std::uint32_t data, const AccessContext& context) {
                 write(offset, size, data, context);
             }),
      socket("socket", space_),
      bus_(bus),
      direct_(this->name(), 0x100),
      indirect_(this->name(), 4 * kIndirectCount, 0x00) {
    direct_registers_.reserve(kDirect.size());
    direct_.add(direct_registers_.emplace_back(kDirect[0]));
    if (config.version >= 0x20) {
        Register& eoi = direct_registers_.emplace_back(kDirect[1]);
        eoi.on_write([this](std::uint32_t, std::uint32_t vector, const AccessContext&) {
               end_of_interrupt(static_cast<std::uint8_t>(vector));
           })
            .on_read([](const AccessContext&) { return 0u; });
        direct_.add(eoi);
    }

    indirect_registers_.reserve(kIndirect.size());
    for (const RegisterInfo& info : kIndirect) indirect_.add(indirect_registers_.emplace_back(info));
    const std::uint32_t version = (kPins - 1) << 16 | config.version;
    indirect_registers_[1].on_read([version](const AccessContext&) { return version; });
    indirect_registers_[2].on_read([this](const AccessContext&) { return indirect_registers_[0].value; });
    for (unsigned pin = 0; pin < kPins; ++pin) {
        low(pin).on_write(
            [this, pin](std::uint32_t, std::uint32_t, const AccessContext&) { entry_written(pin); });
        const std::string pin_name = "irq" + std::to_string(pin);
        irq_[pin] = std::make_unique<LineIn>(pin_name.c_str(),
                                             [this, pin](bool asserted) { input_changed(pin, asserted); });
    }
    pcirst.on_change([this](bool asserted) {
        if (asserted) reset();
    });
    bus_.add(static_cast<EoiListener&>(*this));
}

std::uint32_t IoApic::read(std::uint32_t offset, unsigned size, const AccessContext& context) {
    if (offset < kWindow || offset >= kWindowEnd) return direct_.read(offset, size, context);
    const std::uint32_t select = direct_registers_[0].value;
    if (select >= kIndirectCount) return 0;
    return indirect_.read(4 * select + offset - kWindow, std::min(size, kWindowEnd - offset), context);
}

void IoApic::write(std::uint32_t offset, unsigned size, std::uint32_t data, const AccessContext& context) {
    if (offset < kWindow || offset >= kWindowEnd) {
        direct_.write(offset, size, data, context);
    } else if (const std::uint32_t select = direct_registers_[0].value; select < kIndirectCount) {
        indirect_.write(4 * select + offset - kWindow, std::min(size, kWindowEnd - offset), data, context);
    }
}

void IoApic::entry_written(unsigned pin) {
    Register& entry = low(pin);
    // An entry made edge-triggered forgets its EOI; system software uses this as an EOI of version 11h parts.
    if (!is_level(entry.value)) entry.value &= ~kRemoteIrr;
    service_level(pin);
}

void IoApic::input_changed(unsigned pin, bool asserted) {
    if (is_level(low(pin).value))
        service_level(pin);
    else if (asserted && !(low(pin).value & kMasked))  // edges on a masked input are lost (290566 3.2.4)
        send(pin);
}

void IoApic::service_level(unsigned pin) {
    Register& entry = low(pin);
    if (!is_level(entry.value) || entry.value & (kMasked | kRemoteIrr) || !irq_[pin]->level()) return;
    if (send(pin)) entry.value |= kRemoteIrr;
}

bool IoApic::send(unsigned pin) {
    const std::uint32_t entry = low(pin).value;
    ApicMessage message;
    message.destination = static_cast<std::uint8_t>(high(pin).value >> 24);
    message.destination_mode = static_cast<DestinationMode>(entry >> 11 & 1);
    message.delivery = static_cast<DeliveryMode>(entry >> 8 & 7);
    message.vector = static_cast<std::uint8_t>(entry & kVectorMask);
    message.trigger = is_level(entry) ? TriggerMode::level : TriggerMode::edge;
    return bus_.deliver(message);
}

void IoApic::end_of_interrupt(std::uint8_t vector) {
    for (unsigned pin = 0; pin < kPins; ++pin) {
        Register& entry = low(pin);
        if (!(entry.value & kRemoteIrr) || (entry.value & kVectorMask) != vector) continue;
        entry.value &= ~kRemoteIrr;
        service_level(pin);
    }
}

// Reset-domain matrix, PIIX row "IOAPIC 82093AA": entries masked, ID 0; the undefined fields become 0.
void IoApic::reset() {
    direct_.reset(ResetDomain::platform);
    indirect_.reset(ResetDomain::platform);
}

}  // namespace southgate::chipset
