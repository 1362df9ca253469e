#include "chipset/bus/pci_bus.h"

#include <cstring>
#include <stdexcept>
#include <string>

#include "chipset/hierarchy.h"

namespace southgate::chipset {

namespace {
constexpr std::uint64_t function_span = 0x1000;

void master_abort(tlm::tlm_generic_payload& trans) {
    if (trans.is_read()) std::memset(trans.get_data_ptr(), 0xff, trans.get_data_length());
    trans.set_response_status(tlm::TLM_OK_RESPONSE);
}
}  // namespace

PciBus::PciBus(const sc_core::sc_module_name& name) : PciBus(name, Config{}) {}

PciBus::PciBus(const sc_core::sc_module_name& name, const Config& bus_config)
    : sc_module(name), timing_(bus_config.timing), first_pirq_device_(bus_config.first_pirq_device) {
    config.bind(*static_cast<tlm::tlm_fw_transport_if<>*>(&config_port_));
    host_memory.bind(*static_cast<tlm::tlm_bw_transport_if<>*>(&host_backward_));
    io.set_float_delay(timing_.pci_io + timing_.pci_subtractive);
    for (unsigned i = 0; i < 4; ++i) {
        const std::string gate = "pirq" + std::to_string(i);
        pirq_or_.push_back(std::make_unique<LineOr>(gate.c_str()));
    }
}

void PciBus::attach(PciFunction& function, unsigned device, unsigned number) {
    const unsigned place = device * 8 + number;
    if (device > 31 || number > 7 || functions_[place])
        throw std::logic_error(std::string(name()) + ": no free place for " + function.name());
    HierarchyScope scope(*this);
    functions_[place] = &function;
    const std::string port = "config" + std::to_string(device) + "_" + std::to_string(number);
    config_sockets_[place] = std::make_unique<tlm::tlm_initiator_socket<32>>(port.c_str());
    config_sockets_[place]->bind(*static_cast<tlm::tlm_bw_transport_if<>*>(&config_backward_));
    config_sockets_[place]->bind(function.config);

    Attached& attached = attached_.emplace_back(Attached{&function, {}});
    for (const PciWindow& w : function.windows())
        attached.map_ids.push_back(
            w.space == PciSpace::io
                ? io.map(static_cast<std::uint32_t>(w.first), static_cast<std::uint32_t>(w.size), *w.target,
                         static_cast<std::uint32_t>(w.offset_base), {timing_.pci_io, {}}, w.enabled)
                : memory.map(w.first, w.size, *w.target, w.offset_base, {timing_.pci_memory, {}}, w.enabled));
    function.set_listener(this);

    // Interrupt pins rotate over the PIRQ lines so that INTA# of neighbouring devices do not share one
    // (PCI 2.1, 2.2.6).
    if (const unsigned pin = function.identity().interrupt_pin) {
        const unsigned line = (device + 32 - first_pirq_device_ + pin - 1) & 3;
        function.intx(pirq_or_[line]->add_input());
    }
}

void PciBus::attach_subtractive(tlm::tlm_target_socket<32>& io_agent,
                                tlm::tlm_target_socket<32>& memory_agent) {
    io.set_default(io_agent, {timing_.pci_io + timing_.pci_subtractive, {}});
    memory.set_default(memory_agent, {timing_.pci_memory + timing_.pci_subtractive, {}});
}

tlm::tlm_target_socket<32>& PciBus::connect_master() {
    HierarchyScope scope(*this);
    const std::string port = "master" + std::to_string(masters_.size());
    auto& socket = *masters_.emplace_back(std::make_unique<tlm::tlm_target_socket<32>>(port.c_str()));
    socket.bind(*static_cast<tlm::tlm_fw_transport_if<>*>(&master_port_));
    return socket;
}

const PciFunction* PciBus::function(unsigned device, unsigned number) const {
    return device < 32 && number < 8 ? functions_[device * 8 + number] : nullptr;
}

void PciBus::window_changed(PciFunction& function, unsigned index) {
    for (const Attached& attached : attached_) {
        if (attached.function != &function) continue;
        const PciWindow& w = function.windows()[index];
        if (w.space == PciSpace::io)
            io.move(attached.map_ids[index], static_cast<std::uint32_t>(w.first), w.enabled);
        else
            memory.move(attached.map_ids[index], w.first, w.enabled);
        return;
    }
}

tlm::tlm_initiator_socket<32>* PciBus::ConfigPort::target_of(std::uint64_t address) const {
    const std::uint64_t place = address / function_span;
    return place < places ? bus.config_sockets_[place].get() : nullptr;
}

void PciBus::ConfigPort::b_transport(tlm::tlm_generic_payload& trans, sc_core::sc_time& delay) {
    delay += bus.timing_.config_data;
    const std::uint64_t address = trans.get_address();
    auto* socket = target_of(address);
    if (!socket || address % function_span + trans.get_data_length() > PciFunction::config_bytes)
        return master_abort(trans);
    trans.set_address(address % function_span);
    (*socket)->b_transport(trans, delay);
    trans.set_address(address);
}

unsigned PciBus::ConfigPort::transport_dbg(tlm::tlm_generic_payload& trans) {
    const std::uint64_t address = trans.get_address();
    auto* socket = target_of(address);
    if (!socket || address % function_span + trans.get_data_length() > PciFunction::config_bytes) {
        master_abort(trans);
        return trans.get_data_length();
    }
    trans.set_address(address % function_span);
    const unsigned done = (*socket)->transport_dbg(trans);
    trans.set_address(address);
    return done;
}

tlm::tlm_fw_transport_if<>& PciBus::MasterPort::route(std::uint64_t address) const {
    return bus.memory.claimed(address) ? *bus.memory.target.get_base_export().operator->()
                                       : *bus.host_memory.operator->();
}

void PciBus::MasterPort::b_transport(tlm::tlm_generic_payload& trans, sc_core::sc_time& delay) {
    route(trans.get_address()).b_transport(trans, delay);
}

unsigned PciBus::MasterPort::transport_dbg(tlm::tlm_generic_payload& trans) {
    return route(trans.get_address()).transport_dbg(trans);
}

bool PciBus::MasterPort::get_direct_mem_ptr(tlm::tlm_generic_payload& trans, tlm::tlm_dmi& dmi) {
    return route(trans.get_address()).get_direct_mem_ptr(trans, dmi);
}

void PciBus::HostBackward::invalidate_direct_mem_ptr(sc_dt::uint64 first, sc_dt::uint64 last) {
    for (auto& master : bus.masters_) (*master)->invalidate_direct_mem_ptr(first, last);
}

}  // namespace southgate::chipset
