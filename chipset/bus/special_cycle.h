// Bus cycles that are neither memory nor I/O, as an ignorable payload extension on the I/O socket of a CPU:
// interrupt acknowledge (data = 1 byte, the vector) and the Shutdown and Halt special cycles (P6 family
// hardware manual, special transaction; PCI 2.1, 3.7.2 special cycle messages).
#pragma once

#include <cstdint>
#include <tlm>

namespace southgate::chipset {

struct SpecialCycle : tlm::tlm_extension<SpecialCycle> {
    // The address of the payload that carries one, so that a bridge looks for extensions in few transactions.
    static constexpr std::uint64_t address = 0;

    enum class Kind : std::uint8_t { interrupt_acknowledge, shutdown, halt };
    Kind kind = Kind::interrupt_acknowledge;

    tlm::tlm_extension_base* clone() const override { return new SpecialCycle(*this); }
    void copy_from(const tlm::tlm_extension_base& other) override {
        *this = static_cast<const SpecialCycle&>(other);
    }
};

}  // namespace southgate::chipset
