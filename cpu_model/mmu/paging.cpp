#include "cpu_model/mmu/paging.h"

#include "cpu_model/interpreter/fault.h"

namespace southgate::cpu {
namespace {

namespace entry {
constexpr std::uint64_t present = 1, writable = 2, user = 4, accessed = 1u << 5, dirty = 1u << 6, large = 1u << 7,
                        global = 1u << 8, no_execute = std::uint64_t{1} << 63;
}

constexpr std::uint64_t entry_address = 0x000ffffffffff000;

// What a set PS bit means at a level.
enum class PageSize : std::uint8_t { ignored, always, with_pse, gigabyte, reserved };

struct Level {
    unsigned shift;       // of the linear address
    unsigned index_bits;
    PageSize size_bit;
};

// A paging mode as data: its levels from the root (SDM vol. 3A 4.3, 4.4, 4.5).
struct PagingMode {
    std::array<Level, 4> levels;
    unsigned count;
    unsigned entry_size;
    std::uint64_t reserved;  // in every entry, apart from what MAXPHYADDR and NX add
};
constexpr PagingMode two_levels{{{{22, 10, PageSize::with_pse}, {12, 10, PageSize::ignored}}}, 2, 4, 0};
// The page-directory-pointer table of PAE paging is in Cpu::pdpte.
constexpr PagingMode pae_levels{
    {{{21, 9, PageSize::always}, {12, 9, PageSize::ignored}}}, 2, 8, 0x7ff0000000000000};
constexpr PagingMode four_levels{{{{39, 9, PageSize::reserved},
                                   {30, 9, PageSize::gigabyte},
                                   {21, 9, PageSize::always},
                                   {12, 9, PageSize::ignored}}},
                                 4,
                                 8,
                                 0};

// One entry that was visited, for setting accessed flags afterwards.
struct Visited {
    std::uint64_t address, value;
};

bool is_large(const Cpu* c, PageSize size_bit, std::uint64_t value) {
    if (!(value & entry::large)) return false;
    switch (size_bit) {
        case PageSize::always: return true;
        case PageSize::with_pse: return (c->cr4 & cr4::pse) != 0;
        case PageSize::gigabyte: return c->cpuid.model().gigabyte_pages();
        default: return false;
    }
}

// PS where the mode or the processor has no such page (SDM vol. 3A 4.5.2, table 4-15, 4-16).
bool reserved_size_bit(const Cpu* c, PageSize size_bit) {
    return size_bit == PageSize::reserved || (size_bit == PageSize::gigabyte && !c->cpuid.model().gigabyte_pages());
}

}  // namespace

bool walk(Cpu* c, std::uint64_t linear, Access access, Privilege privilege, Walk& out) {
    if (!(c->cr0 & cr0::pg)) {
        out.physical = linear & page_mask;
        out.writable = true;
        return true;
    }
    const bool write = access == Access::write;
    const bool fetch = access == Access::execute;
    const bool user = privilege == Privilege::user;
    const bool pae = c->cr4 & cr4::pae;
    const bool nx_enabled = pae && (c->efer & efer::nxe);
    const bool smep = c->cr4 & cr4::smep;
    const bool smap = (c->cr4 & cr4::smap) && privilege == Privilege::supervisor && !fetch;
    const std::uint32_t error = (write ? page_fault::write : 0) | (user ? page_fault::user : 0) |
                                (fetch && (nx_enabled || smep) ? page_fault::fetch : 0);

    const PagingMode& paging = long_mode(c) ? four_levels : pae ? pae_levels : two_levels;
    std::uint64_t reserved_always = 0;
    if (pae)
        reserved_always = paging.reserved | (~c->mmu.physical_mask & entry_address) | (nx_enabled ? 0 : entry::no_execute);
    std::uint64_t table = 0;
    if (!pae) {
        table = c->cr3 & 0xfffff000;
    } else if (long_mode(c)) {
        table = c->cr3 & entry_address;
    } else {
        const std::uint64_t pdpte = c->pdpte[(linear >> 30) & 3];
        if (!(pdpte & entry::present)) {
            out.error_code = error;
            return false;
        }
        table = pdpte & entry_address;
    }

    c->statistics.page_walks++;
    std::array<Visited, 4> visited;
    bool can_write = true, can_user = true, no_execute = false;
    unsigned used = 0;
    std::uint64_t page = 0;
    out.shift = page_bits;
    while (used < paging.count) {
        const Level& level = paging.levels[used];
        const std::uint64_t index = (linear >> level.shift) & ((1u << level.index_bits) - 1);
        Visited& v = visited[used++];
        v.address = table + index * paging.entry_size;
        v.value = read_physical(c, v.address, paging.entry_size);
        if (!(v.value & entry::present)) {
            out.error_code = error;
            return false;
        }
        can_write &= (v.value & entry::writable) != 0;
        can_user &= (v.value & entry::user) != 0;
        no_execute |= (v.value & entry::no_execute) != 0;
        std::uint64_t reserved = reserved_always;
        const bool large = is_large(c, level.size_bit, v.value);
        if (large) {
            const std::uint64_t offset_mask = (std::uint64_t{1} << level.shift) - 1;
            if (pae) {
                reserved |= offset_mask & ~std::uint64_t{0x1fff};
                page = v.value & entry_address & ~offset_mask;
            } else {
                // PSE-36: bits 13-16 of the entry are address bits 32-35, 17-21 are reserved (SDM table 4-4).
                reserved |= 0x3e0000;
                page = (v.value & 0xffc00000) | ((v.value & 0x1e000) << 19);
            }
            page |= linear & offset_mask & page_mask;
            out.shift = level.shift;
        } else {
            if (reserved_size_bit(c, level.size_bit)) reserved |= entry::large;
            table = v.value & entry_address;
            page = table;
        }
        if (v.value & reserved) {
            out.error_code = error | page_fault::present | page_fault::reserved;
            return false;
        }
        if (large) break;
    }

    const bool write_allowed = can_write || (!user && !(c->cr0 & cr0::wp));
    const bool fetch_refused = fetch && ((nx_enabled && no_execute) || (smep && !user && can_user));
    if ((user && !can_user) || (smap && can_user) || (write && !write_allowed) || fetch_refused) {
        out.error_code = error | page_fault::present;
        return false;
    }

    for (unsigned n = 0; n < used; n++) {
        const bool leaf = n + 1 == used;
        std::uint64_t value = visited[n].value | entry::accessed;
        if (leaf && write) value |= entry::dirty;
        if (value != visited[n].value) write_physical(c, visited[n].address, value, paging.entry_size);
        if (leaf) {
            out.writable = write_allowed && (value & entry::dirty);
            out.global = (value & entry::global) && (c->cr4 & cr4::pge);
        }
    }
    out.physical = page;
    return true;
}

void load_pdptes(Cpu* c, std::uint64_t cr3) {
    std::array<std::uint64_t, 4> values;
    // Bits 1-2, 5-8 and above the physical address width are reserved (SDM vol. 3A table 4-8).
    const std::uint64_t reserved = 0x1e6 | ~c->mmu.physical_mask;
    for (unsigned n = 0; n < 4; n++) {
        values[n] = read_physical(c, (cr3 & 0xffffffe0) + n * 8, 8);
        if ((values[n] & entry::present) && (values[n] & reserved)) raise_gp();
    }
    c->pdpte = values;
}

}  // namespace southgate::cpu
