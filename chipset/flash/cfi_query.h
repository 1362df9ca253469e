// The query table of the Common Flash Interface (JEDEC JESD68.01) of a byte-wide part.
#pragma once

#include <array>
#include <cstdint>

namespace southgate::chipset::flash {

// What the part answers from address 0 on after Read Query; beyond it answers 0.
using CfiQuery = std::array<std::uint8_t, 0x40>;
CfiQuery make_cfi_query(std::uint64_t bytes, std::uint32_t block_bytes, std::uint32_t write_buffer_bytes);

}  // namespace southgate::chipset::flash
