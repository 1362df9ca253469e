#include "platform/firmware_image.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "platform/input_error.h"

namespace southgate::platform {

std::vector<std::uint8_t> read_file(const std::string& path, std::size_t limit) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (!std::filesystem::exists(status)) throw InputError(fmt::format("{}: no such file", path));
    if (!std::filesystem::is_regular_file(status))
        throw InputError(fmt::format("{}: not a regular file", path));
    const auto size = std::filesystem::file_size(path, error);
    if (error) throw InputError(fmt::format("{}: {}", path, error.message()));
    if (size > limit)
        throw InputError(fmt::format("{}: {} bytes, more than the {} allowed", path, size, limit));
    std::vector<std::uint8_t> bytes(size);
    errno = 0;
    std::ifstream in(path, std::ios::binary);
    if (!in || !in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size)))
        throw InputError(fmt::format("{}: cannot be read: {}", path, std::strerror(errno)));
    return bytes;
}

FirmwareImage FirmwareImage::load(const std::string& path) {
    // A little more than allowed, so that the size rule below gives the reason for near misses.
    return {path, read_file(path, 2 * max_size)};
}

FirmwareImage::FirmwareImage(std::string name, std::vector<std::uint8_t> bytes)
    : name_(std::move(name)), bytes_(std::move(bytes)) {
    if (bytes_.size() < min_size || bytes_.size() > max_size || bytes_.size() % unit != 0)
        throw InputError(fmt::format(
            "{}: a firmware image is a multiple of 4 KiB from 64 KiB to 16 MiB, this file has {} bytes",
            name_, bytes_.size()));
}

}  // namespace southgate::platform
