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

    // The sum over several engines.
    CpuStatistics& operator+=(const CpuStatistics& other);
};

inline CpuStatistics& CpuStatistics::operator+=(const CpuStatistics& o) {
    instructions += o.instructions;
    blocks_decoded += o.blocks_decoded, blocks_invalidated += o.blocks_invalidated;
    block_lookups += o.block_lookups, block_lookup_misses += o.block_lookup_misses;
    tlb_fills += o.tlb_fills, tlb_flushes += o.tlb_flushes, page_walks += o.page_walks;
    pio_exits += o.pio_exits, mmio_reads += o.mmio_reads, mmio_writes += o.mmio_writes;
    exceptions += o.exceptions, interrupts += o.interrupts, smis += o.smis, inits += o.inits, resets += o.resets;
    unimplemented += o.unimplemented;
    return *this;
}

}  // namespace southgate::cpu
