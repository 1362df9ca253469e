// The registers of a local APIC as MSRs: SDM vol. 3A 10.12.1, tables 10-6 and 10-7.
#include "chipset/apic/local_apic.h"

namespace southgate::chipset {

using namespace lapic;

namespace {

constexpr unsigned kIcr = 0x30, kSelfIpi = 0x3f;

// The register behind MSR 800h + index, or kCount: APR, RRD and DFR do not exist in x2APIC mode, ICR is one register.
constexpr unsigned register_of(unsigned index) {
    for (unsigned n = 0; n < kCount; ++n) {
        if (kRegisters[n].offset != index * 0x10) continue;
        return n == kApr || n == kRrd || n == kDfr || n == kIcrLow || n == kIcrHigh ? unsigned{kCount} : n;
    }
    return kCount;
}

bool read_only(unsigned n) {
    return n == kId || n == kVersionRegister || n == kPpr || n == kLdr || (n >= kIsr0 && n < kEsr) || n == kCurrentCount;
}

}  // namespace

bool LocalApic::read_msr(unsigned index, std::uint64_t& value, const sc_core::sc_time& now) {
    if (index == kIcr) {
        value = std::uint64_t{registers_[kIcrHigh].value} << 32 | registers_[kIcrLow].value;
        return true;
    }
    const unsigned n = register_of(index);
    if (n == kCount || n == kEoi) return false;
    if (n == kId) value = apic_id();
    else if (n == kLdr) value = logical_x2apic_id();
    else value = registers_[n].read({now});
    return true;
}

bool LocalApic::write_msr(unsigned index, std::uint64_t value, const sc_core::sc_time& now) {
    if (index == kSelfIpi) {
        if (value > 0xff) return false;
        ApicMessage message;
        message.vector = static_cast<std::uint8_t>(value);
        send_to_self(message);
        return true;
    }
    if (index == kIcr) {
        const auto low = static_cast<std::uint32_t>(value);
        if ((low & ~registers_[kIcrLow].rw_mask()) != 0) return false;
        registers_[kIcrHigh].value = static_cast<std::uint32_t>(value >> 32);
        registers_[kIcrLow].write(low, ~0u, {now}, name());
        return true;
    }
    const unsigned n = register_of(index);
    if (n == kCount || read_only(n)) return false;
    // Reserved bits must be 0; EOI and ESR take nothing else.
    const std::uint64_t defined = n == kEoi || n == kEsr ? 0 : kRegisters[n].mask_of(FieldAccess::ro) | registers_[n].rw_mask();
    if ((value & ~defined) != 0) return false;
    if (n == kLvtTimer && !config_.tsc_deadline && (value & kDeadline) != 0) return false;
    registers_[n].write(static_cast<std::uint32_t>(value), ~0u, {now}, name());
    return true;
}

}  // namespace southgate::chipset
