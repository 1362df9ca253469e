// Makes SystemC objects created in its lifetime children of a module whose constructor has already ended, so
// that ports added during elaboration carry the name of the module they belong to.
#pragma once

#include <systemc>

namespace southgate::chipset {

class HierarchyScope {
  public:
    explicit HierarchyScope(sc_core::sc_module& parent) {
        sc_core::sc_get_curr_simcontext()->hierarchy_push(&parent);
    }
    ~HierarchyScope() { sc_core::sc_get_curr_simcontext()->hierarchy_pop(); }
    HierarchyScope(const HierarchyScope&) = delete;
    HierarchyScope& operator=(const HierarchyScope&) = delete;
};

}  // namespace southgate::chipset
