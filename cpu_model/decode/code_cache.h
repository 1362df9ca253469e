// All decoded code of one vCPU: lookup, decoding on demand, exact invalidation.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include "cpu_model/decode/block.h"
#include "cpu_model/interpreter/cpu.h"

namespace southgate::cpu {

class Decoder;

class CodeCache {
  public:
    CodeCache();
    ~CodeCache();

    // The page record of a host page; made on demand.
    CodePage* page_of(std::uint8_t* host_page);
    CodePage* find_page(const std::uint8_t* host_page) const;

    // The block at CS:ip for `mode` (with mode::single or not); decodes when there is none. Raises what fetching the
    // first instruction raises. Never returns nullptr.
    Block* lookup(Cpu* c, std::uint64_t ip, std::uint32_t mode);

    // [offset, offset + size) of the page was written: kills overlapping blocks. A block being executed is left after
    // the current instruction.
    void written(Cpu* c, CodePage* page, unsigned offset, unsigned size);

    // The instruction at this byte touched MMIO inside a longer block: from now on it is a block of its own.
    void set_alone(Cpu* c, const Block* block, unsigned offset);

    // Drops everything. Only between blocks.
    void clear(Cpu* c);
    bool overfull() const { return arena_used_ > arena_limit; }

  private:
    static constexpr std::size_t arena_limit = std::size_t{64} << 20;

    Block* find(Cpu* c, CodePage* page, unsigned offset, std::uint32_t mode, std::uint64_t linear);
    Block* translate(Cpu* c, CodePage* page, std::uint64_t ip, std::uint32_t mode, Block* reuse);
    Block* make_block(unsigned uops, unsigned bytes);
    void make_live(Cpu* c, Block* block);
    void kill(Cpu* c, Block* block);
    void* allocate(std::size_t bytes);

    std::unordered_map<const std::uint8_t*, std::unique_ptr<CodePage>> pages_;
    std::unique_ptr<Decoder> decoder_;
    std::vector<std::unique_ptr<std::byte[]>> arena_;
    std::size_t arena_used_ = 0, chunk_left_ = 0;
    std::byte* chunk_ = nullptr;
    std::unique_ptr<CodePage> bus_page_;  // code fetched through the Bus: decoded anew each time
    std::array<std::uint8_t, 4096> bus_bytes_{};
};

}  // namespace southgate::cpu
