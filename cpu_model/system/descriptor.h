// Descriptors in the GDT, LDT and IDT (SDM vol. 3A 3.4.5, 3.5, 5.8.3, 6.11, 7.2.3).
#pragma once

#include <cstdint>

#include "cpu_model/interpreter/cpu.h"
#include "cpu_model/interpreter/fault.h"
#include "cpu_model/mmu/access.h"

namespace southgate::cpu {

// System descriptor types (SDM vol. 3A table 3-2). Long mode has only ldt and those named 32, as 64-bit ones.
namespace system_type {
inline constexpr unsigned tss16 = 1, ldt = 2, busy_tss16 = 3, call_gate16 = 4, task_gate = 5,
                          interrupt_gate16 = 6, trap_gate16 = 7, tss32 = 9, busy_tss32 = 11, call_gate32 = 12,
                          interrupt_gate32 = 14, trap_gate32 = 15;
inline constexpr unsigned busy = 2;  // the bit that tells busy_tss from tss
}  // namespace system_type

struct Descriptor {
    std::uint32_t low = 0, high = 0;

    std::uint64_t raw() const { return std::uint64_t{high} << 32 | low; }
    unsigned type() const { return high >> 8 & 0xf; }
    bool code_or_data() const { return (high & 1u << 12) != 0; }
    unsigned dpl() const { return high >> 13 & 3; }
    bool present() const { return (high & 1u << 15) != 0; }
    std::uint32_t base() const { return low >> 16 | (high & 0xff) << 16 | (high & 0xff000000); }
    // In bytes, scaled by G.
    std::uint32_t limit() const {
        const std::uint32_t raw = (low & 0xffff) | (high & 0xf0000);
        return (high & 1u << 23) != 0 ? raw << 12 | 0xfff : raw;
    }
    std::uint32_t attributes() const { return high >> 8 & 0xf0ff; }

    bool l() const { return (high & 1u << 21) != 0; }  // of code: 64-bit
    bool d() const { return (high & 1u << 22) != 0; }

    bool code() const { return code_or_data() && (type() & 8) != 0; }
    bool conforming() const { return (type() & 4) != 0; }  // of code
    bool writable_data() const { return code_or_data() && (type() & 0xa) == 2; }
    bool readable() const { return code_or_data() && (type() & 0xa) != 8; }
    bool system(unsigned wanted) const { return !code_or_data() && type() == wanted; }

    std::uint16_t gate_selector() const { return static_cast<std::uint16_t>(low >> 16); }
    unsigned gate_parameters() const { return high & 0x1f; }
    // Bit 3 of the type tells 32-bit gates and TSSs from 16-bit ones.
    bool is32() const { return (type() & 8) != 0; }
    std::uint32_t gate_offset() const { return is32() ? (low & 0xffff) | (high & 0xffff0000) : low & 0xffff; }
};

// A descriptor and where it lies.
struct TableEntry {
    Descriptor d;
    std::uint64_t linear = 0;
};

inline constexpr unsigned rpl_of(std::uint16_t selector) { return selector & 3; }
inline constexpr bool null_selector(std::uint16_t selector) { return (selector & 0xfffc) == 0; }
// Error code that names a selector (SDM vol. 3A 6.13); ext: 1 for events from outside the program.
inline constexpr std::uint32_t selector_error(std::uint16_t selector, std::uint32_t ext = 0) {
    return (selector & 0xfffcu) | ext;
}

// An address in a system table: 64 bits wide in all of long mode.
inline std::uint64_t system_linear(const Cpu* c, std::uint64_t base, std::uint64_t offset) {
    return long_mode(c) ? base + offset : static_cast<std::uint32_t>(base + offset);
}

// Reads the descriptor a selector names. false: outside its table, or the LDT is not usable.
inline bool read_descriptor(Cpu* c, std::uint16_t selector, TableEntry& entry) {
    const std::uint32_t index = selector & 0xfff8u;
    std::uint64_t base = c->gdtr.base;
    std::uint32_t limit = c->gdtr.limit;
    if ((selector & 4) != 0) {
        if ((c->ldtr.attributes & SegmentRegister::unusable) != 0) return false;
        base = c->ldtr.base;
        limit = c->ldtr.limit;
    }
    if (index + 7 > limit) return false;
    entry.linear = system_linear(c, base, index);
    const auto raw = read_linear<std::uint64_t>(c, entry.linear);
    entry.d = {static_cast<std::uint32_t>(raw), static_cast<std::uint32_t>(raw >> 32)};
    return true;
}

// As above; raises `vector`(selector) when there is no such descriptor.
inline TableEntry require_descriptor(Cpu* c, std::uint16_t selector,
                                     Vector vector = Vector::general_protection, std::uint32_t ext = 0) {
    TableEntry entry;
    if (!read_descriptor(c, selector, entry)) [[unlikely]]
        raise(vector, selector_error(selector, ext));
    return entry;
}

// Long mode: the upper half of the 16-byte descriptor at `entry`, which holds bits 32-63 of its address. false: it
// reaches beyond its table, or its type field is not zero (SDM vol. 3A 5.8.3.1, 7.2.3).
inline bool read_upper_half(Cpu* c, std::uint16_t selector, const TableEntry& entry, std::uint64_t& address_high) {
    const std::uint32_t limit = (selector & 4) != 0 ? c->ldtr.limit : c->gdtr.limit;
    if ((selector & 0xfff8u) + 15 > limit) return false;
    const auto upper = read_linear<std::uint64_t>(c, entry.linear + 8);
    address_high = upper << 32;
    return (upper >> 40 & 0x1f) == 0;
}

// Sets bits of the type field in memory: accessed, busy.
inline void set_type_bits(Cpu* c, TableEntry& entry, unsigned bits) {
    entry.d.high |= bits << 8;
    write_linear<std::uint8_t>(c, entry.linear + 5, static_cast<std::uint8_t>(entry.d.high >> 8));
}
inline void mark_accessed(Cpu* c, TableEntry& entry) {
    if ((entry.d.high & 1u << 8) == 0) [[unlikely]]
        set_type_bits(c, entry, 1);
}

inline SegmentRegister make_segment(std::uint16_t selector, const Descriptor& d) {
    return {d.base(), d.limit(), d.attributes(), selector};
}
// What a null selector leaves behind. In SS of 64-bit mode the DPL still says the CPL.
inline SegmentRegister null_segment(std::uint16_t selector, unsigned dpl = 0) {
    return {0, 0, SegmentRegister::unusable | dpl << SegmentRegister::dpl_shift, selector};
}
// V86 mode: fixed limit and rights, DPL 3 (SDM vol. 3B 20.2.1).
inline SegmentRegister v86_segment(std::uint16_t selector) {
    return {std::uint64_t{selector} << 4, 0xffff, 0xf3, selector};
}

// Writes a segment register and leaves limits and mode to an update_mode() that must follow; for changes of
// several.
inline void put_segment(Cpu* c, Seg s, const SegmentRegister& value) {
    static_cast<SegmentRegister&>(segment(c, s)) = value;
}

// Replaces a segment register without deriving again what cannot have changed: the usual cases of interrupts,
// returns and real-mode loads. Limits depend on rights and limit only, and in 16-bit code no base matters to
// the mode.
inline void replace_segment(Cpu* c, Seg s, const SegmentRegister& value) {
    SegmentRegister& old = segment(c, s);
    // Not two comparisons: compilers join those into a wider load of fields that were just stored, which
    // stalls.
    const bool same_kind = ((old.limit ^ value.limit) | (old.attributes ^ value.attributes)) == 0;
    if (same_kind && (old.base == value.base || (c->mode & (mode::code32 | mode::code64)) == 0)) [[likely]] {
        old.base = value.base;
        old.selector = value.selector;
        return;
    }
    set_segment(c, s, value);
}

}  // namespace southgate::cpu
