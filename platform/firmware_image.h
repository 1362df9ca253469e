// A firmware image as it lies in the boot ROM.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace southgate::platform {

class FirmwareImage {
  public:
    static constexpr std::size_t min_size = 64 << 10, max_size = 16 << 20, unit = 4 << 10;
    // The window below 1 MiB shows the last bytes of the image.
    static constexpr std::size_t alias_size = 128 << 10;

    // Any multiple of 4 KiB from 64 KiB to 16 MiB. Both throw InputError with the reason.
    static FirmwareImage load(const std::string& path);
    FirmwareImage(std::string name, std::vector<std::uint8_t> bytes);

    std::span<const std::uint8_t> bytes() const { return bytes_; }
    const std::string& name() const { return name_; }

    // Where the image starts so that its last byte is at FFFFFFFFh.
    std::uint64_t base() const { return (std::uint64_t{1} << 32) - bytes_.size(); }
    // The alias: its first address (E0000h for 128 KiB and more) and the offset it shows.
    std::uint64_t alias_base() const { return 0x100000 - alias_bytes(); }
    std::size_t alias_bytes() const { return bytes_.size() < alias_size ? bytes_.size() : alias_size; }
    std::size_t alias_offset() const { return bytes_.size() - alias_bytes(); }

  private:
    std::string name_;
    std::vector<std::uint8_t> bytes_;
};

// The whole file, at most `limit` bytes. Throws InputError.
std::vector<std::uint8_t> read_file(const std::string& path, std::size_t limit);

}  // namespace southgate::platform
