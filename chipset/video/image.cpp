#include "chipset/video/image.h"

#include <png.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace southgate::chipset::video {

void write_png(const Image& image, const std::string& path) {
    png_image png{};
    png.version = PNG_IMAGE_VERSION;
    png.width = image.width;
    png.height = image.height;
    png.format = PNG_FORMAT_RGB;
    errno = 0;
    if (image.rgb.empty() || !png_image_write_to_file(&png, path.c_str(), 0, image.rgb.data(), 0, nullptr)) {
        const std::string reason = image.rgb.empty() ? "there is no picture"
                                   : errno           ? std::strerror(errno)
                                                     : static_cast<const char*>(png.message);
        png_image_free(&png);
        throw std::runtime_error("cannot write the screenshot '" + path + "': " + reason);
    }
}

}  // namespace southgate::chipset::video
