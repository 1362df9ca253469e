#include "chipset/bus/bus_join.h"

#include <string>

#include "chipset/hierarchy.h"

namespace southgate::chipset {

BusJoin::BusJoin(const sc_core::sc_module_name& name) : sc_module(name) {
    out.bind(*static_cast<tlm::tlm_bw_transport_if<>*>(this));
}

BusJoin::Target& BusJoin::add_input() {
    HierarchyScope scope(*this);
    const std::string name = "in" + std::to_string(inputs_.size());
    Target& input = *inputs_.emplace_back(std::make_unique<Target>(name.c_str()));
    input.bind(*static_cast<tlm::tlm_fw_transport_if<>*>(this));
    return input;
}

void BusJoin::invalidate_direct_mem_ptr(sc_dt::uint64 first, sc_dt::uint64 last) {
    for (auto& input : inputs_) (*input)->invalidate_direct_mem_ptr(first, last);
}

}  // namespace southgate::chipset
