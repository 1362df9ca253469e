// What is behind a drive: the bytes of a disk or a CD-ROM.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

namespace southgate::chipset::storage {

// An image that cannot be used. what() is one line that names the file and says what was expected.
class ImageError : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

class BlockBackend {
  public:
    virtual ~BlockBackend() = default;
    // Bytes; does not change.
    virtual std::uint64_t size() const = 0;
    virtual bool writable() const = 0;
    // False: the host could not do it, or [offset, offset + data.size()) is not inside the image.
    virtual bool read(std::uint64_t offset, std::span<std::uint8_t> data) = 0;
    virtual bool write(std::uint64_t offset, std::span<const std::uint8_t> data) = 0;
    virtual bool flush() { return true; }
};

// A raw image file.
class RawImage : public BlockBackend {
  public:
    enum class Writes {
        refuse,   // read-only medium
        overlay,  // kept in host memory and gone with the object: runs are repeatable, the file is unharmed
        persist,  // go to the file
    };
    // `sector_bytes`: the file's length must be a non-zero multiple of it. Throws ImageError.
    RawImage(const std::string& path, unsigned sector_bytes, Writes writes);
    ~RawImage() override;
    RawImage(const RawImage&) = delete;
    RawImage& operator=(const RawImage&) = delete;

    std::uint64_t size() const override { return size_; }
    bool writable() const override { return writes_ != Writes::refuse; }
    bool read(std::uint64_t offset, std::span<std::uint8_t> data) override;
    bool write(std::uint64_t offset, std::span<const std::uint8_t> data) override;
    bool flush() override;

  private:
    static constexpr unsigned cluster_bytes = 4096;
    using Cluster = std::array<std::uint8_t, cluster_bytes>;

    void check_content(const std::string& path, unsigned sector_bytes) const;
    bool read_file(std::uint64_t offset, std::span<std::uint8_t> data) const;
    Cluster* overlay_cluster(std::uint64_t index);

    int fd_ = -1;
    std::uint64_t size_ = 0;
    Writes writes_;
    std::unordered_map<std::uint64_t, std::unique_ptr<Cluster>> overlay_;
};

// An image held in memory.
class MemoryImage : public BlockBackend {
  public:
    explicit MemoryImage(std::vector<std::uint8_t> bytes, bool writable = true)
        : bytes_(std::move(bytes)), writable_(writable) {}

    std::uint64_t size() const override { return bytes_.size(); }
    bool writable() const override { return writable_; }
    bool read(std::uint64_t offset, std::span<std::uint8_t> data) override;
    bool write(std::uint64_t offset, std::span<const std::uint8_t> data) override;
    const std::vector<std::uint8_t>& bytes() const { return bytes_; }

  private:
    std::vector<std::uint8_t> bytes_;
    bool writable_;
};

// A hard disk (512-byte sectors) and a CD-ROM (2048-byte sectors, read-only) from a raw file. Throw
// ImageError.
std::unique_ptr<BlockBackend> open_disk_image(const std::string& path,
                                              RawImage::Writes writes = RawImage::Writes::overlay);
std::unique_ptr<BlockBackend> open_cd_image(const std::string& path);

}  // namespace southgate::chipset::storage
