// What an instruction of the compatibility-mode oracle touches in memory, and what each access by itself would end in: for
// the rules about instructions with several.
#pragma once

#include <optional>
#include <vector>

#include "oracle/compat_generate.h"

namespace southgate::cpu::test {

struct CompatAccess {
    unsigned segment = 0;  // as Seg
    std::uint32_t offset = 0;
    std::uint32_t size = 0;
    bool write = false;
    bool selector = false;  // a 32-bit stack slot that holds one

    bool wraps() const { return offset + (size - 1) < offset; }
};

// PUSH or POP of a segment register.
bool segment_operand(const Decoded& d);

// Operands and stack slots, in no order; of REP the first iteration.
std::vector<CompatAccess> accesses_of(const CompatCase& t, const Ldt& ldt);

struct CompatFault {
    int vector = -1;
    std::uint32_t error_code = 0, cr2 = 0;
    bool operator==(const CompatFault&) const = default;
};
inline CompatFault fault_of(const CompatOutcome& o) { return {o.vector, o.error_code, o.cr2}; }

// All exceptions that this access meets: limit, type, alignment, each of its pages.
std::vector<CompatFault> faults_of(const CompatAccess& a, const CompatCase& t, const Ldt& ldt);

}  // namespace southgate::cpu::test
