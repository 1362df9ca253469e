// Loading and initialising the x87 control registers as a whole.
#pragma once

#include <cstdint>

#include "cpu_model/state/registers.h"

namespace southgate::cpu::x87 {

// Bits 6 reads as 1, bits 7 and 13-15 as 0 (SDM vol. 1 8.1.5, as the P6 has it).
inline void set_control(FpuState& f, unsigned value) {
    f.fcw = static_cast<std::uint16_t>((value & 0x1f3f) | 0x40);
}
// FNINIT, and FNSAVE afterwards; the registers keep their contents (SDM vol. 2A FINIT).
inline void initialise(FpuState& f) {
    f.fcw = 0x37f;
    f.fsw = 0;
    f.ftw = 0xffff;
    f.ip = f.dp = 0;
    f.cs = f.ds = f.opcode = 0;
}

}  // namespace southgate::cpu::x87
