// Memory that direct boot leaves alone.
#pragma once

#include <cstdint>

namespace southgate::platform {

// The firmware keeps its tables in the last MiB of memory below 4 GiB.
inline constexpr std::uint32_t firmware_tables_size = 1u << 20;

}  // namespace southgate::platform
