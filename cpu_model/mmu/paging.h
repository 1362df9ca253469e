// Page-table walks (SDM vol. 3A chapter 4).
#pragma once

#include <cstdint>

#include "cpu_model/mmu/access.h"

namespace southgate::cpu {

// #PF error code bits (SDM vol. 3A 4.7).
namespace page_fault {
inline constexpr std::uint32_t present = 1, write = 2, user = 4, reserved = 8, fetch = 16;
}

struct Walk {
    std::uint64_t physical = 0;    // of the page; A20M# not applied
    bool writable = false;         // a write needs no further walk: allowed, and the dirty flag is set
    bool global = false;
    unsigned shift = page_bits;    // log2 of the size of the page in bytes: 12, 21, 22 or 30
    std::uint32_t error_code = 0;  // when the walk failed
};

// Translates one linear address, checks rights, sets accessed and dirty flags. False: page fault `out.error_code`;
// nothing was changed then.
bool walk(Cpu* c, std::uint64_t linear, Access access, Privilege privilege, Walk& out);

}  // namespace southgate::cpu
