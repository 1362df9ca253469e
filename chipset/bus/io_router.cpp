#include "chipset/bus/io_router.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "chipset/hierarchy.h"

namespace southgate::chipset {

namespace {
// Entries past the last port, so that a dword access at FFFFh can be looked up without a bounds test.
constexpr std::uint32_t padding = 8;
}  // namespace

IoRouter::Port::Port(const char* name, Target& device) : socket(name), device(&device) {
    socket.bind(*static_cast<tlm::tlm_bw_transport_if<>*>(this));
    socket.bind(device);
}

IoRouter::IoRouter(const sc_core::sc_module_name& name)
    : sc_module(name), routes_(1), table_(ports + padding, 0) {
    target.bind(*static_cast<tlm::tlm_fw_transport_if<>*>(this));
}

IoRouter::Port& IoRouter::port_of(Target& device) {
    for (auto& port : ports_)
        if (port->device == &device) return *port;
    HierarchyScope scope(*this);
    const std::string name = "port" + std::to_string(ports_.size());
    return *ports_.emplace_back(std::make_unique<Port>(name.c_str(), device));
}

void IoRouter::connect(Target& device) { port_of(device); }

IoRouter::MapId IoRouter::map(std::uint32_t first, std::uint32_t count, Target& device,
                              std::uint32_t offset_base, const Delay& delay, bool enabled) {
    Route route;
    route.socket = &port_of(device).socket;
    route.count = count;
    route.offset_base = offset_base;
    routes_.push_back(route);
    const auto id = static_cast<MapId>(routes_.size() - 1);
    set_delay(id, delay);
    place(routes_[id], first, enabled);
    return id;
}

void IoRouter::enable(MapId id, bool enabled) { move(id, routes_[id].first, enabled); }

void IoRouter::move(MapId id, std::uint32_t first, bool enabled) {
    Route& route = routes_[id];
    if (route.first == first && route.enabled == enabled) return;
    const Route old = route;
    place(route, first, enabled);
    if (old.enabled) resolve(old.first, old.count);
}

void IoRouter::set_delay(MapId id, const Delay& delay) {
    routes_[id].delay = delay;
    routes_[id].per_byte = delay.byte != sc_core::SC_ZERO_TIME;
}

void IoRouter::set_default(Target& agent, const Delay& delay) {
    routes_[0].socket = &port_of(agent).socket;
    set_delay(0, delay);
}

void IoRouter::place(Route& route, std::uint32_t first, bool enabled) {
    route.first = first;
    route.delta = first - route.offset_base;
    route.enabled = enabled;
    if (enabled) resolve(first, route.count);
}

// Rebuilds the table for the given ports; called when a mapping comes or goes there.
void IoRouter::resolve(std::uint32_t first, std::uint32_t count) {
    const std::uint64_t begin = std::min(first, ports);
    const std::uint64_t end = std::min<std::uint64_t>(std::uint64_t{first} + count, ports);
    std::fill(table_.begin() + static_cast<std::ptrdiff_t>(begin),
              table_.begin() + static_cast<std::ptrdiff_t>(end), std::uint16_t{0});
    for (std::size_t id = 1; id < routes_.size(); ++id) {
        const Route& route = routes_[id];
        if (!route.enabled) continue;
        const std::uint64_t from = std::max<std::uint64_t>(begin, route.first);
        const std::uint64_t to = std::min<std::uint64_t>(end, std::uint64_t{route.first} + route.count);
        for (std::uint64_t port = from; port < to; ++port) table_[port] = static_cast<std::uint16_t>(id);
    }
}

bool IoRouter::one_route(std::uint64_t address, unsigned size) const {
    if (address >= ports) return false;
    const std::uint16_t* entry = &table_[address];
    if (size == 1) return true;
    if (size == 2) return entry[0] == entry[1] && address + 2 <= ports;
    if (size != 4) return false;
    std::uint64_t four;
    std::memcpy(&four, entry, sizeof four);
    return four == entry[0] * std::uint64_t{0x0001000100010001} && address + 4 <= ports;
}

void IoRouter::float_bus(tlm::tlm_generic_payload& trans) {
    if (trans.is_read() && trans.get_data_ptr())
        std::memset(trans.get_data_ptr(), 0xff, trans.get_data_length());
    trans.set_response_status(tlm::TLM_OK_RESPONSE);
}

void IoRouter::forward(const Route& route, tlm::tlm_generic_payload& trans, sc_core::sc_time& delay) {
    delay += route.delay.access;
    if (route.per_byte)
        for (unsigned i = trans.get_data_length(); i > 0; --i) delay += route.delay.byte;
    if (!route.socket) {
        ++unclaimed_;
        return float_bus(trans);
    }
    const sc_dt::uint64 address = trans.get_address();
    trans.set_address(address - route.delta);
    (*route.socket)->b_transport(trans, delay);
    trans.set_address(address);
}

// Presents the transaction one byte at a time, in place. The first response that is not OK is the response.
template <typename Access>
void IoRouter::each_byte(tlm::tlm_generic_payload& trans, Access access) {
    const sc_dt::uint64 address = trans.get_address();
    std::uint8_t* const data = trans.get_data_ptr();
    const unsigned size = trans.get_data_length();
    const unsigned width = trans.get_streaming_width();
    tlm::tlm_response_status response = tlm::TLM_OK_RESPONSE;
    trans.set_data_length(1);
    trans.set_streaming_width(1);
    for (unsigned i = 0; i < size; ++i) {
        trans.set_address(address + i);
        trans.set_data_ptr(data + i);
        trans.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
        const bool decoded = address + i < ports;
        access(routes_[decoded ? table_[address + i] : 0], decoded);
        if (response == tlm::TLM_OK_RESPONSE) response = trans.get_response_status();
    }
    trans.set_address(address);
    trans.set_data_ptr(data);
    trans.set_data_length(size);
    trans.set_streaming_width(width);
    trans.set_response_status(response);
}

void IoRouter::b_transport(tlm::tlm_generic_payload& trans, sc_core::sc_time& delay) {
    const sc_dt::uint64 address = trans.get_address();
    if (one_route(address, trans.get_data_length())) return forward(routes_[table_[address]], trans, delay);
    if (trans.get_byte_enable_ptr()) return trans.set_response_status(tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
    each_byte(trans, [&](const Route& route, bool decoded) {
        if (decoded) return forward(route, trans, delay);
        ++unclaimed_;
        float_bus(trans);
    });
}

unsigned IoRouter::transport_dbg(tlm::tlm_generic_payload& trans) {
    if (trans.get_byte_enable_ptr()) return 0;
    const unsigned size = trans.get_data_length();
    each_byte(trans, [&](const Route& route, bool decoded) {
        if (!decoded || !route.socket) return float_bus(trans);
        trans.set_address(trans.get_address() - route.delta);
        const bool done = (*route.socket)->transport_dbg(trans) == 1;
        trans.set_response_status(done ? tlm::TLM_OK_RESPONSE : tlm::TLM_GENERIC_ERROR_RESPONSE);
    });
    return trans.is_response_ok() ? size : 0;
}

bool IoRouter::get_direct_mem_ptr(tlm::tlm_generic_payload&, tlm::tlm_dmi& dmi) {
    dmi.allow_none();
    dmi.set_start_address(0);
    dmi.set_end_address(~sc_dt::uint64{0});
    return false;
}

tlm::tlm_sync_enum IoRouter::nb_transport_fw(tlm::tlm_generic_payload& trans, tlm::tlm_phase& phase,
                                             sc_core::sc_time& delay) {
    if (phase != tlm::BEGIN_REQ) return tlm::TLM_ACCEPTED;
    b_transport(trans, delay);
    phase = tlm::END_RESP;
    return tlm::TLM_COMPLETED;
}

}  // namespace southgate::chipset
