// Inside of the software TLB, for mmu/ and decode/.
#pragma once

#include "cpu_model/mmu/access.h"

namespace southgate::cpu {

struct CodePage;
struct Walk;

// Host memory of the page that holds this physical address (A20M# applied by the caller) and its slot; nullptr: Bus.
std::uint8_t* host_page(const Cpu* c, std::uint64_t physical, const MemorySlot*& slot);

// Translates for this access, raises #PF, and enters the result into the data TLB.
TlbEntry* fill_tlb(Cpu* c, std::uint64_t linear, Access access, Privilege privilege);
TlbEntry* install(Cpu* c, std::uint64_t linear, Privilege privilege, const Walk& w);

// Code of this page was decoded: write translations to it go through the slow path from now on.
void watch_code(Cpu* c, const std::uint8_t* host);
// Whether this processor or one that shares its memory has decoded code of this page.
bool code_watched(const Cpu* c, const std::uint8_t* host);

// The code page behind a linear address; raises #PF. nullptr: fetched through the Bus.
CodePage* fill_exec(Cpu* c, std::uint64_t linear, Privilege privilege);
[[gnu::always_inline]] inline CodePage* exec_page(Cpu* c, std::uint64_t linear, Privilege privilege) {
    const ExecEntry& e = c->mmu.exec[privilege == Privilege::user][(linear >> page_bits) % exec_tlb_size];
    if (e.tag == (linear & page_mask)) [[likely]] return e.page;
    return fill_exec(c, linear, privilege);
}
std::uint64_t fetch_physical(Cpu* c, std::uint64_t linear, Privilege privilege);

// Forgets the jump targets of CPL 3 or of the other levels.
void drop_jump_cache(Cpu* c, bool user);
// The block just looked up at `linear`, which may go on in the next page, enters the jump cache.
void note_jump_target(Cpu* c, std::uint64_t linear, bool crossing);

}  // namespace southgate::cpu
