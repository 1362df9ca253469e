#include "cpu_model/mmu/paging.h"

#include "cpu_model/interpreter/fault.h"

namespace southgate::cpu {
namespace {

namespace entry {
constexpr std::uint64_t present = 1, writable = 2, user = 4, accessed = 1u << 5, dirty = 1u << 6, large = 1u << 7,
                        global = 1u << 8, no_execute = std::uint64_t{1} << 63;
}

constexpr std::uint64_t entry_address = 0x000ffffffffff000;

// One level of the walk that was visited, for setting accessed flags afterwards.
struct Visited {
    std::uint64_t address, value;
};

// Paging mode as data: how each level is indexed.
struct Level {
    unsigned shift;       // of the linear address
    unsigned index_bits;
    bool may_be_large;
};

}  // namespace

bool walk(Cpu* c, std::uint64_t linear, Access access, Privilege privilege, Walk& out) {
    if (!(c->cr0 & cr0::pg)) {
        out.physical = linear & page_mask;
        out.writable = true;
        return true;
    }
    const bool write = access == Access::write;
    const bool user = privilege == Privilege::user;
    const bool pae = c->cr4 & cr4::pae;
    const bool nx_enabled = pae && (c->efer & efer::nxe);
    const std::uint32_t error = (write ? page_fault::write : 0) | (user ? page_fault::user : 0) |
                                (access == Access::execute && nx_enabled ? page_fault::fetch : 0);
    const unsigned entry_size = pae ? 8 : 4;

    static constexpr Level legacy[] = {{22, 10, true}, {12, 10, false}};
    static constexpr Level extended[] = {{21, 9, true}, {12, 9, false}};
    const Level* levels = pae ? extended : legacy;
    constexpr unsigned count = 2;
    const std::uint64_t reserved_high = pae ? (~c->mmu.physical_mask & 0x7fffffffffffffff) |
                                                  (nx_enabled ? 0 : entry::no_execute)
                                            : 0;
    std::uint64_t table;
    if (pae) {
        const std::uint64_t pdpte = c->pdpte[(linear >> 30) & 3];
        if (!(pdpte & entry::present)) {
            out.error_code = error;
            return false;
        }
        table = pdpte & entry_address;
    } else {
        table = c->cr3 & 0xfffff000;
    }

    c->statistics.page_walks++;
    Visited visited[count];
    bool can_write = true, can_user = true, no_execute = false;
    unsigned used = 0;
    std::uint64_t page = 0;
    for (unsigned n = 0; n < count; n++) {
        const Level& level = levels[n];
        const std::uint64_t index = (linear >> level.shift) & ((1u << level.index_bits) - 1);
        Visited& v = visited[used++];
        v.address = table + index * entry_size;
        v.value = read_physical(c, v.address, entry_size);
        if (!(v.value & entry::present)) {
            out.error_code = error;
            return false;
        }
        can_write &= (v.value & entry::writable) != 0;
        can_user &= (v.value & entry::user) != 0;
        no_execute |= (v.value & entry::no_execute) != 0;
        std::uint64_t reserved = reserved_high;
        const bool large = level.may_be_large && (v.value & entry::large) && (pae || (c->cr4 & cr4::pse));
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
        } else {
            table = v.value & entry_address;
            page = table;
        }
        if (v.value & reserved) {
            out.error_code = error | page_fault::present | page_fault::reserved;
            return false;
        }
        out.large = large;
        if (large) break;
    }
    c->mmu.large_pages |= out.large;

    const bool write_allowed = can_write || (!user && !(c->cr0 & cr0::wp));
    if ((user && !can_user) || (write && !write_allowed) || (access == Access::execute && nx_enabled && no_execute)) {
        out.error_code = error | page_fault::present;
        return false;
    }

    for (unsigned n = 0; n < used; n++) {
        const bool leaf = n + 1 == used;
        std::uint64_t value = visited[n].value | entry::accessed;
        if (leaf && write) value |= entry::dirty;
        if (value != visited[n].value) write_physical(c, visited[n].address, value, entry_size);
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
