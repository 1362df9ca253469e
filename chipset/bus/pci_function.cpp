#include "chipset/bus/pci_function.h"

#include <bit>
#include <stdexcept>
#include <string>

namespace southgate::chipset {

namespace {

constexpr char header[] = "PCI 2.1, 6.2";
constexpr Field read_only_8[] = {{"VALUE", 0, 8, FieldAccess::ro, ""}};
constexpr Field read_only_16[] = {{"VALUE", 0, 16, FieldAccess::ro, ""}};

// PCI 2.1, 6.2.3. Devices clear bits 11-15 by writing 1.
constexpr Field status_fields[] = {
    {"CAPABILITIES", 0, 8, FieldAccess::ro, "66 MHz, UDF and fast back-to-back capabilities"},
    {"DPD", 8, 1, FieldAccess::w1c, "data parity detected"},
    {"DEVSEL", 9, 2, FieldAccess::ro, "DEVSEL# timing: 0 fast, 1 medium, 2 slow"},
    {"STA", 11, 1, FieldAccess::w1c, "signalled target abort"},
    {"RTA", 12, 1, FieldAccess::w1c, "received target abort"},
    {"RMA", 13, 1, FieldAccess::w1c, "received master abort"},
    {"SSE", 14, 1, FieldAccess::w1c, "signalled system error"},
    {"DPE", 15, 1, FieldAccess::w1c, "detected parity error"},
};

RegisterInfo constant(const char* name, std::uint32_t offset, std::uint8_t width, std::uint32_t value) {
    return {name,
            offset,
            width,
            value,
            ResetDomain::platform,
            header,
            width == 1 ? std::span<const Field>(read_only_8) : std::span<const Field>(read_only_16)};
}

RegisterInfo storage(const char* name, std::uint32_t offset) {
    return {name, offset, 1, 0, ResetDomain::platform, header};
}

RegisterInfo command_info(const PciIdentity& id, std::array<Field, 4>& fields) {
    // The writable bits of the command register as up to four runs of adjacent bits.
    unsigned runs = 0;
    for (unsigned bit = 0; bit < 16 && runs < fields.size();) {
        const unsigned length =
            static_cast<unsigned>(std::countr_one(static_cast<unsigned>(id.command_writable) >> bit));
        if (length)
            fields[runs++] = {"ENABLE", static_cast<std::uint8_t>(bit), static_cast<std::uint8_t>(length),
                              FieldAccess::rw, "command bits software may change"};
        bit += length + 1;
    }
    for (; runs < fields.size(); ++runs) fields[runs] = {"", 0, 0, FieldAccess::reserved, ""};
    return {"PCICMD", 0x04, 2, id.command_reset, ResetDomain::platform, "PCI 2.1, 6.2.2", fields};
}

}  // namespace

PciFunction::PciFunction(const sc_core::sc_module_name& name, const PciIdentity& id)
    : sc_module(name),
      config("config", space_),
      identity_(id),
      space_(*this),
      infos_{constant("VID", 0x00, 2, id.vendor),
             constant("DID", 0x02, 2, id.device),
             command_info(id, command_fields_),
             RegisterInfo{"PCISTS", 0x06, 2, id.status_reset, ResetDomain::platform, "PCI 2.1, 6.2.3",
                          status_fields},
             constant("RID", 0x08, 1, id.revision),
             constant("PI", 0x09, 1, id.class_code & 0xff),
             constant("CLASS", 0x0a, 2, id.class_code >> 8),
             storage("CLS", 0x0c),
             storage("MLT", 0x0d),
             constant("HEADT", 0x0e, 1, id.header_type),
             constant("SVID", 0x2c, 2, id.subsystem_vendor),
             constant("SID", 0x2e, 2, id.subsystem),
             storage("INTLN", 0x3c)},
      bank_(sc_module::name(), config_bytes, 0x00),
      command_(infos_[2]),
      status_(infos_[3]) {
    for (unsigned i = 0; i < infos_.size(); ++i) {
        if (i == 2) {
            bank_.add(command_);
        } else if (i == 3) {
            bank_.add(status_);
        } else {
            bank_.add(*fixed_.emplace_back(std::make_unique<Register>(infos_[i])));
        }
    }
    static constexpr RegisterInfo pins[] = {
        {"INTPN", 0x3d, 1, 0, ResetDomain::platform, header, read_only_8},
        {"INTPN", 0x3d, 1, 1, ResetDomain::platform, header, read_only_8},
        {"INTPN", 0x3d, 1, 2, ResetDomain::platform, header, read_only_8},
        {"INTPN", 0x3d, 1, 3, ResetDomain::platform, header, read_only_8},
        {"INTPN", 0x3d, 1, 4, ResetDomain::platform, header, read_only_8},
    };
    bank_.add(
        *fixed_.emplace_back(std::make_unique<Register>(pins[id.interrupt_pin <= 4 ? id.interrupt_pin : 0])));
    command_.on_write([this](std::uint32_t, std::uint32_t, const AccessContext&) { update_windows(); });
    pcirst.on_change([this](bool asserted) {
        if (!asserted) return pci_reset_released();
        reset_config(ResetDomain::platform);
        pci_reset();
    });
}

std::uint32_t PciFunction::Space::read(std::uint32_t offset, unsigned size, const AccessContext& context) {
    return function_.bank_.read(offset, size, context);
}

void PciFunction::Space::write(std::uint32_t offset, unsigned size, std::uint32_t data,
                               const AccessContext& context) {
    function_.bank_.write(offset, size, data, context);
    if (!context.debug) function_.config_written(offset, size, context);
}

unsigned PciFunction::add_bar(const char* bar_name, std::uint32_t offset, std::uint32_t flags,
                              std::uint32_t flag_bits, std::uint32_t size, PciSpace space,
                              tlm::tlm_target_socket<32>& target, bool rom) {
    if (!std::has_single_bit(size) || size < (1u << flag_bits))
        throw std::logic_error(std::string(name()) + ": size of " + bar_name +
                               " must be a power of two and fit its kind");
    auto bar = std::make_unique<Bar>();
    const auto low = static_cast<std::uint8_t>(std::countr_zero(size));
    const auto flag_lsb = static_cast<std::uint8_t>(rom ? 1 : 0);
    bar->fields = {Field{"ENABLE", 0, flag_lsb, FieldAccess::rw, "the ROM is decoded"},
                   Field{"KIND", flag_lsb, static_cast<std::uint8_t>(low - flag_lsb), FieldAccess::ro, ""},
                   Field{"BASE", low, static_cast<std::uint8_t>(32 - low), FieldAccess::rw, "base address"}};
    bar->info = {bar_name, offset, 4, flags, ResetDomain::platform, "PCI 2.1, 6.2.5", bar->fields};
    bar->reg = std::make_unique<Register>(bar->info);
    bar->address_mask = ~(size - 1);
    bar->rom = rom;
    windows_.push_back({space, 0, size, false, &target, 0});
    gates_.push_back({false, true});
    bar->window = static_cast<unsigned>(windows_.size()) - 1;
    bank_.add(*bar->reg);
    bar->reg->on_write(
        [this, b = bar.get()](std::uint32_t, std::uint32_t, const AccessContext&) { update_bar(*b); });
    return bars_.emplace_back(std::move(bar))->window;
}

namespace {
constexpr const char* bar_names[] = {"BAR0", "BAR1", "BAR2", "BAR3", "BAR4", "BAR5"};
}  // namespace

unsigned PciFunction::add_io_bar(unsigned index, std::uint32_t size, tlm::tlm_target_socket<32>& target) {
    return add_bar(bar_names[index], 0x10 + 4 * index, 0x1, 2, size, PciSpace::io, target, false);
}

unsigned PciFunction::add_memory_bar(unsigned index, std::uint32_t size, bool prefetchable,
                                     tlm::tlm_target_socket<32>& target) {
    return add_bar(bar_names[index], 0x10 + 4 * index, prefetchable ? 0x8 : 0x0, 4, size, PciSpace::memory,
                   target, false);
}

unsigned PciFunction::add_rom_bar(std::uint32_t size, tlm::tlm_target_socket<32>& target) {
    return add_bar("ROMBAR", 0x30, 0, 11, size, PciSpace::memory, target, true);
}

unsigned PciFunction::add_window(PciSpace space, std::uint64_t first, std::uint64_t size,
                                 tlm::tlm_target_socket<32>& target, std::uint64_t offset_base, bool enabled,
                                 bool gated) {
    windows_.push_back({space, first, size, false, &target, offset_base});
    gates_.push_back({enabled, gated});
    const auto index = static_cast<unsigned>(windows_.size()) - 1;
    apply(index, first);
    return index;
}

void PciFunction::set_window(unsigned index, std::uint64_t first, bool enabled) {
    gates_[index].wanted = enabled;
    apply(index, first);
}

// A BAR of 0 is taken as not programmed: it would lie over the DMA controller or over DRAM.
void PciFunction::update_bar(const Bar& bar) {
    const std::uint32_t base = bar.reg->value & bar.address_mask;
    gates_[bar.window].wanted = base != 0 && (!bar.rom || (bar.reg->value & 1));
    apply(bar.window, base);
}

void PciFunction::apply(unsigned index, std::uint64_t first) {
    PciWindow& window = windows_[index];
    const std::uint16_t bit = window.space == PciSpace::io ? command_io : command_memory;
    const bool enabled = gates_[index].wanted && (!gates_[index].gated || (command_.value & bit));
    if (window.first == first && window.enabled == enabled) return;
    window.first = first;
    window.enabled = enabled;
    if (listener_) listener_->window_changed(*this, index);
}

void PciFunction::update_windows() {
    for (unsigned i = 0; i < windows_.size(); ++i) apply(i, windows_[i].first);
}

void PciFunction::reset_config(ResetDomain domain) {
    bank_.reset(domain);
    for (const auto& bar : bars_) update_bar(*bar);
    update_windows();
}

}  // namespace southgate::chipset
