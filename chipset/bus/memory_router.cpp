#include "chipset/bus/memory_router.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "chipset/hierarchy.h"

namespace southgate::chipset {

namespace {
constexpr std::uint64_t top = ~std::uint64_t{0};
}  // namespace

MemoryRouter::Port::Port(const char* name, MemoryRouter& router, Target& device)
    : router(router), socket(name), device(&device) {
    socket.bind(*static_cast<tlm::tlm_bw_transport_if<>*>(this));
    socket.bind(device);
}

MemoryRouter::MemoryRouter(const sc_core::sc_module_name& name)
    : sc_module(name), routes_(1), intervals_{{0, top, 0}} {
    routes_[0].last = top;
    target.bind(*static_cast<tlm::tlm_fw_transport_if<>*>(this));
}

MemoryRouter::Port& MemoryRouter::port_of(Target& device) {
    for (auto& port : ports_)
        if (port->device == &device) return *port;
    HierarchyScope scope(*this);
    const std::string name = "port" + std::to_string(ports_.size());
    return *ports_.emplace_back(std::make_unique<Port>(name.c_str(), *this, device));
}

void MemoryRouter::connect(Target& device) { port_of(device); }

MemoryRouter::MapId MemoryRouter::map(std::uint64_t first, std::uint64_t size, Target& device,
                                      std::uint64_t offset_base, const Delay& delay, bool enabled) {
    Route route;
    route.port = &port_of(device);
    route.first = first;
    route.last = size == 0 || first + (size - 1) < first ? top : first + (size - 1);
    route.offset_base = offset_base;
    route.delta = first - offset_base;
    route.delay = delay;
    route.enabled = enabled && size > 0;
    routes_.push_back(route);
    if (route.enabled) rebuild(), invalidate(route.first, route.last);
    return static_cast<MapId>(routes_.size() - 1);
}

void MemoryRouter::enable(MapId id, bool enabled) { move(id, routes_[id].first, enabled); }

void MemoryRouter::move(MapId id, std::uint64_t first, bool enabled) {
    Route& route = routes_[id];
    if (route.first == first && route.enabled == enabled) return;
    const Route old = route;
    const std::uint64_t length = route.last - route.first;
    route.first = first;
    route.last = first + length < first ? top : first + length;
    route.delta = first - route.offset_base;
    route.enabled = enabled;
    if (!old.enabled && !enabled) return;
    rebuild();
    if (old.enabled) invalidate(old.first, old.last);
    if (enabled) invalidate(route.first, route.last);
}

void MemoryRouter::write_protect(MapId id, bool on) {
    Route& route = routes_[id];
    if (route.write_protected == on) return;
    route.write_protected = on;
    if (route.enabled) invalidate(route.first, route.last);
}

void MemoryRouter::set_default(Target& agent, const Delay& delay) {
    routes_[0].port = &port_of(agent);
    routes_[0].delay = delay;
}

// Flattens the enabled mappings into intervals, the later mapping over the earlier one.
void MemoryRouter::rebuild() {
    cuts_.assign(1, 0);
    for (const Route& route : routes_) {
        if (!route.enabled) continue;
        cuts_.push_back(route.first);
        if (route.last != top) cuts_.push_back(route.last + 1);
    }
    std::sort(cuts_.begin(), cuts_.end());
    cuts_.erase(std::unique(cuts_.begin(), cuts_.end()), cuts_.end());
    intervals_.clear();
    for (std::size_t i = 0; i < cuts_.size(); ++i) {
        unsigned owner = 0;
        for (unsigned id = 1; id < routes_.size(); ++id)
            if (routes_[id].enabled && routes_[id].first <= cuts_[i] && cuts_[i] <= routes_[id].last)
                owner = id;
        const std::uint64_t last = i + 1 < cuts_.size() ? cuts_[i + 1] - 1 : top;
        if (!intervals_.empty() && intervals_.back().route == owner)
            intervals_.back().last = last;
        else
            intervals_.push_back({cuts_[i], last, owner});
    }
    recent_ = 0;
}

const MemoryRouter::Interval& MemoryRouter::lookup(std::uint64_t address) const {
    const Interval& recent = intervals_[recent_];
    if (recent.first <= address && address <= recent.last) return recent;
    const auto after = std::upper_bound(intervals_.begin(), intervals_.end(), address,
                                        [](std::uint64_t a, const Interval& i) { return a < i.first; });
    recent_ = static_cast<std::size_t>(after - intervals_.begin()) - 1;
    return intervals_[recent_];
}

// Writes to protected ranges and all cycles nobody claims end here.
bool MemoryRouter::answer_without_device(const Route& route, tlm::tlm_generic_payload& trans, bool count) {
    if (route.port && !(route.write_protected && trans.is_write())) return false;
    if (trans.is_read()) std::memset(trans.get_data_ptr(), 0xff, trans.get_data_length());
    if (!route.port && count) ++unclaimed_;
    trans.set_response_status(tlm::TLM_OK_RESPONSE);
    return true;
}

// Presents the transaction interval by interval, in place. The first response that is not OK is the response.
template <typename Access>
void MemoryRouter::each_part(tlm::tlm_generic_payload& trans, Access access) {
    const std::uint64_t address = trans.get_address();
    const unsigned size = trans.get_data_length();
    if (size == 0) return trans.set_response_status(tlm::TLM_OK_RESPONSE);
    const Interval whole = lookup(address);
    if (size - 1 <= whole.last - address) {
        access(routes_[whole.route]);
        return trans.set_address(address);
    }
    in_parts(
        trans,
        [&](unsigned done) {
            const std::uint64_t room = lookup(address + done).last - (address + done);
            return room < size - done - 1 ? static_cast<unsigned>(room) + 1 : size - done;
        },
        [&](unsigned) { access(routes_[lookup(trans.get_address()).route]); });
}

void MemoryRouter::b_transport(tlm::tlm_generic_payload& trans, sc_core::sc_time& delay) {
    each_part(trans, [&](const Route& route) {
        delay += route.delay.access;
        if (route.delay.byte != sc_core::SC_ZERO_TIME)
            for (unsigned i = trans.get_data_length(); i > 0; --i) delay += route.delay.byte;
        if (answer_without_device(route, trans, true)) return;
        trans.set_address(trans.get_address() - route.delta);
        route.port->socket->b_transport(trans, delay);
    });
}

unsigned MemoryRouter::transport_dbg(tlm::tlm_generic_payload& trans) {
    const unsigned size = trans.get_data_length();
    each_part(trans, [&](const Route& route) {
        if (answer_without_device(route, trans, false)) return;
        const unsigned length = trans.get_data_length();
        trans.set_address(trans.get_address() - route.delta);
        const bool done = route.port->socket->transport_dbg(trans) == length;
        trans.set_response_status(done ? tlm::TLM_OK_RESPONSE : tlm::TLM_GENERIC_ERROR_RESPONSE);
    });
    return trans.is_response_ok() ? size : 0;
}

bool MemoryRouter::get_direct_mem_ptr(tlm::tlm_generic_payload& trans, tlm::tlm_dmi& dmi) {
    const std::uint64_t address = trans.get_address();
    const Interval interval = lookup(address);
    const Route& route = routes_[interval.route];
    dmi.init();
    if (!route.port || (route.write_protected && trans.is_write())) {
        dmi.set_start_address(interval.first);
        dmi.set_end_address(interval.last);
        return false;
    }
    trans.set_address(address - route.delta);
    const bool granted = route.port->socket->get_direct_mem_ptr(trans, dmi);
    trans.set_address(address);

    // What the device says of its own addresses holds here inside the interval only.
    const std::uint64_t low = interval.first - route.delta, high = interval.last - route.delta;
    const std::uint64_t start = std::max<std::uint64_t>(dmi.get_start_address(), low);
    const std::uint64_t end = std::min<std::uint64_t>(dmi.get_end_address(), high);
    if (granted) dmi.set_dmi_ptr(dmi.get_dmi_ptr() + (start - dmi.get_start_address()));
    dmi.set_start_address(start + route.delta);
    dmi.set_end_address(end + route.delta);
    if (granted && route.write_protected) dmi.allow_read();
    dmi_granted_ |= granted;
    return granted;
}

void MemoryRouter::invalidate(std::uint64_t first, std::uint64_t last) {
    if (dmi_granted_) target->invalidate_direct_mem_ptr(first, last);
}

// A device withdraws DMI for its own addresses: translate into every place where it is mapped.
void MemoryRouter::invalidate_port(const Port& port, std::uint64_t first, std::uint64_t last) {
    if (!dmi_granted_) return;
    for (const Route& route : routes_) {
        if (route.port != &port || (!route.enabled && &route != &routes_[0])) continue;
        const std::uint64_t low = std::max(first, route.first - route.delta);
        const std::uint64_t high = std::min(last, route.last - route.delta);
        if (low <= high) target->invalidate_direct_mem_ptr(low + route.delta, high + route.delta);
    }
}

}  // namespace southgate::chipset
