// Slow paths of memory access: TLB misses, page crossings, MMIO, writes to pages with decoded code, breakpoints.
#include "cpu_model/mmu/access.h"

#include <algorithm>

#include "cpu_model/decode/code_cache.h"
#include "cpu_model/decode/code_sharing.h"
#include "cpu_model/interpreter/fault.h"
#include "cpu_model/interpreter/operand.h"
#include "cpu_model/interpreter/system.h"
#include "cpu_model/mmu/fill.h"
#include "cpu_model/mmu/paging.h"

namespace southgate::cpu {
namespace {

// The byte behind an access: 32-bit code wraps at 4 GiB, system tables of long mode lie anywhere.
std::uint64_t wrap_linear(const Cpu* c, std::uint64_t linear) {
    constexpr std::uint64_t end = std::uint64_t{1} << 32;
    return linear == end && !(c->mode & mode::code64) ? 0 : linear;
}

// An access with effects outside memory wants its instruction alone in its block.
void want_alone(Cpu* c) {
    if (!c->block || c->block->count == 1) return;
    c->code->set_alone(c, c->block, c->cur->ip);
    throw RestartAlone{};
}

TlbEntry* entry_for(Cpu* c, std::uint64_t linear, bool write, Privilege p) {
    TlbEntry* e = &data_entry(c, p, linear);
    if (!tag_present(write ? e->write_tag : e->read_tag, linear))
        e = fill_tlb(c, linear, write ? Access::write : Access::read, p);
    return e;
}

constexpr unsigned widest_transfer = 8;  // bytes

void bus_read(Cpu* c, std::uint64_t physical, std::uint8_t* data, unsigned size) {
    c->statistics.mmio_reads++;
    while (size) {
        const unsigned n = std::min(std::bit_floor(size), widest_transfer);
        c->bus->read(physical, data, n);
        physical += n;
        data += n;
        size -= n;
    }
}
void bus_write(Cpu* c, std::uint64_t physical, const std::uint8_t* data, unsigned size) {
    c->statistics.mmio_writes++;
    while (size) {
        const unsigned n = std::min(std::bit_floor(size), widest_transfer);
        c->bus->write(physical, data, n);
        physical += n;
        data += n;
        size -= n;
    }
}

// Bytes of one page changed that may have been decoded, here or by another processor. True: this one watches the page
// still.
bool note_written(Cpu* c, const std::uint8_t* host, unsigned size) {
    const auto offset = static_cast<unsigned>(reinterpret_cast<std::uintptr_t>(host) & ~page_mask);
    CodePage* code = c->code->find_page(host - offset);
    if (code) c->code->written(c, code, offset, size);
    if (c->sharing) c->sharing->written(c->sharing_member, host, size);
    return code && code->watched;
}

void write_host(Cpu* c, std::uint8_t* host, const void* data, unsigned size) {
    std::memcpy(host, data, size);
    note_written(c, host, size);
}

// Within one page.
void read_part(Cpu* c, std::uint64_t linear, std::uint8_t* data, unsigned size, Privilege p) {
    const TlbEntry* e = entry_for(c, linear, false, p);
    if (!(e->read_tag & TlbEntry::slow)) {
        std::memcpy(data, reinterpret_cast<const void*>(e->addend + linear), size);
        return;
    }
    want_alone(c);
    const std::uint64_t physical = (e->physical & page_mask) | (linear & ~page_mask);
    const MemorySlot* slot;
    const std::uint8_t* host = host_page(c, physical, slot);
    if (slot && slot->readable) std::memcpy(data, host + (linear & ~page_mask), size);
    else bus_read(c, physical, data, size);
    if (c->debug.dr7 & 0xff) check_data_breakpoint(c, linear, size, false);
}

void write_part(Cpu* c, std::uint64_t linear, const std::uint8_t* data, unsigned size, Privilege p) {
    TlbEntry* e = entry_for(c, linear, true, p);
    if (!(e->write_tag & TlbEntry::slow)) {
        auto* host = reinterpret_cast<std::uint8_t*>(e->addend + linear);
        std::memcpy(host, data, size);
        if (e->write_tag & TlbEntry::code) {
            if (!note_written(c, host, size) && !code_watched(c, host - (linear & ~page_mask)))
                e->write_tag &= ~TlbEntry::code;
        }
        return;
    }
    want_alone(c);
    const std::uint64_t physical = (e->physical & page_mask) | (linear & ~page_mask);
    const MemorySlot* slot;
    std::uint8_t* host = host_page(c, physical, slot);
    if (slot && slot->writable) write_host(c, host + (linear & ~page_mask), data, size);
    else if (!slot || !slot->drop_writes) bus_write(c, physical, data, size);
    if (c->debug.dr7 & 0xff) check_data_breakpoint(c, linear, size, true);
}

// Bytes of an access at `linear` that lie in its first page.
unsigned first_part(std::uint64_t linear, unsigned size) {
    const auto room = static_cast<unsigned>(page_size - (linear & ~page_mask));
    return room < size ? room : size;
}

}  // namespace

void read_linear_bytes(Cpu* c, std::uint64_t linear, void* bytes, unsigned size, Privilege p) {
    auto* data = static_cast<std::uint8_t*>(bytes);
    const unsigned first = first_part(linear, size);
    if (first < size) {
        const std::uint64_t second = wrap_linear(c, linear + first);
        entry_for(c, linear, false, p);
        entry_for(c, second, false, p);
        read_part(c, linear, data, first, p);
        read_part(c, second, data + first, size - first, p);
    } else {
        read_part(c, linear, data, size, p);
    }
}
std::uint64_t read_linear_slow(Cpu* c, std::uint64_t linear, unsigned size, Privilege p) {
    std::uint64_t value = 0;
    read_linear_bytes(c, linear, &value, size, p);
    return value;
}

void write_linear_bytes(Cpu* c, std::uint64_t linear, const void* bytes, unsigned size, Privilege p) {
    const auto* data = static_cast<const std::uint8_t*>(bytes);
    const unsigned first = first_part(linear, size);
    if (first < size) {
        const std::uint64_t second = wrap_linear(c, linear + first);
        // Both pages are checked, and a needed restart happens, before the first byte is written.
        if (entry_for(c, linear, true, p)->write_tag & TlbEntry::slow) want_alone(c);
        if (entry_for(c, second, true, p)->write_tag & TlbEntry::slow) want_alone(c);
        write_part(c, linear, data, first, p);
        write_part(c, second, data + first, size - first, p);
    } else {
        write_part(c, linear, data, size, p);
    }
}
void write_linear_slow(Cpu* c, std::uint64_t linear, std::uint64_t value, unsigned size, Privilege p) {
    write_linear_bytes(c, linear, &value, size, p);
}

std::uint64_t read_for_write_slow(Cpu* c, std::uint64_t linear, unsigned size, Privilege p) {
    probe_write(c, linear, size, p);
    return read_linear_slow(c, linear, size, p);
}

void probe_write(Cpu* c, std::uint64_t linear, unsigned size, Privilege p) {
    if (entry_for(c, linear, true, p)->write_tag & TlbEntry::slow) want_alone(c);
    const unsigned first = first_part(linear, size);
    if (first < size && (entry_for(c, wrap_linear(c, linear + first), true, p)->write_tag & TlbEntry::slow))
        want_alone(c);
}

std::uint8_t* host_span(Cpu* c, std::uint64_t linear, bool write) {
    if (long_mode(c) && !canonical(linear)) return nullptr;
    const TlbEntry* e = &tlb_entry(c, linear);
    if (!tag_present(write ? e->write_tag : e->read_tag, linear)) {
        Walk w;
        const Privilege p = current_privilege(c);
        if (!walk(c, linear, write ? Access::write : Access::read, p, w)) return nullptr;
        e = install(c, linear, p, w);
    }
    if ((write ? e->write_tag : e->read_tag) & ~page_mask) return nullptr;
    return reinterpret_cast<std::uint8_t*>(e->addend + linear);
}

std::uint64_t read_physical(Cpu* c, std::uint64_t physical, unsigned size) {
    std::uint64_t value = 0;
    physical &= c->mmu.a20_mask;
    const MemorySlot* slot;
    const std::uint8_t* host = host_page(c, physical, slot);
    if (slot && slot->readable) std::memcpy(&value, host + (physical & ~page_mask), size);
    else bus_read(c, physical, reinterpret_cast<std::uint8_t*>(&value), size);
    return value;
}

void write_physical(Cpu* c, std::uint64_t physical, std::uint64_t value, unsigned size) {
    physical &= c->mmu.a20_mask;
    const MemorySlot* slot;
    std::uint8_t* host = host_page(c, physical, slot);
    if (slot && slot->writable) write_host(c, host + (physical & ~page_mask), &value, size);
    else if (!slot || !slot->drop_writes) bus_write(c, physical, reinterpret_cast<std::uint8_t*>(&value), size);
}

// --- the hot templates' slow paths ---
std::uint64_t load_slow(Cpu* c, const Uop* u, std::uint64_t linear, unsigned size) {
    c->cur = u;
    check_alignment(c, linear, size);
    return read_linear_slow(c, linear, size, current_privilege(c));
}
void store_slow(Cpu* c, const Uop* u, std::uint64_t linear, std::uint64_t value, unsigned size) {
    c->cur = u;
    check_alignment(c, linear, size);
    write_linear_slow(c, linear, value, size, current_privilege(c));
}
std::uint64_t load_for_write_slow(Cpu* c, const Uop* u, std::uint64_t linear, unsigned size) {
    c->cur = u;
    check_alignment(c, linear, size);
    return read_for_write_slow(c, linear, size, current_privilege(c));
}

}  // namespace southgate::cpu
