// PNG files from RGB pixels.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace southgate::sim {

// `rgb`: 3 bytes a pixel, row by row. Throws UsageError when the file cannot be written.
void write_png(const std::string& path, unsigned width, unsigned height, std::span<const std::uint8_t> rgb);

}  // namespace southgate::sim
