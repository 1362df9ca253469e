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
    route.port = &port_of(device);
    if (elaborated_) bind_transport(route);
    route.count = count;
    route.offset_base = offset_base;
    routes_.push_back(route);
    const auto id = static_cast<MapId>(routes_.size() - 1);
    set_delay(id, delay);
    place(routes_[id], first, enabled);
    return id;
}

void IoRouter::end_of_elaboration() {
    elaborated_ = true;
    for (Route& route : routes_)
        if (route.port) bind_transport(route);
}

void IoRouter::bind_transport(Route& route) {
    tlm::tlm_fw_transport_if<>* target_if = route.port->socket.operator->();
    route.transport = target_if;
    route.router = dynamic_cast<IoRouter*>(target_if);
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
    ++map_changes;
}

void IoRouter::set_default(Target& agent, const Delay& delay) {
    routes_[0].port = &port_of(agent);
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
    ++map_changes;
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
    if (!route.transport) {
        ++unclaimed_;
        return float_bus(trans);
    }
    const sc_dt::uint64 address = trans.get_address();
    trans.set_address(address - route.delta);
    route.transport->b_transport(trans, delay);
    trans.set_address(address);
}

// Presents the transaction one byte at a time. Bytes past port FFFFh belong to nobody.
template <typename Access>
void IoRouter::each_byte(tlm::tlm_generic_payload& trans, Access access) {
    in_parts(
        trans, [](unsigned) { return 1u; },
        [&](unsigned) {
            const std::uint64_t address = trans.get_address();
            access(address < ports ? &routes_[table_[address]] : nullptr);
        });
}

bool IoRouter::extend(Path& path, std::uint64_t address, unsigned size) {
    if (!one_route(address, size)) return false;
    const Route& route = routes_[table_[address]];
    if (!route.transport) return false;
    path.delay += route.delay.access;
    for (unsigned i = 0; i < size; ++i) path.delay += route.delay.byte;
    path.delta += route.delta;
    path.transport = route.transport;
    return !route.router || route.router->extend(path, address - route.delta, size);
}

void IoRouter::b_transport(tlm::tlm_generic_payload& trans, sc_core::sc_time& delay) {
    const sc_dt::uint64 address = trans.get_address();
    const unsigned size = trans.get_data_length();
    Path& path = paths_[address % path_count];
    if (path.address == address && path.size == size && path.maps == map_changes && size != 0) [[likely]] {
        delay += path.delay;
        trans.set_address(address - path.delta);
        path.transport->b_transport(trans, delay);
        trans.set_address(address);
        return;
    }
    Path found;
    if (extend(found, address, size)) {
        found.address = address;
        found.size = size;
        found.maps = map_changes;
        path = found;
    }
    if (one_route(address, trans.get_data_length())) return forward(routes_[table_[address]], trans, delay);
    each_byte(trans, [&](const Route* route) {
        if (route) return forward(*route, trans, delay);
        ++unclaimed_;
        float_bus(trans);
    });
}

unsigned IoRouter::transport_dbg(tlm::tlm_generic_payload& trans) {
    const unsigned size = trans.get_data_length();
    each_byte(trans, [&](const Route* route) {
        if (!route || !route->port) return float_bus(trans);
        trans.set_address(trans.get_address() - route->delta);
        const bool done = route->port->socket->transport_dbg(trans) == 1;
        trans.set_response_status(done ? tlm::TLM_OK_RESPONSE : tlm::TLM_GENERIC_ERROR_RESPONSE);
    });
    return trans.is_response_ok() ? size : 0;
}

}  // namespace southgate::chipset
