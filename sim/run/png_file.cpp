#include "sim/run/png_file.h"

#include <fmt/format.h>
#include <png.h>

#include "sim/run/error.h"

namespace southgate::sim {

void write_png(const std::string& path, unsigned width, unsigned height, std::span<const std::uint8_t> rgb) {
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = width;
    image.height = height;
    image.format = PNG_FORMAT_RGB;
    if (!png_image_write_to_file(&image, path.c_str(), 0, rgb.data(), 0, nullptr))
        throw UsageError(fmt::format("{}: cannot be written: {}", path, image.message));
}

}  // namespace southgate::sim
