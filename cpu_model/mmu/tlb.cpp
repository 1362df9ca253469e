// Filling and dropping translations.
#include "cpu_model/decode/code_cache.h"
#include "cpu_model/decode/code_sharing.h"
#include "cpu_model/interpreter/fault.h"
#include "cpu_model/interpreter/system.h"
#include "cpu_model/mmu/fill.h"
#include "cpu_model/mmu/paging.h"

namespace southgate::cpu {

std::uint8_t* host_page(const Cpu* c, std::uint64_t physical, const MemorySlot*& slot) {
    slot = c->memory.find(physical);
    return slot ? slot->host + ((physical & page_mask) - slot->guest_physical) : nullptr;
}

namespace {

// A translation or its fault. Non-canonical addresses have none, so they arrive here even where nobody checked them:
// #GP, unless the access was to the stack and its checks said #SS before (SDM vol. 1 3.3.7.1).
Walk translate(Cpu* c, std::uint64_t linear, Access access, Privilege privilege) {
    if (long_mode(c) && !canonical(linear)) raise_gp();
    Walk w;
    if (!walk(c, linear, access, privilege, w)) {
        c->cr2 = linear;
        raise(Vector::page_fault, w.error_code);
    }
    return w;
}

}  // namespace

TlbEntry* fill_tlb(Cpu* c, std::uint64_t linear, Access access, Privilege privilege) {
    return install(c, linear, privilege, translate(c, linear, access, privilege));
}

TlbEntry* install(Cpu* c, std::uint64_t linear, Privilege privilege, const Walk& w) {
    const std::uint64_t page = linear & page_mask;
    const auto which = static_cast<unsigned>(privilege);
    const auto index = static_cast<unsigned>((linear >> page_bits) % tlb_size);
    TlbEntry& e = c->mmu.data[which][index];
    if (e.read_tag == no_tag) c->mmu.data_filled.push_back(static_cast<std::uint16_t>(which * tlb_size + index));
    c->statistics.tlb_fills++;

    const std::uint64_t physical = w.physical & c->mmu.a20_mask;
    const MemorySlot* slot;
    std::uint8_t* host = host_page(c, physical, slot);
    const bool watched = page_has_breakpoint(c, page);
    e.physical = physical | (w.global ? TlbEntry::global : 0) | std::uint64_t{w.shift} << TlbEntry::shift_bit;
    if (w.shift != page_bits) c->mmu.large_pages.add(page, w.shift);
    e.addend = reinterpret_cast<std::uintptr_t>(host) - static_cast<std::uintptr_t>(page);
    e.read_tag = page | (slot && slot->readable && !watched ? 0 : TlbEntry::slow);
    if (!w.writable) {
        e.write_tag = no_tag;
    } else if (!slot || !slot->writable || watched) {
        e.write_tag = page | TlbEntry::slow;
    } else {
        e.write_tag = page | (code_watched(c, host) ? TlbEntry::code : 0);
    }
    return &e;
}

void flush_tlb(Cpu* c, bool keep_global) {
    c->statistics.tlb_flushes++;
    auto flush = [keep_global](std::vector<std::uint16_t>& filled, auto is_global, auto clear) {
        std::size_t kept = 0;
        for (const std::uint16_t n : filled) {
            if (keep_global && is_global(n)) filled[kept++] = n;
            else clear(n);
        }
        filled.resize(kept);
    };
    auto data = [c](unsigned n) -> TlbEntry& { return c->mmu.data[n / tlb_size][n % tlb_size]; };
    auto exec = [c](unsigned n) -> ExecEntry& { return c->mmu.exec[n / exec_tlb_size][n % exec_tlb_size]; };
    flush(
        c->mmu.data_filled, [&](unsigned n) { return (data(n).physical & TlbEntry::global) != 0; },
        [&](unsigned n) { data(n) = TlbEntry{}; });
    flush(
        c->mmu.exec_filled, [&](unsigned n) { return exec(n).global; }, [&](unsigned n) { exec(n) = ExecEntry{}; });
    if (!keep_global) c->mmu.large_pages.clear();
    // Supervisor code usually lies in global pages, and the jumps that lead to it stay good.
    drop_jump_cache(c, true);
    if (!keep_global || c->mmu.local_supervisor_code) drop_jump_cache(c, false);
    c->mmu.local_supervisor_code = false;
}

void flush_tlb_page(Cpu* c, std::uint64_t linear) {
    // The tag keeps the entry's place in data_filled or exec_filled; 0xfff low bits match nothing.
    constexpr std::uint64_t dropped = no_tag - page_size;
    const auto drop_data = [linear](TlbEntry& e) {
        if (e.read_tag == no_tag || e.read_tag == dropped || (e.read_tag ^ linear) >> e.shift() != 0) return;
        e.read_tag = dropped;
        e.write_tag = no_tag;
    };
    const auto drop_exec = [linear](ExecEntry& e) {
        if (e.tag != no_tag && (e.tag ^ linear) >> e.shift == 0) e.tag = dropped;
    };
    if (c->mmu.large_pages.may_contain(linear)) {
        // A large page may have left an entry for each of its 4 KiB parts, and INVLPG drops them all.
        for (const std::uint16_t n : c->mmu.data_filled) drop_data(c->mmu.data[n / tlb_size][n % tlb_size]);
        for (const std::uint16_t n : c->mmu.exec_filled) drop_exec(c->mmu.exec[n / exec_tlb_size][n % exec_tlb_size]);
    } else {
        for (auto& entries : c->mmu.data) drop_data(entries[(linear >> page_bits) % tlb_size]);
        for (auto& entries : c->mmu.exec) drop_exec(entries[(linear >> page_bits) % exec_tlb_size]);
    }
    for (const bool user : {false, true})
        if (c->mmu.jumps[user].may_contain(linear)) drop_jump_cache(c, user);
}

void drop_jump_cache(Cpu* c, bool user) {
    if (++c->jump_generation[user] == 0) c->jumps.fill(JumpEntry{});
    c->mmu.jumps[user].clear();
    update_mode_tag(c);
}

void note_jump_target(Cpu* c, std::uint64_t linear, bool crossing) {
    const bool user = c->cpl == 3;
    const auto add = [c, user](std::uint64_t at) {
        const ExecEntry& e = c->mmu.exec[user][(at >> page_bits) % exec_tlb_size];
        constexpr unsigned largest = 30;
        c->mmu.jumps[user].add(at, e.tag == (at & page_mask) ? e.shift : largest);
    };
    add(linear);
    const std::uint64_t next_page = linear + page_size;
    if (crossing) add(long_mode(c) ? next_page : static_cast<std::uint32_t>(next_page));
}

void watch_code(Cpu* c, const std::uint8_t* host) {
    for (const std::uint16_t n : c->mmu.data_filled) {
        TlbEntry& e = c->mmu.data[n / tlb_size][n % tlb_size];
        if (e.write_tag != no_tag && (e.write_tag & ~page_mask) == 0 &&
            e.addend + static_cast<std::uintptr_t>(e.write_tag) == reinterpret_cast<std::uintptr_t>(host))
            e.write_tag |= TlbEntry::code;
    }
}

bool code_watched(const Cpu* c, const std::uint8_t* host) {
    const CodePage* code = c->code->find_page(host);
    return (code && code->watched) || (c->sharing && c->sharing->watched_by_others(c->sharing_member, host));
}

CodePage* fill_exec(Cpu* c, std::uint64_t linear, Privilege privilege) {
    const std::uint64_t page = linear & page_mask;
    const unsigned user = privilege == Privilege::user;
    const auto index = static_cast<unsigned>((linear >> page_bits) % exec_tlb_size);
    ExecEntry& e = c->mmu.exec[user][index];
    const Walk w = translate(c, linear, Access::execute, privilege);
    const MemorySlot* slot;
    std::uint8_t* host = host_page(c, w.physical & c->mmu.a20_mask, slot);
    if (!slot || !slot->readable) return nullptr;
    CodePage* code = c->code->page_of(host);
    if (e.tag == no_tag) c->mmu.exec_filled.push_back(static_cast<std::uint16_t>(user * exec_tlb_size + index));
    e = {page, code, w.global, static_cast<std::uint8_t>(w.shift)};
    if (w.shift != page_bits) c->mmu.large_pages.add(page, w.shift);
    if (!user && !w.global) c->mmu.local_supervisor_code = true;
    return code;
}

std::uint64_t fetch_physical(Cpu* c, std::uint64_t linear, Privilege privilege) {
    return translate(c, linear, Access::execute, privilege).physical | (linear & ~page_mask);
}

}  // namespace southgate::cpu
