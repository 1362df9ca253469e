// The indexed register groups of a VGA, declared as data. IBM PS/2 Hardware Interface Technical Reference,
// Video Subsystem (1992), sections 2-4; offsets are indices.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chipset/registers/bank.h"
#include "chipset/registers/register.h"

namespace southgate::chipset::video {

extern const std::span<const RegisterInfo> sequencer_registers;  // 3C4h, 3C5h
extern const std::span<const RegisterInfo> crtc_registers;       // 3D4h, 3D5h (3B4h, 3B5h)
extern const std::span<const RegisterInfo> graphics_registers;   // 3CEh, 3CFh
extern const std::span<const RegisterInfo> attribute_registers;  // 3C0h, 3C1h
extern const RegisterInfo misc_output_register;                  // 3C2h, 3CCh
extern const RegisterInfo feature_control_register;              // 3DAh (3BAh), 3CAh

// One group behind an index port. Indices nobody declared read 0 and ignore writes.
class IndexedRegisters {
  public:
    IndexedRegisters(const char* device, std::span<const RegisterInfo> infos);
    IndexedRegisters(const IndexedRegisters&) = delete;
    IndexedRegisters& operator=(const IndexedRegisters&) = delete;

    std::uint8_t operator[](unsigned index) const {
        return static_cast<std::uint8_t>(registers_[index].value);
    }
    std::uint8_t read(std::uint8_t index, const AccessContext& context) const {
        return static_cast<std::uint8_t>(bank_.read(index, 1, context));
    }
    void write(std::uint8_t index, std::uint8_t value, const AccessContext& context) {
        bank_.write(index, 1, value, context);
    }
    void reset() { bank_.reset(ResetDomain::platform); }

  private:
    std::vector<Register> registers_;  // in order of index, without gaps
    RegisterBank bank_;
};

}  // namespace southgate::chipset::video
