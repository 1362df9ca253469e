#include "chipset/i440fx/host_bridge.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>

#include "chipset/bus/special_cycle.h"
#include "chipset/i440fx/host_bridge_registers.h"

namespace southgate::chipset {

namespace {

constexpr std::uint32_t confadd_port = 0xcf8, confdata_port = 0xcfc, config_ports_end = 0xd00;
constexpr std::uint32_t confadd_enable = 0x8000'0000;
constexpr std::uint32_t confadd_bits = 0x80ff'fffc;  // bits 30:24 and 1:0 are reserved

PciIdentity pmc_identity(const HostBridge::Config& config) {
    return {.vendor = 0x8086,
            .device = 0x1237,
            .class_code = 0x060000,
            .revision = 0x02,
            .subsystem_vendor = config.subsystem_vendor,
            .subsystem = config.subsystem,
            // Memory space and bus master are always on; PERR# and SERR# enables can be written.
            .command_writable = 0x0140,
            .command_reset = 0x0006,
            .status_reset = 0x0280};
}

void float_bus(tlm::tlm_generic_payload& trans) {
    if (trans.is_read()) std::memset(trans.get_data_ptr(), 0xff, trans.get_data_length());
    trans.set_response_status(tlm::TLM_OK_RESPONSE);
}

// One hop, as a transaction or as a debug access without a delay.
void pass(tlm::tlm_initiator_socket<32>& socket, tlm::tlm_generic_payload& trans, sc_core::sc_time* delay) {
    if (delay) return socket->b_transport(trans, *delay);
    const bool done = socket->transport_dbg(trans) == trans.get_data_length();
    trans.set_response_status(done ? tlm::TLM_OK_RESPONSE : tlm::TLM_GENERIC_ERROR_RESPONSE);
}

}  // namespace

HostBridge::HostBridge(const sc_core::sc_module_name& name, const Config& config)
    : PciFunction(name, pmc_identity(config)), config_(config) {
    for (const RegisterInfo& info : pmc::registers)
        add(*registers_.emplace_back(std::make_unique<Register>(info)));
    for (unsigned i = 0; i < 7; ++i) pam_[i] = &reg(("PAM" + std::to_string(i)).c_str());
    smram_ = &reg("SMRAM");
    hole_ = &reg("FDHC");
    trc_ = &reg("TRC");
    smram_->on_write(
        [this](std::uint32_t before, std::uint32_t, const AccessContext&) { write_smram(before); });
    trc_->on_write([this](std::uint32_t before, std::uint32_t, const AccessContext&) { write_trc(before); });
    kept_[7] = static_cast<std::uint8_t>(smram_->value);

    cpu_io.bind(*static_cast<tlm::tlm_fw_transport_if<>*>(&cpu_io_port_));
    cpu_memory.bind(*static_cast<tlm::tlm_fw_transport_if<>*>(&cpu_side_));
    dma_memory.bind(*static_cast<tlm::tlm_fw_transport_if<>*>(&dma_side_));
    dram.bind(*static_cast<tlm::tlm_bw_transport_if<>*>(&dram_backward_));
    pci_memory.bind(*static_cast<tlm::tlm_bw_transport_if<>*>(&pci_backward_));
    for (auto* socket : {&pci_io, &pci_config, &pci_special})
        socket->bind(*static_cast<tlm::tlm_bw_transport_if<>*>(&plain_backward_));
    smiact.on_change([this](bool) { update_maps(); });
    update_maps();
}

Register& HostBridge::reg(const char* register_name) {
    for (auto& r : registers_)
        if (std::strcmp(r->info().name, register_name) == 0) return *r;
    throw std::logic_error(std::string("82441FX has no register ") + register_name);
}

// 82441FX 290549 3.2.24: setting D_LCK closes D_OPEN; from then on only a reset changes either.
void HostBridge::write_smram(std::uint32_t before) {
    if (config_.personality.smram_lock_absent) return;
    constexpr std::uint32_t locked = pmc::smram_open | pmc::smram_lock | pmc::smram_enable;
    if (before & pmc::smram_lock) smram_->value = (smram_->value & ~locked) | (before & locked);
    if (smram_->value & pmc::smram_lock) smram_->value &= ~std::uint32_t{pmc::smram_open};
}

void HostBridge::write_trc(std::uint32_t before) {
    if (config_.personality.trc_is_storage) return;
    if (!(trc_->value & pmc::trc_fire) || (before & pmc::trc_fire)) return;
    // The line reloads the register in the end, so decide first.
    LineOut& line = trc_->value & pmc::trc_hard ? trc_hard : trc_init;
    line.pulse();
}

void HostBridge::config_written(std::uint32_t, unsigned, const AccessContext&) { update_maps(); }

void HostBridge::pci_reset() {
    confadd_ = 0;
    if (config_.personality.pam_survives_reset) {
        for (unsigned i = 0; i < 7; ++i) pam_[i]->value = kept_[i];
        smram_->value = kept_[7];
    }
    update_maps();
}

// Recomputes who gets which address, and takes DMI back exactly where that changed.
void HostBridge::update_maps() {
    DramMapInputs inputs;
    inputs.dram_size = config_.dram_size;
    for (unsigned i = 0; i < 7; ++i) inputs.pam[i] = kept_[i] = static_cast<std::uint8_t>(pam_[i]->value);
    const std::uint32_t smram = smram_->value;
    kept_[7] = static_cast<std::uint8_t>(smram);
    inputs.hole = static_cast<std::uint8_t>(hole_->value >> 6);
    const bool open = (smram & pmc::smram_open) && !(smram & pmc::smram_closed);
    inputs.smram = (smram & pmc::smram_enable) && (open || smiact.level());
    const auto withdraw = [](MemorySide& side, tlm::tlm_target_socket<32>& socket, const DramMap& map) {
        if (!side.dmi_granted) return;
        for (const DramMap::Range& range : map.changes())
            socket->invalidate_direct_mem_ptr(range.first, range.last);
    };
    if (cpu_map_.set(inputs)) withdraw(cpu_side_, cpu_memory, cpu_map_);
    inputs.smram = false;  // PCI masters never see SMRAM
    if (dma_map_.set(inputs)) withdraw(dma_side_, dma_memory, dma_map_);
}

// ---- I/O side

void HostBridge::CpuIo::b_transport(tlm::tlm_generic_payload& trans, sc_core::sc_time& delay) {
    if (trans.get_address() == SpecialCycle::address && trans.get_extension<SpecialCycle>()) [[unlikely]]
        return bridge.pci_special->b_transport(trans, delay);
    // Any access that may touch CF8h-CFFh, even one that starts up to 7 bytes below.
    if (trans.get_address() - (confadd_port - 7) < 15) [[unlikely]]
        return bridge.config_space_io(trans, &delay);
    bridge.pci_io_transport_->b_transport(trans, delay);
}

unsigned HostBridge::CpuIo::transport_dbg(tlm::tlm_generic_payload& trans) {
    if (trans.get_extension<SpecialCycle>()) return bridge.pci_special->transport_dbg(trans);
    if (trans.get_address() - (confadd_port - 7) < 15) {
        bridge.config_space_io(trans, nullptr);
        return trans.is_response_ok() ? trans.get_data_length() : 0;
    }
    return bridge.pci_io->transport_dbg(trans);
}

// PCI 2.1, 3.7.4.1: CONFADD answers dwords only; CONFDATA answers any size while CONFADD enables it.
void HostBridge::config_space_io(tlm::tlm_generic_payload& trans, sc_core::sc_time* delay) {
    const std::uint64_t first = trans.get_address();
    const unsigned size = trans.get_data_length();
    if (first == confadd_port && size == 4) {
        if (trans.get_byte_enable_ptr())
            return trans.set_response_status(tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
        if (delay) *delay += config_.timing.config_address;
        if (trans.is_read()) std::memcpy(trans.get_data_ptr(), &confadd_, 4);
        if (trans.is_write()) {
            std::memcpy(&confadd_, trans.get_data_ptr(), 4);
            confadd_ &= confadd_bits;
        }
        return trans.set_response_status(tlm::TLM_OK_RESPONSE);
    }
    const bool enabled = confadd_ & confadd_enable;
    if (!enabled || first + size <= confdata_port || first >= config_ports_end)
        return pass(pci_io, trans, delay);
    if (first >= confdata_port && first + size <= config_ports_end) return config_cycle(trans, delay);
    // Partly CONFDATA: the CPU bus would have made two cycles of it; bytes come to the same.
    in_parts(
        trans, [](unsigned) { return 1u; },
        [&](unsigned) {
            const std::uint64_t at = trans.get_address();
            if (at >= confdata_port && at < config_ports_end) return config_cycle(trans, delay);
            pass(pci_io, trans, delay);
        });
}

// Configuration addresses: CONFADD 23:16 bus, 15:11 device, 10:8 function, 7:2 register.
void HostBridge::config_cycle(tlm::tlm_generic_payload& trans, sc_core::sc_time* delay) {
    const std::uint64_t port = trans.get_address();
    trans.set_address((std::uint64_t{confadd_ >> 8 & 0xffff} << 12) | (confadd_ & 0xfc) | (port & 3));
    pass(pci_config, trans, delay);
    trans.set_address(port);
}

// ---- memory side

// Cuts the transaction at the borders of the map; `access` gets the span, and trans holds bus addresses.
template <typename Access>
void HostBridge::MemorySide::route(tlm::tlm_generic_payload& trans, Access access) {
    const std::uint64_t address = trans.get_address();
    const unsigned size = trans.get_data_length();
    if (size == 0) return trans.set_response_status(tlm::TLM_OK_RESPONSE);
    const DramSpan span = map.find(address);
    const auto one = [&](const DramSpan& s) {
        const bool to_dram = trans.is_write() ? s.write_dram : s.read_dram;
        if (!to_dram && !cpu)
            return float_bus(trans);  // a PCI master's cycle that is not for DRAM: nobody claims it
        const std::uint64_t at = trans.get_address();
        if (to_dram) trans.set_address(at - s.delta);
        access(to_dram ? bridge.dram : bridge.pci_memory);
        trans.set_address(at);
    };
    if (size - 1 <= span.last - address) return one(span);
    in_parts(
        trans,
        [&](unsigned done) {
            const std::uint64_t room = map.find(address + done).last - (address + done);
            return room < size - done - 1 ? static_cast<unsigned>(room) + 1 : size - done;
        },
        [&](unsigned) {
            const DramSpan part = map.find(trans.get_address());
            one(part);
        });
}

void HostBridge::MemorySide::b_transport(tlm::tlm_generic_payload& trans, sc_core::sc_time& delay) {
    route(trans, [&](tlm::tlm_initiator_socket<32>& socket) { socket->b_transport(trans, delay); });
}

unsigned HostBridge::MemorySide::transport_dbg(tlm::tlm_generic_payload& trans) {
    const unsigned size = trans.get_data_length();
    route(trans, [&](tlm::tlm_initiator_socket<32>& socket) { pass(socket, trans, nullptr); });
    return trans.is_response_ok() ? size : 0;
}

bool HostBridge::MemorySide::get_direct_mem_ptr(tlm::tlm_generic_payload& trans, tlm::tlm_dmi& dmi) {
    const std::uint64_t address = trans.get_address();
    const DramSpan span = map.find(address);
    const bool write = trans.is_write();
    const bool to_dram = write ? span.write_dram : span.read_dram;
    dmi.init();
    dmi.set_start_address(span.first);
    dmi.set_end_address(span.last);
    if (!to_dram && !cpu) return false;
    const std::uint64_t delta = to_dram ? span.delta : 0;
    auto& socket = to_dram ? bridge.dram : bridge.pci_memory;
    trans.set_address(address - delta);
    const bool granted = socket->get_direct_mem_ptr(trans, dmi);
    trans.set_address(address);

    const std::uint64_t start = std::max<std::uint64_t>(dmi.get_start_address(), span.first - delta);
    const std::uint64_t end = std::min<std::uint64_t>(dmi.get_end_address(), span.last - delta);
    if (granted) dmi.set_dmi_ptr(dmi.get_dmi_ptr() + (start - dmi.get_start_address()));
    dmi.set_start_address(start + delta);
    dmi.set_end_address(end + delta);
    if (!granted) return false;
    // Reads and writes go different ways: grant the asked one only.
    if (span.read_dram != span.write_dram) {
        if (write ? !dmi.is_write_allowed() : !dmi.is_read_allowed()) return false;
        if (write)
            dmi.allow_write();
        else
            dmi.allow_read();
    }
    dmi_granted = true;
    return true;
}

// DRAM offsets appear below and above 4 GiB.
void HostBridge::DramBackward::invalidate_direct_mem_ptr(sc_dt::uint64 first, sc_dt::uint64 last) {
    const auto withdraw = [&](MemorySide& side, tlm::tlm_target_socket<32>& socket) {
        if (!side.dmi_granted) return;
        for (const DramSpan& span : side.map.spans()) {
            if (!span.read_dram && !span.write_dram) continue;
            const std::uint64_t low = std::max<std::uint64_t>(first, span.first - span.delta);
            const std::uint64_t high = std::min<std::uint64_t>(last, span.last - span.delta);
            if (low <= high) socket->invalidate_direct_mem_ptr(low + span.delta, high + span.delta);
        }
    };
    withdraw(bridge.cpu_side_, bridge.cpu_memory);
    withdraw(bridge.dma_side_, bridge.dma_memory);
}

void HostBridge::PciBackward::invalidate_direct_mem_ptr(sc_dt::uint64 first, sc_dt::uint64 last) {
    if (bridge.cpu_side_.dmi_granted) bridge.cpu_memory->invalidate_direct_mem_ptr(first, last);
}

}  // namespace southgate::chipset
