// Reset state as data: what power-up, RESET# and INIT# do to every register of a processor.
//
// SDM vol. 3A section 9.1.1, table 9-1 ("IA-32 and Intel 64 Processor States Following Power-up, Reset, or
// INIT"), with the footnotes that qualify it. Registers a table does not change are rows too: a row says
// "keep".
#pragma once

#include <cstdint>
#include <span>

#include "cpu_model/state/registers.h"

namespace southgate::cpu {

enum class ResetKind : std::uint8_t { power_up, reset, init };

// What one reset does to one register.
enum class ResetAction : std::uint8_t {
    load,       // becomes `value`
    keep,       // unchanged
    merge,      // bits of `kept` unchanged, the others become those of `value`
    signature,  // becomes the processor signature (CPUID.1:EAX without the extended fields)
    bsp_flag,   // `value`, with IA32_APIC_BASE.BSP (bit 8) set in the bootstrap processor
    activity,   // running in the bootstrap processor, wait-for-SIPI in the others
};

struct ResetRow {
    const char* name;      // the register, e.g. "CS.base"
    std::uint16_t offset;  // of the register in ArchState
    std::uint8_t size;     // bytes: 1, 2, 4 or 8
    ResetAction action;
    std::uint64_t value;  // load, merge, bsp_flag
    std::uint64_t kept;   // merge
    const char* source;   // document and section
};

// What a processor knows about itself that the tables refer to.
struct ResetIdentity {
    std::uint32_t signature = 0;  // for EDX
    bool bootstrap = true;        // IA32_APIC_BASE.BSP after the MP protocol (SDM vol. 3A 8.4)
};

// The table of one kind: every register once, in the order of ArchState.
std::span<const ResetRow> reset_table(ResetKind kind);

// Applies the table to a state. Costs a memory copy, allocates nothing.
void apply_reset(ArchState& state, ResetKind kind, const ResetIdentity& identity);

}  // namespace southgate::cpu
