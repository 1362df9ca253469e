// Rewrites a 16- or 32-bit instruction as one of 64-bit code that does the same to the low 32 bits of the
// registers.
#pragma once

#include <optional>
#include <vector>

#include "oracle/rules.h"

namespace southgate::cpu::test {

struct NativeProgram {
    std::vector<std::uint8_t> code;
    UserState before;  // with segment bases added to pointers, where the instruction has implicit ones
    // Undoes that on a state after the instruction.
    UserState to_guest(const UserState& native) const;

    // Registers that hold pointers (or 16-bit counts) on the native side.
    struct Adjusted {
        unsigned reg;
        std::uint32_t base;
        bool low16;
        std::uint32_t guest_value;
    };
    std::vector<Adjusted> adjusted;
};

// nullopt: this combination cannot be compared (addresses outside the shared memory, wraps, no 64-bit form).
// `before`: the guest's registers, eip being the linear address.
std::optional<NativeProgram> transcode(const Decoded& d, Form form, const Segments& segments,
                                       const UserState& before);

}  // namespace southgate::cpu::test
