#include "sim/pio/machine/cost.h"

#include <fmt/format.h>

#include "cpu_model/pio/policy.h"

namespace southgate::pio {

namespace {

std::string phase(const std::vector<cpu::VmcsField>& fields) { return fields.empty() ? "-" : cpu::letters(fields); }

}  // namespace

std::string vmread_letters(const cpu::VmcsAccess& access) {
    return phase(access.at_exit) + '/' + phase(access.at_completion);
}

std::string vmx_cost(const cpu::VmcsAccess& access) {
    return fmt::format("{} {}+{}", vmread_letters(access), access.total(), access.vmwrites);
}

std::string describe_cost(const cpu::VmcsAccess& access, cpu::PioAdvance advance) {
    if (advance == cpu::PioAdvance::absolute) return fmt::format("VMCB words looked at: {}", access.vmcb_loads);
    return fmt::format("VMREAD {} / {}: {}; VMWRITE: {}", phase(access.at_exit), phase(access.at_completion),
                       access.total(), access.vmwrites);
}

}  // namespace southgate::pio
