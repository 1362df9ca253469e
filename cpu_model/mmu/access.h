// Guest memory access for handlers and system functions.
//
// Everything here may raise GuestFault or RestartAlone; the hot templates set Cpu::cur themselves on their slow paths,
// the others want it set (or no block executing).
#pragma once

#include <cstdint>
#include <cstring>

#include "cpu_model/interpreter/cpu.h"
#include "cpu_model/interpreter/fault.h"

namespace southgate::cpu {

enum class Access : std::uint8_t { read, write, execute };
// What SMAP makes of data accesses (SDM vol. 3A 4.6.1): those of code below CPL 3 while EFLAGS.AC is set may go to user
// pages; implicit ones (descriptor tables, TSS, stack of a more privileged level) never do. The values index Mmu::data.
enum class Privilege : std::uint8_t { supervisor, user, supervisor_with_ac };
inline Privilege current_privilege(const Cpu* c) {
    if (c->cpl == 3) return Privilege::user;
    const bool with_ac = (c->cr4 & cr4::smap) && (c->eflags & eflags::ac);
    return with_ac ? Privilege::supervisor_with_ac : Privilege::supervisor;
}
// For the stack of level `cpl`.
inline Privilege stack_privilege(const Cpu* c, unsigned cpl) {
    if (cpl == 3) return Privilege::user;
    return c->cpl == 3 ? Privilege::supervisor : current_privilege(c);
}
inline TlbEntry& data_entry(Cpu* c, Privilege p, std::uint64_t linear) {
    return c->mmu.data[static_cast<unsigned>(p)][(linear >> page_bits) % tlb_size];
}

// --- linear addresses ---
// Any size up to 8, any alignment; page crossings check both pages before anything is touched.
std::uint64_t read_linear_slow(Cpu* c, std::uint64_t linear, unsigned size, Privilege p);
void write_linear_slow(Cpu* c, std::uint64_t linear, std::uint64_t value, unsigned size, Privilege p);
// Reads with write intent (a #PF says W=1), for read-modify-write instructions; follow with write_linear_slow().
std::uint64_t read_for_write_slow(Cpu* c, std::uint64_t linear, unsigned size, Privilege p);
// The same for up to 4096 bytes; the Bus gets pieces of at most 8.
void read_linear_bytes(Cpu* c, std::uint64_t linear, void* data, unsigned size, Privilege p);
void write_linear_bytes(Cpu* c, std::uint64_t linear, const void* data, unsigned size, Privilege p);
// Raises what a write of [linear, linear + size) would raise; size up to 4096.
void probe_write(Cpu* c, std::uint64_t linear, unsigned size, Privilege p);

// With explicit privilege: descriptor tables, TSS and stacks of another CPL (always supervisor unless said).
template <class T>
T read_linear(Cpu* c, std::uint64_t linear, Privilege p = Privilege::supervisor) {
    const TlbEntry& e = data_entry(c, p, linear);
    if (((linear + sizeof(T) - 1) & page_mask) == e.read_tag) [[likely]] {
        T v;
        std::memcpy(&v, reinterpret_cast<const void*>(e.addend + linear), sizeof v);
        return v;
    }
    return static_cast<T>(read_linear_slow(c, linear, sizeof(T), p));
}
template <class T>
void write_linear(Cpu* c, std::uint64_t linear, T value, Privilege p = Privilege::supervisor) {
    const TlbEntry& e = data_entry(c, p, linear);
    if (((linear + sizeof(T) - 1) & page_mask) == e.write_tag) [[likely]] {
        std::memcpy(reinterpret_cast<void*>(e.addend + linear), &value, sizeof value);
        return;
    }
    write_linear_slow(c, linear, value, sizeof(T), p);
}

// --- segment:offset -> linear, with limit, type and null checks (SDM vol. 3A 5.3); raises #GP or #SS ---
// `size` bytes starting at offset, size >= 1.
std::uint64_t check_segment_slow(Cpu* c, Seg s, std::uint64_t offset, unsigned size, bool write);

[[gnu::always_inline]] inline std::uint64_t linear_of(Cpu* c, Seg s, std::uint64_t offset, unsigned size, bool write) {
    const Segment& seg = segment(c, s);
    const auto last = static_cast<std::int64_t>(offset + size - 1);
    const std::uint64_t linear = (seg.base + offset) & c->linear_mask;
    if (last < (write ? seg.write_end : seg.read_end) && canonical(linear) && canonical(linear + size - 1)) [[likely]]
        return linear;
    return check_segment_slow(c, s, offset, size, write);
}

// #AC for an address that is not a multiple of `size`, where it is checked (SDM vol. 3A 6.15, interrupt 17).
inline void check_alignment(const Cpu* c, std::uint64_t linear, unsigned size) {
    if (c->check_alignment && (linear & (size - 1)) != 0) [[unlikely]] raise(Vector::alignment_check, 0);
}
// For handlers off the hot path: Cpu::cur must be set. Current privilege.
template <class T>
T read_segment(Cpu* c, Seg s, std::uint64_t offset) {
    const std::uint64_t linear = linear_of(c, s, offset, sizeof(T), false);
    check_alignment(c, linear, sizeof(T));
    return read_linear<T>(c, linear, current_privilege(c));
}
template <class T>
void write_segment(Cpu* c, Seg s, std::uint64_t offset, T value) {
    const std::uint64_t linear = linear_of(c, s, offset, sizeof(T), true);
    check_alignment(c, linear, sizeof(T));
    write_linear<T>(c, linear, value, current_privilege(c));
}

// --- runs of bytes, for string instructions ---
// Host memory behind `linear` for a plain access of the current privilege, or nullptr when there is none (MMIO, page
// with decoded code for writes, data breakpoints, a fault to come): then go element by element. Valid to the end of
// the page, until the next call of anything here.
std::uint8_t* host_span(Cpu* c, std::uint64_t linear, bool write);

// --- physical addresses (SMM state save, page tables): A20 applied, no checks ---
std::uint64_t read_physical(Cpu* c, std::uint64_t physical, unsigned size);
void write_physical(Cpu* c, std::uint64_t physical, std::uint64_t value, unsigned size);

// --- translations (mmu/tlb.cpp) ---
void flush_tlb(Cpu* c, bool keep_global);
void flush_tlb_page(Cpu* c, std::uint64_t linear);  // INVLPG
// After CR0.PG/WP, CR3, CR4.PSE/PAE/PGE, EFER, A20M#, memory map or data breakpoint changes: flush_tlb + derived state.
// Loads the PDPTEs if PAE paging is on; raises #GP(0) for reserved bits in them before anything is changed.
void load_pdptes(Cpu* c, std::uint64_t cr3);

}  // namespace southgate::cpu
