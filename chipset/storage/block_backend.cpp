#include "chipset/storage/block_backend.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace southgate::chipset::storage {

namespace {

[[noreturn]] void fail(const std::string& path, const std::string& reason) {
    throw ImageError("disk image '" + path + "': " + reason);
}

bool inside(std::uint64_t size, std::uint64_t offset, std::size_t length) {
    return offset <= size && length <= size - offset;
}

}  // namespace

RawImage::RawImage(const std::string& path, unsigned sector_bytes, Writes writes) : writes_(writes) {
    fd_ = ::open(path.c_str(), (writes == Writes::persist ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    if (fd_ < 0) fail(path, std::string("cannot open: ") + std::strerror(errno));
    try {
        check_content(path, sector_bytes);
        size_ = static_cast<std::uint64_t>(::lseek(fd_, 0, SEEK_END));
    } catch (...) {
        ::close(fd_);
        throw;
    }
}

RawImage::~RawImage() { ::close(fd_); }

void RawImage::check_content(const std::string& path, unsigned sector_bytes) const {
    struct stat info {};
    if (::fstat(fd_, &info) != 0) fail(path, std::strerror(errno));
    if (S_ISDIR(info.st_mode)) fail(path, "is a directory, expected a raw image file");
    const off_t end = ::lseek(fd_, 0, SEEK_END);
    if (end < 0) fail(path, "is not seekable, expected a raw image file");
    if (end == 0) fail(path, "is empty");
    std::array<std::uint8_t, 4> magic{};
    if (::pread(fd_, magic.data(), magic.size(), 0) == static_cast<ssize_t>(magic.size()) &&
        std::memcmp(magic.data(), "QFI\xfb", magic.size()) == 0)
        fail(path,
             "is a qcow2 image; only raw images are supported (convert it with 'qemu-img convert -O raw')");
    if (static_cast<std::uint64_t>(end) % sector_bytes != 0)
        fail(path, "its length, " + std::to_string(end) + " bytes, is not a multiple of the sector size, " +
                       std::to_string(sector_bytes) + " bytes");
}

bool RawImage::read_file(std::uint64_t offset, std::span<std::uint8_t> data) const {
    while (!data.empty()) {
        const ssize_t got = ::pread(fd_, data.data(), data.size(), static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;  // 0: the file was cut short while in use
        offset += static_cast<std::uint64_t>(got);
        data = data.subspan(static_cast<std::size_t>(got));
    }
    return true;
}

bool RawImage::read(std::uint64_t offset, std::span<std::uint8_t> data) {
    if (!inside(size_, offset, data.size())) return false;
    if (overlay_.empty()) return read_file(offset, data);
    while (!data.empty()) {
        const std::uint64_t start = offset % cluster_bytes;
        const auto chunk = data.first(std::min<std::uint64_t>(data.size(), cluster_bytes - start));
        const auto found = overlay_.find(offset / cluster_bytes);
        if (found != overlay_.end())
            std::memcpy(chunk.data(), found->second->data() + start, chunk.size());
        else if (!read_file(offset, chunk))
            return false;
        offset += chunk.size();
        data = data.subspan(chunk.size());
    }
    return true;
}

RawImage::Cluster* RawImage::overlay_cluster(std::uint64_t index) {
    auto& cluster = overlay_[index];
    if (cluster) return cluster.get();
    auto fresh = std::make_unique<Cluster>();
    const std::uint64_t start = index * cluster_bytes;
    if (!read_file(start, std::span(*fresh).first(std::min<std::uint64_t>(cluster_bytes, size_ - start)))) {
        overlay_.erase(index);
        return nullptr;
    }
    cluster = std::move(fresh);
    return cluster.get();
}

bool RawImage::write(std::uint64_t offset, std::span<const std::uint8_t> data) {
    if (writes_ == Writes::refuse || !inside(size_, offset, data.size())) return false;
    while (!data.empty()) {
        std::size_t done = 0;
        if (writes_ == Writes::overlay) {
            Cluster* cluster = overlay_cluster(offset / cluster_bytes);
            if (!cluster) return false;
            const std::uint64_t start = offset % cluster_bytes;
            done = std::min<std::uint64_t>(data.size(), cluster_bytes - start);
            std::memcpy(cluster->data() + start, data.data(), done);
        } else {
            const ssize_t put = ::pwrite(fd_, data.data(), data.size(), static_cast<off_t>(offset));
            if (put < 0 && errno == EINTR) continue;
            if (put <= 0) return false;
            done = static_cast<std::size_t>(put);
        }
        offset += done;
        data = data.subspan(done);
    }
    return true;
}

bool RawImage::flush() { return writes_ != Writes::persist || ::fdatasync(fd_) == 0; }

bool MemoryImage::read(std::uint64_t offset, std::span<std::uint8_t> data) {
    if (!inside(bytes_.size(), offset, data.size())) return false;
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), data.size(), data.begin());
    return true;
}

bool MemoryImage::write(std::uint64_t offset, std::span<const std::uint8_t> data) {
    if (!writable_ || !inside(bytes_.size(), offset, data.size())) return false;
    std::copy(data.begin(), data.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(offset));
    return true;
}

std::unique_ptr<BlockBackend> open_disk_image(const std::string& path, RawImage::Writes writes) {
    return std::make_unique<RawImage>(path, 512, writes);
}

std::unique_ptr<BlockBackend> open_cd_image(const std::string& path) {
    return std::make_unique<RawImage>(path, 2048, RawImage::Writes::refuse);
}

}  // namespace southgate::chipset::storage
