// Decoded code. It belongs to the host page that holds the bytes, so aliases, PAM and A20 changes need no decoding.
#pragma once

#include <array>
#include <bitset>
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

// One 4 KiB host page with code.
struct CodePage {
    static constexpr unsigned buckets = 128;

    std::uint8_t* host = nullptr;
    std::bitset<4096> code{};               // bytes covered by live blocks
    std::array<Block*, buckets> hash{};
    struct Extent {
        std::uint16_t begin, end;           // in this page
        Block* block;
    };
    std::vector<Extent> live;               // live blocks, for invalidation
    std::bitset<4096> alone{};              // instructions that must be blocks of one (they touched MMIO)
    std::uint32_t idle_writes = 0;          // slow writes since the last live block died
    bool watched = false;                   // no fast write translation leads here
};

}  // namespace southgate::cpu
