// The segments that the compatibility-mode oracle gives both sides: a local descriptor table that changes from time to
// time, and Linux's GDT.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <random>

#include "oracle/linux_gdt.h"

namespace southgate::cpu::test {

// What modify_ldt() can describe (Linux, struct user_desc): DPL 3 and accessed, no system segment, conforming code only
// if it is not present.
struct LdtDescriptor {
    bool empty = true;  // all zero: a system descriptor of the reserved type 0
    bool code = false, conforming = false, expand_down = false;
    bool restricted = false;  // data: read only; code: execute only
    bool big = false;         // D/B
    bool pages = false;       // G
    bool absent = false;
    bool available = false;   // AVL
    std::uint32_t base = 0;
    std::uint32_t limit = 0;  // 20 bits, in units of G

    std::uint32_t byte_limit() const { return pages ? limit << 12 | 0xfff : limit; }
    std::uint64_t raw() const;  // SDM vol. 3A 3.4.5
};

inline constexpr std::uint16_t ldt_entries = 30;
// Flat 32-bit code; never changes.
inline constexpr std::uint16_t trampoline_entry = ldt_entries - 1;
inline constexpr std::uint16_t ldt_selector(unsigned entry) { return static_cast<std::uint16_t>(entry << 3 | 7); }

using Ldt = std::array<LdtDescriptor, ldt_entries>;

// Entries by what they are; each range has bases and limits of its own.
enum class Role : std::uint8_t {
    data32, data16, read_only, down32, down16, down_read_only, data_pages, code32, code32_execute_only, code16,
    code16_execute_only, code_short, code_top, absent_data, absent_code, absent_conforming, absent_down, nothing,
};
std::optional<Role> role_of(unsigned entry);

// Bases and limits that reach into the oracle's memory and not beyond its reservation.
Ldt random_ldt(std::mt19937_64& random);

// The descriptor a selector names in the LDT or GDT, whatever its rights; nullopt for null and beyond the table. For GDT
// entries only code, big, base, limit and pages are meaningful.
std::optional<LdtDescriptor> descriptor_of(const Ldt& ldt, std::uint16_t selector);

}  // namespace southgate::cpu::test
