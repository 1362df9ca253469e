#include "cpu_model/decode/code_cache.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "cpu_model/decode/code_sharing.h"
#include "cpu_model/interpreter/block_handlers.h"
#include "cpu_model/interpreter/fault.h"
#include "cpu_model/mmu/fill.h"

namespace southgate::cpu {
namespace {

unsigned bucket(unsigned offset, std::uint32_t mode) { return (offset ^ (mode * 37)) % CodePage::buckets; }

unsigned instruction_limit(std::uint32_t mode) { return (mode & mode::single) ? 1 : max_block_instructions; }

std::uint64_t linear_ip(const Cpu* c) {
    const std::uint64_t base = (c->mode & mode::code64) ? 0 : segment(c, Seg::cs).base;
    const std::uint64_t linear = base + c->ip;
    return (c->mode & mode::code64) ? linear : static_cast<std::uint32_t>(linear);
}

}  // namespace

CodeCache::CodeCache() { bus_block_ = allocate(4); }
CodeCache::~CodeCache() = default;

CodePage* CodeCache::page_of(std::uint8_t* host_page) {
    std::unique_ptr<CodePage>& p = pages_[host_page];
    if (!p) {
        p = std::make_unique<CodePage>();
        p->host = host_page;
        known_.set(known_index(host_page));
    }
    return p.get();
}

Block* CodeCache::allocate(std::size_t uops) {
    const std::size_t need = sizeof(Block) + uops * sizeof(Uop);
    if (need > chunk_left_) {
        chunks_.push_back(std::make_unique_for_overwrite<std::byte[]>(chunk_size + 32));
        const auto address = reinterpret_cast<std::uintptr_t>(chunks_.back().get());
        chunk_ = chunks_.back().get() + (32 - address % 32) % 32;
        chunk_left_ = chunk_size;
    }
    auto* b = new (chunk_) Block;
    for (std::size_t n = 0; n < uops; n++) new (b->uops() + n) Uop;
    b->capacity = static_cast<std::uint32_t>(uops);
    chunk_ += need;
    chunk_left_ -= need;
    arena_used_ += need;
    return b;
}

Block* CodeCache::find(CodePage* page, unsigned offset, std::uint32_t mode, const CodePage* page2) const {
    for (Block* b = page->hash[bucket(offset, mode)]; b; b = b->next)
        if (b->offset == offset && b->mode == mode && b->page2 == page2) return b;
    return nullptr;
}

Block* CodeCache::lookup_in_page(Cpu* c, CodePage* page, unsigned offset, std::uint32_t mode) {
    Block* b = find(page, offset, mode, nullptr);
    if (b && !b->dead) return b;
    return translate(c, page, offset, mode);
}

Block* CodeCache::lookup(Cpu* c, std::uint32_t mode) {
    c->statistics.block_lookups++;
    const std::uint64_t linear = linear_ip(c);
    const bool checked = !(mode & (mode::flat | mode::code64));
    const std::uint64_t limit = segment(c, Seg::cs).limit;
    if (checked && c->ip > limit) raise_gp();
    if (!canonical(linear)) raise_gp();

    const Privilege privilege = current_privilege(c);
    CodePage* page = exec_page(c, linear, privilege);
    Block* b;
    if (!page) {
        b = fetch_from_bus(c, linear, mode);
    } else {
        const auto offset = static_cast<unsigned>(linear & ~page_mask);
        b = find(page, offset, mode, nullptr);
        if (!b || b->dead) {
            c->statistics.block_lookup_misses++;
            b = translate(c, page, offset, mode);
        }
        if (!b) {
            // The CS limit comes before the second page's faults.
            if (checked && c->ip + (page_size - offset) > limit) raise_gp();
            b = translate_crossing(c, page, offset, mode);
        }
    }
    if (checked && c->ip + b->bytes - 1 > limit) {
        if (b->count == 1) raise_gp();
        return lookup(c, mode | mode::single);
    }
    return b;
}

// nullptr: the first instruction crosses into the next page.
Block* CodeCache::translate(Cpu* c, CodePage* page, unsigned offset, std::uint32_t mode) {
    const std::uint8_t* bytes = page->host + offset;
    if (translator_.run(bytes, static_cast<unsigned>(page_size) - offset, mode, instruction_limit(mode), page, offset) == Translator::End::crossing)
        return nullptr;
    return publish(c, page, offset, mode, nullptr, 0);
}

Block* CodeCache::translate_crossing(Cpu* c, CodePage* page, unsigned offset, std::uint32_t mode) {
    const std::uint64_t next_linear = linear_ip(c) - offset + page_size;
    const std::uint64_t linear = long_mode(c) ? next_linear : static_cast<std::uint32_t>(next_linear);
    CodePage* page2 = exec_page(c, linear, current_privilege(c));
    if (!page2) return fetch_from_bus(c, linear_ip(c), mode);
    // The exec TLB may have given the first page's place to the second: `page` stays valid, pages are never freed here.
    if (Block* b = find(page, offset, mode, page2); b && !b->dead) return b;
    std::uint8_t bytes[32];
    const unsigned first = static_cast<unsigned>(page_size) - offset;
    std::memcpy(bytes, page->host + offset, first);
    std::memcpy(bytes + first, page2->host, 16);
    if (translator_.run(bytes, first + 16, mode, 1) == Translator::End::crossing) raise_gp();
    if (translator_.covered() <= first) return publish(c, page, offset, mode, nullptr, 0);
    return publish(c, page, offset, mode, page2, translator_.covered() - first);
}

Block* CodeCache::fetch_from_bus(Cpu* c, std::uint64_t linear, std::uint32_t mode) {
    std::uint8_t bytes[16];
    unsigned have = 0;
    do {
        const std::uint64_t at = long_mode(c) ? linear + have : static_cast<std::uint32_t>(linear + have);
        bytes[have] = static_cast<std::uint8_t>(read_physical(c, fetch_physical(c, at, current_privilege(c)), 1));
        have++;
    } while (translator_.run(bytes, have, mode, 1) == Translator::End::crossing && have < 15);
    Block* b = bus_block_;
    b->count = 1;
    b->bytes = translator_.bytes();
    b->mode = mode;
    translator_.emit(b->uops());
    return b;
}

Block* CodeCache::publish(Cpu* c, CodePage* page, unsigned offset, std::uint32_t mode,
                          CodePage* page2, unsigned crossing) {
    Block* b = find(page, offset, mode, page2);
    const unsigned uops = translator_.uops();
    if (b && (b->capacity < uops)) {
        // Too small to come back: it stays dead, out of the chain, until the cache is cleared.
        Block** link = &page->hash[bucket(offset, mode)];
        while (*link != b) link = &(*link)->next;
        *link = b->next;
        b = nullptr;
    }
    if (!b) {
        b = allocate(uops);
        b->page = page;
        b->page2 = page2;
        b->offset = static_cast<std::uint16_t>(offset);
        b->mode = mode;
        b->bytes = translator_.bytes();
        Block*& head = page->hash[bucket(offset, mode)];
        b->next = head;
        head = b;
    }
    c->statistics.blocks_decoded++;
    b->dead = false;
    b->count = translator_.instructions();
    b->bytes = translator_.bytes();
    b->covered = static_cast<std::uint16_t>(translator_.covered());
    b->crossing = static_cast<std::uint8_t>(crossing);
    translator_.emit(b->uops());
    make_live(c, b);
    return b;
}

void CodeCache::make_live(Cpu* c, Block* b) {
    auto cover = [&](CodePage* page, unsigned begin, unsigned end) {
        page->live.push_back({static_cast<std::uint16_t>(begin), static_cast<std::uint16_t>(end), b});
        page->code.set(begin, end);
        page->idle_writes = 0;
        if (!page->watched) {
            page->watched = true;
            watch_code(c, page->host);
            if (c->sharing) c->sharing->watch(c->sharing_member, page->host);
        }
    };
    cover(b->page, b->offset, b->offset + b->covered - b->crossing);
    if (b->page2) cover(b->page2, 0, b->crossing);
}

void CodeCache::kill(Cpu* c, Block* b) {
    c->statistics.blocks_invalidated++;
    b->dead = true;
    b->uops()[0].handler = op_stale;
    if (c->block == b) b->uops()[c->cur - b->uops() + 1].handler = op_leave;
    auto uncover = [b](CodePage* page) {
        const auto it = std::find_if(page->live.begin(), page->live.end(), [b](const auto& e) { return e.block == b; });
        const CodePage::Extent gone = *it;
        *it = page->live.back();
        page->live.pop_back();
        page->changing = true;
        page->code.reset(gone.begin, gone.end);
        for (const CodePage::Extent& e : page->live)
            if (e.begin < gone.end && gone.begin < e.end)
                page->code.set(std::max(e.begin, gone.begin), std::min(e.end, gone.end));
    };
    uncover(b->page);
    if (b->page2) uncover(b->page2);
}

void CodeCache::kill_overlapping(Cpu* c, CodePage* page, unsigned begin, unsigned end) {
    for (std::size_t n = 0; n < page->live.size();) {
        const CodePage::Extent& e = page->live[n];
        if (e.begin < end && begin < e.end) kill(c, e.block);  // moves another one to n
        else n++;
    }
}

void CodeCache::unwatch(const Cpu* c, CodePage* page) {
    page->watched = false;
    if (c->sharing) c->sharing->unwatch(c->sharing_member, page->host);
}

void CodeCache::set_alone(Cpu* c, const Block* block, unsigned ip) {
    CodePage* page = block->page;
    const unsigned at = block->offset + ip;
    page->alone.set(at);
    kill_overlapping(c, page, at, at + 1);
}

void CodeCache::keep_only(Cpu* c, std::span<const MemorySlot> slots) {
    for (const auto& [host, page] : pages_) {
        const auto at = reinterpret_cast<std::uintptr_t>(host);
        const bool mapped = std::any_of(slots.begin(), slots.end(), [at](const MemorySlot& s) {
            return at - reinterpret_cast<std::uintptr_t>(s.host) < s.size;
        });
        while (!mapped && !page->live.empty()) kill(c, page->live.back().block);
    }
}

void CodeCache::clear(Cpu* c) {
    flush_tlb(c, false);
    if (c->sharing) c->sharing->unwatch_all(c->sharing_member);
    pages_.clear();
    known_.reset();
    chunks_.clear();
    arena_used_ = chunk_left_ = 0;
    chunk_ = nullptr;
    bus_block_ = allocate(4);
}

}  // namespace southgate::cpu
