#include "chipset/piix/isa_bridge.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>

#include "chipset/bus/special_cycle.h"
#include "chipset/piix/isa_bridge_registers.h"

namespace southgate::chipset {

namespace {

constexpr std::uint64_t kib = 1024, mib = 1024 * kib, four_gib = std::uint64_t{1} << 32;

PciIdentity bridge_identity(IsaBridge::Model model) {
    return {
        .vendor = 0x8086,
        .device = static_cast<std::uint16_t>(model == IsaBridge::Model::piix3 ? 0x7000 : 0x7110),
        .class_code = 0x060100,
        .header_type = 0x80,
        // I/O, memory and bus master are always on; special cycle, PERR# and SERR# enables can be written.
        .command_writable = 0x0148,
        .command_reset = 0x0007,
        .status_reset = static_cast<std::uint16_t>(model == IsaBridge::Model::piix3 ? 0x0200 : 0x0280)};
}

constexpr std::uint16_t command_special_cycle = 0x0008;

}  // namespace

IsaBridge::IsaBridge(const sc_core::sc_module_name& name, const Config& config)
    : PciFunction(name, bridge_identity(config.model)), config_(config) {
    const auto declare = [this](std::span<const RegisterInfo> infos) {
        for (const RegisterInfo& info : infos)
            add(*registers_.emplace_back(std::make_unique<Register>(info)));
    };
    declare(piix::common);
    declare(config.model == Model::piix3 ? std::span<const RegisterInfo>(piix::piix3)
                                         : std::span<const RegisterInfo>(piix::piix4));
    const auto on_write = [](Register& r, auto handler) {
        r.on_write([handler](std::uint32_t, std::uint32_t, const AccessContext&) { handler(); });
    };
    static constexpr const char* route_names[] = {"PIRQRCA", "PIRQRCB", "PIRQRCC", "PIRQRCD"};
    for (unsigned i = 0; i < 4; ++i) {
        pirqrc_[i] = &reg(route_names[i]);
        on_write(*pirqrc_[i], [this] { update_irqs(); });
        pirq[i].on_change([this](bool) { update_irqs(); });
    }
    xbcs_ = &reg("XBCS");
    iort_ = &reg("IORT");
    on_write(*xbcs_, [this] { update_decode(); });
    on_write(*iort_, [this] { update_isa_delay(); });
    if (config.model == Model::piix3) {
        smicntl_ = &reg("SMICNTL");
        smien_ = &reg("SMIEN");
        smireq_ = &reg("SMIREQ");
        on_write(*smicntl_, [this] { update_smi(); });
        on_write(*smien_, [this] { update_smi(); });
        // Software clears requests by writing 0 and cannot set them.
        smireq_->on_write([this](std::uint32_t before, std::uint32_t, const AccessContext&) {
            smireq_->value &= before;
            update_smi();
        });
        apmc.on_change([this](bool asserted) {
            if (!asserted || !(smien_->value & piix::apm_smi)) return;
            smireq_->value |= piix::apm_smi;
            update_smi();
        });
    }
    special.bind(*static_cast<tlm::tlm_fw_transport_if<>*>(&special_port_));
    inta.bind(*static_cast<tlm::tlm_bw_transport_if<>*>(&plain_backward_));
    update_isa_delay();
}

Register& IsaBridge::reg(const char* register_name) {
    for (auto& r : registers_)
        if (std::strcmp(r->info().name, register_name) == 0) return *r;
    throw std::logic_error(std::string("PIIX has no register ") + register_name);
}

// ---- decoding

IoRouter::MapId IsaBridge::map_internal(std::uint32_t first, std::uint32_t count, IoRouter::Target& device,
                                        std::uint32_t offset_base, Gate by) {
    const auto id = io.map(first, count, device, offset_base, {config_.timing.piix_internal, {}});
    gate(id, by);
    return id;
}

IoRouter::MapId IsaBridge::map_isa(std::uint32_t first, std::uint32_t count, IoRouter::Target& device,
                                   std::uint32_t offset_base, Gate by) {
    const auto id = io.map(first, count, device, offset_base, isa_delay_);
    isa_maps_.push_back(id);
    gate(id, by);
    return id;
}

MemoryRouter::MapId IsaBridge::map_memory(std::uint64_t first, std::uint64_t size,
                                          MemoryRouter::Target& device, std::uint64_t offset_base) {
    return memory.map(first, size, device, offset_base,
                      {config_.timing.isa_synchronise, config_.timing.isa_memory_8});
}

void IsaBridge::gate(IoRouter::MapId id, Gate by) {
    if (by == Gate::none) return;
    const std::uint32_t bit = by == Gate::rtc        ? piix::xbcs_rtc
                              : by == Gate::keyboard ? piix::xbcs_kbc
                                                     : piix::xbcs_coprocessor_error;
    gated_.push_back({id, bit});
    update_decode();
}

// Maps [first, last] of the ROM window that ends at `end`, as far as the ROM reaches down.
void IsaBridge::map_bios_part(MemoryRouter::Target& rom, std::uint64_t size, std::uint64_t first,
                              std::uint64_t last, std::uint64_t end, std::uint32_t xbcs_bit) {
    first = std::max(first, end - size);
    if (first > last) return;
    const auto id = memory.map(first, last - first + 1, rom, size - (end - first),
                               {config_.timing.isa_synchronise, config_.timing.isa_memory_8});
    bios_.push_back({id, xbcs_bit});
}

// 82371AB 290562 4.1.11: the top 64 KiB always, the rest by XBCS.
void IsaBridge::map_bios(MemoryRouter::Target& rom, std::uint64_t size) {
    if (size < 64 * kib || size % (4 * kib) || size > 16 * mib)
        throw std::invalid_argument("BIOS ROM of " + std::to_string(size) +
                                    " bytes: expected a multiple of 4 KiB from 64 KiB to 16 MiB");
    if (!config_.bios_decode_follows_xbcs) {
        map_bios_part(rom, size, four_gib - size, four_gib - 1, four_gib, 0);
        map_bios_part(rom, size, mib - 128 * kib, mib - 1, mib, 0);
    } else {
        map_bios_part(rom, size, four_gib - 64 * kib, four_gib - 1, four_gib, 0);
        map_bios_part(rom, size, four_gib - 128 * kib, four_gib - 64 * kib - 1, four_gib,
                      piix::xbcs_lower_bios);
        map_bios_part(rom, size, four_gib - 512 * kib, four_gib - 128 * kib - 1, four_gib,
                      piix::xbcs_extended_bios);
        map_bios_part(rom, size, four_gib - mib, four_gib - 512 * kib - 1, four_gib, piix::xbcs_1m_bios);
        map_bios_part(rom, size, mib - 64 * kib, mib - 1, mib, 0);
        map_bios_part(rom, size, mib - 128 * kib, mib - 64 * kib - 1, mib, piix::xbcs_lower_bios);
    }
    update_decode();
}

void IsaBridge::update_decode() {
    for (const Gated& g : gated_) io.enable(g.id, xbcs_->value & g.xbcs_bit);
    ferr_enable.set(xbcs_->value & piix::xbcs_coprocessor_error);
    for (const BiosPart& part : bios_) {
        memory.enable(part.id, !part.xbcs_bit || (xbcs_->value & part.xbcs_bit));
        memory.write_protect(part.id, !(xbcs_->value & piix::xbcs_bios_write));
    }
}

// 82371AB 290562 4.1.10: bit 6 enables the 8-bit recovery time of bits 5:3 (0 means 8) SYSCLKs; 3.5 without
// it.
void IsaBridge::update_isa_delay() {
    const std::uint32_t iort = iort_->value;
    const unsigned programmed = (iort >> 3 & 7) ? iort >> 3 & 7 : 8;
    const unsigned half_clocks = iort & 0x40 ? 2 * programmed : 7;
    isa_delay_ = {config_.timing.isa_synchronise,
                  config_.timing.isa_io_8 + config_.timing.isa_clock / 2 * half_clocks};
    for (const IoRouter::MapId id : isa_maps_) io.set_delay(id, isa_delay_);
    io.set_float_delay(isa_delay_.access + isa_delay_.byte);
}

// ---- interrupts

void IsaBridge::update_irqs() {
    constexpr std::uint32_t reserved = 1u << 0 | 1u << 1 | 1u << 2 | 1u << 8 | 1u << 13;
    std::uint32_t asserted = 0;
    for (unsigned i = 0; i < 4; ++i)
        if (pirq[i].level() && !(pirqrc_[i]->value & piix::pirqrc_disable))
            asserted |= 1u << (pirqrc_[i]->value & piix::pirqrc_route);
    asserted &= ~reserved;
    for (unsigned n = 0; n < 16; ++n) irq[n].set(asserted >> n & 1);
}

void IsaBridge::update_smi() {
    smi.set((smicntl_->value & 1) && (smireq_->value & smien_->value & piix::apm_smi));
}

void IsaBridge::pci_reset() {
    update_isa_delay();
    update_decode();
    update_irqs();
    if (smicntl_) update_smi();
}

// ---- special cycles

void IsaBridge::SpecialPort::b_transport(tlm::tlm_generic_payload& trans, sc_core::sc_time& delay) {
    const auto* cycle = trans.get_extension<SpecialCycle>();
    if (!cycle) return trans.set_response_status(tlm::TLM_COMMAND_ERROR_RESPONSE);
    delay += bridge.config_.timing.pci_io;
    trans.set_response_status(tlm::TLM_OK_RESPONSE);
    switch (cycle->kind) {
        case SpecialCycle::Kind::interrupt_acknowledge: {
            const sc_dt::uint64 address = trans.get_address();
            trans.set_address(0);
            bridge.inta->b_transport(trans, delay);
            trans.set_address(address);
            break;
        }
        case SpecialCycle::Kind::shutdown:
            if (bridge.config_.shutdown_needs_special_cycle_enable &&
                !(bridge.command() & command_special_cycle))
                break;
            bridge.shutdown.pulse();
            if (bridge.on_shutdown_) bridge.on_shutdown_(sc_core::sc_time_stamp() + delay);
            break;
        case SpecialCycle::Kind::halt:
            break;  // nobody on PCI cares
    }
}

unsigned IsaBridge::SpecialPort::transport_dbg(tlm::tlm_generic_payload& trans) {
    const auto* cycle = trans.get_extension<SpecialCycle>();
    if (!cycle || cycle->kind != SpecialCycle::Kind::interrupt_acknowledge) return 0;
    const sc_dt::uint64 address = trans.get_address();
    trans.set_address(0);
    const unsigned done = bridge.inta->transport_dbg(trans);
    trans.set_address(address);
    return done;
}

}  // namespace southgate::chipset
