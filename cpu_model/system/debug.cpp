#include "cpu_model/system/debug.h"

#include "cpu_model/interpreter/system.h"
#include "cpu_model/mmu/access.h"

namespace southgate::cpu {
namespace {

enum class Condition : std::uint8_t { execute, write, io, read_write };  // DR7.R/Wn

bool enabled(const Cpu* c, unsigned n) { return (c->debug.dr7 >> (2 * n) & 3) != 0; }

Condition condition_of(const Cpu* c, unsigned n) {
    return static_cast<Condition>(c->debug.dr7 >> (16 + 4 * n) & 3);
}

std::uint64_t length_of(const Cpu* c, unsigned n) {
    constexpr std::uint64_t lengths[4] = {1, 2, 8, 4};
    return lengths[c->debug.dr7 >> (18 + 4 * n) & 3];
}

// DRn is masked to a multiple of the length (SDM vol. 3B 17.2.5).
std::uint64_t start_of(const Cpu* c, unsigned n) { return c->debug.dr[n] & ~(length_of(c, n) - 1); }

template <class Wanted>
std::uint32_t matches(const Cpu* c, std::uint64_t address, unsigned size, Wanted wanted) {
    std::uint32_t hits = 0;
    for (unsigned n = 0; n < 4; ++n) {
        if (!enabled(c, n) || !wanted(condition_of(c, n))) continue;
        const std::uint64_t start = start_of(c, n);
        if (address < start + length_of(c, n) && start < address + size) hits |= 1u << n;
    }
    return hits;
}

bool watches_data(Condition k) { return k == Condition::write || k == Condition::read_write; }

// DR4 and DR5 are DR6 and DR7 unless CR4.DE makes them undefined (SDM vol. 3B 17.2.2).
unsigned checked_number(const Cpu* c, unsigned n) {
    if (n == 4 || n == 5) {
        if ((c->cr4 & cr4::de) != 0) raise_ud();
        return n + 2;
    }
    if (n > 7) raise_ud();
    return n;
}

void check_access(Cpu* c) {
    if (c->cpl != 0) raise_gp(0);
    if ((c->debug.dr7 & dr7::gd) != 0) {
        c->debug.dr6 |= dr6::bd;
        raise(Vector::debug);
    }
}

}  // namespace

void note_debug_trap(Cpu* c, std::uint32_t hits) {
    c->debug_hits |= hits;
    c->events.debug_trap_pending = true;
    update_attention(c);
}

std::uint32_t matching_execution_breakpoints(const Cpu* c, std::uint64_t linear) {
    std::uint32_t hits = 0;
    for (unsigned n = 0; n < 4; ++n)
        if (enabled(c, n) && condition_of(c, n) == Condition::execute && c->debug.dr[n] == linear)
            hits |= 1u << n;
    return hits;
}

bool execution_breakpoints_enabled(const Cpu* c) {
    if ((c->debug.dr7 & dr7::enables) == 0) return false;
    for (unsigned n = 0; n < 4; ++n)
        if (enabled(c, n) && condition_of(c, n) == Condition::execute) return true;
    return false;
}

bool instruction_breakpoint(Cpu* c, std::uint64_t linear) {
    if ((c->eflags & eflags::rf) != 0) return false;
    const std::uint32_t hits = matching_execution_breakpoints(c, linear);
    c->debug.dr6 |= hits;
    return hits != 0;
}

void check_data_breakpoint(Cpu* c, std::uint64_t linear, unsigned size, bool write) {
    const std::uint32_t hits = matches(c, linear, size, [write](Condition k) {
        return k == Condition::read_write || (write && k == Condition::write);
    });
    if (hits != 0) note_debug_trap(c, hits);
}

void check_io_breakpoint(Cpu* c, std::uint16_t port, unsigned size) {
    if ((c->debug.dr7 & dr7::enables) == 0 || (c->cr4 & cr4::de) == 0) return;
    const std::uint32_t hits = matches(c, port, size, [](Condition k) { return k == Condition::io; });
    if (hits != 0) note_debug_trap(c, hits);
}

bool page_has_breakpoint(const Cpu* c, std::uint64_t linear_page) {
    if ((c->debug.dr7 & dr7::enables) == 0) return false;
    for (unsigned n = 0; n < 4; ++n)
        if (enabled(c, n) && watches_data(condition_of(c, n)) &&
            (start_of(c, n) & page_mask) == (linear_page & page_mask))
            return true;
    return false;
}

std::uint64_t read_debug_register(Cpu* c, unsigned n) {
    n = checked_number(c, n);
    check_access(c);
    if (n < 4) return c->debug.dr[n];
    return n == 6 ? c->debug.dr6 : c->debug.dr7;
}

void write_debug_register(Cpu* c, unsigned n, std::uint64_t value) {
    n = checked_number(c, n);
    check_access(c);
    if (n >= 4 && value >> 32 != 0) raise_gp(0);  // 64-bit mode only (SDM vol. 3B 17.2.6)
    if (n < 4)
        c->debug.dr[n] = value;
    else if (n == 6)
        c->debug.dr6 = dr6::fixed | (value & (dr6::b | dr6::bd | dr6::bs | dr6::bt));
    else
        c->debug.dr7 = (value & dr7::writable) | dr7::fixed;
    // Pages with data breakpoints leave the fast path of the TLB, others return to it.
    if (n < 4 ? (c->debug.dr7 & dr7::enables) != 0 : n == 7) {
        flush_tlb(c, false);
        update_attention(c);
    }
}

}  // namespace southgate::cpu
