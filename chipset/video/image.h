// A picture of the screen and its PNG file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace southgate::chipset::video {

struct Image {
    unsigned width = 0, height = 0;
    std::vector<std::uint8_t> rgb;  // 3 bytes a pixel, line by line from the top

    const std::uint8_t* pixel(unsigned x, unsigned y) const { return &rgb[3 * (std::size_t{y} * width + x)]; }
};

// Throws std::runtime_error with the path and the reason if the file cannot be written or the image is empty.
void write_png(const Image& image, const std::string& path);

}  // namespace southgate::chipset::video
