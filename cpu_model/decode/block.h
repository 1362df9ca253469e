// Decoded code. It belongs to the host page that holds the bytes, so aliases, PAM and A20 changes need no decoding.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "cpu_model/interpreter/uop.h"

namespace southgate::cpu {

struct CodePage;

inline constexpr unsigned max_block_instructions = 64;

// A straight run of instructions. uops: one an instruction, then a terminator (falls through to the next block), then
// one spare. Control flow ends a block; its terminator is the not-taken side.
struct alignas(32) Block {
    std::uint32_t count = 0;        // instructions
    std::uint32_t bytes = 0;
    std::uint16_t covered = 0;      // bytes whose change kills the block: `bytes`, or more behind an undefined opcode
    std::uint32_t mode = 0;         // key, with `offset`
    std::uint16_t offset = 0;       // in the page
    bool dead = false;              // a byte was overwritten: uops[0] is the stale handler
    std::uint8_t crossing = 0;      // bytes in the second page (single instruction blocks only)
    CodePage* page = nullptr;
    CodePage* page2 = nullptr;      // second page of a crossing instruction
    Block* next = nullptr;          // hash chain of the page
    std::uint32_t capacity = 0;     // of uops

    // They follow the header.
    Uop* uops() { return reinterpret_cast<Uop*>(this + 1); }
    const Uop* uops() const { return reinterpret_cast<const Uop*>(this + 1); }
};

// A set of byte offsets in a page.
class ByteSet {
  public:
    bool operator[](unsigned n) const { return (words_[n / 64] >> (n % 64)) & 1; }
    void set(unsigned n) { words_[n / 64] |= std::uint64_t{1} << (n % 64); }
    // [begin, end)
    void set(unsigned begin, unsigned end) {
        for_words(begin, end, [this](unsigned w, std::uint64_t mask) { words_[w] |= mask; });
    }
    void reset(unsigned begin, unsigned end) {
        for_words(begin, end, [this](unsigned w, std::uint64_t mask) { words_[w] &= ~mask; });
    }
    bool any(unsigned begin, unsigned end) const {
        std::uint64_t found = 0;
        for_words(begin, end, [&](unsigned w, std::uint64_t mask) { found |= words_[w] & mask; });
        return found != 0;
    }

  private:
    template <class F>
    static void for_words(unsigned begin, unsigned end, F f) {
        for (unsigned w = begin / 64; w * 64 < end; w++) {
            std::uint64_t mask = ~std::uint64_t{0};
            if (begin > w * 64) mask &= ~std::uint64_t{0} << (begin - w * 64);
            if (end - w * 64 < 64) mask &= (std::uint64_t{1} << (end - w * 64)) - 1;
            f(w, mask);
        }
    }
    std::array<std::uint64_t, 64> words_{};
};

// One 4 KiB host page with code.
struct CodePage {
    static constexpr unsigned buckets = 128;

    std::uint8_t* host = nullptr;
    ByteSet code;                           // bytes covered by live blocks
    std::array<Block*, buckets> hash{};
    struct Extent {
        std::uint16_t begin, end;           // in this page
        Block* block;
    };
    std::vector<Extent> live;               // live blocks, for invalidation
    ByteSet alone;                          // instructions that must be blocks of one (they touched MMIO)
    std::uint32_t idle_writes = 0;          // slow writes since the last live block died
    bool watched = false;                   // no fast write translation leads here
    bool changing = false;                  // a block died here: decoding again should be cheap
};

}  // namespace southgate::cpu
