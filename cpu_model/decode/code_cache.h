// All decoded code of one vCPU: lookup, decoding on demand, exact invalidation.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "cpu_model/decode/block.h"
#include "cpu_model/decode/translator.h"
#include "cpu_model/interpreter/cpu.h"

namespace southgate::cpu {

class CodeCache {
  public:
    CodeCache();
    ~CodeCache();
    CodeCache(const CodeCache&) = delete;
    CodeCache& operator=(const CodeCache&) = delete;

    void set_features(std::uint32_t edx, std::uint32_t ecx, std::uint32_t leaf7_ebx) {
        translator_.set_features(edx, ecx, leaf7_ebx);
    }

    // The page record of a host page; page_of() makes it on demand.
    CodePage* page_of(std::uint8_t* host_page);
    CodePage* find_page(const std::uint8_t* host_page) const {
        if (!known_[known_index(host_page)]) return nullptr;
        const auto it = pages_.find(host_page);
        return it == pages_.end() ? nullptr : it->second.get();
    }

    // The block at Cpu::ip for `mode` (with mode::single or not); decodes when there is none. Raises what fetching its
    // first instruction raises, the CS limit included. Wants Cpu::block == nullptr.
    Block* lookup(Cpu* c, std::uint32_t mode);
    // The same, only if it is in this page and decoded without faults: the target of a direct jump inside a page.
    Block* lookup_in_page(Cpu* c, CodePage* page, unsigned offset, std::uint32_t mode);
    // Whether the block may be kept in the jump cache: not when it was fetched through the Bus.
    static bool cacheable(const Block* b) { return b->page != nullptr; }

    // [offset, offset + size) of the page was written: kills overlapping blocks. A block being executed is left after
    // the current instruction.
    void written(Cpu* c, CodePage* page, unsigned offset, unsigned size) {
        if (page->code.any(offset, offset + size)) return kill_overlapping(c, page, offset, offset + size);
        if (page->watched && page->live.empty() && ++page->idle_writes > idle_limit) unwatch(c, page);
    }

    // The instruction `ip` bytes into the block touched MMIO: from now on it is a block of its own.
    void set_alone(Cpu* c, const Block* block, unsigned ip);

    // Drops the code of pages that the memory map no longer has.
    void keep_only(Cpu* c, std::span<const MemorySlot> slots);

    // Drops everything, translations too. Only between blocks.
    void clear(Cpu* c);
    bool overfull() const { return arena_used_ > arena_limit; }

  private:
    static constexpr std::size_t arena_limit = std::size_t{64} << 20;
    static constexpr std::size_t chunk_size = std::size_t{1} << 20;
    static constexpr unsigned idle_limit = 32;  // writes to a page without live blocks before it is unwatched

    Block* find(CodePage* page, unsigned offset, std::uint32_t mode, const CodePage* page2) const;
    Block* translate(Cpu* c, CodePage* page, unsigned offset, std::uint32_t mode);
    Block* translate_crossing(Cpu* c, CodePage* page, unsigned offset, std::uint32_t mode);
    Block* fetch_from_bus(Cpu* c, std::uint64_t linear, std::uint32_t mode);
    Block* publish(Cpu* c, CodePage* page, unsigned offset, std::uint32_t mode, CodePage* page2, unsigned crossing);
    void make_live(Cpu* c, Block* block);
    static void unwatch(const Cpu* c, CodePage* page);
    void kill(Cpu* c, Block* block);
    void kill_overlapping(Cpu* c, CodePage* page, unsigned begin, unsigned end);
    Block* allocate(std::size_t uops);

    static std::size_t known_index(const std::uint8_t* host_page) {
        return (reinterpret_cast<std::uintptr_t>(host_page) >> page_bits) % known_size;
    }

    Translator translator_;
    // A superset of the pages below: most pages asked for hold data.
    static constexpr std::size_t known_size = 65536;
    std::bitset<known_size> known_;
    std::unordered_map<const std::uint8_t*, std::unique_ptr<CodePage>> pages_;
    std::vector<std::unique_ptr<std::byte[]>> chunks_;
    std::size_t arena_used_ = 0, chunk_left_ = 0;
    std::byte* chunk_ = nullptr;
    Block* bus_block_ = nullptr;  // code fetched through the Bus is decoded anew each time
};

}  // namespace southgate::cpu
