// Counters of an engine since it was made. Plain data; reading them costs nothing on the hot path.
#pragma once

#include <cstdint>

namespace southgate::cpu {

struct CpuStatistics {
    std::uint64_t instructions = 0;
    std::uint64_t blocks_decoded = 0, blocks_invalidated = 0;
    std::uint64_t block_lookups = 0, block_lookup_misses = 0;  // outside chained jumps
    std::uint64_t tlb_fills = 0, tlb_flushes = 0, page_walks = 0;
    std::uint64_t pio_exits = 0, mmio_reads = 0, mmio_writes = 0;
    std::uint64_t exceptions = 0, interrupts = 0, smis = 0, inits = 0, resets = 0;
    std::uint64_t unimplemented = 0;  // distinct instructions refused with #UD because the model lacks them
};

}  // namespace southgate::cpu
