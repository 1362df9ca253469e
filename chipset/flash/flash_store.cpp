#include "chipset/flash/flash_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace southgate::chipset::flash {

namespace {

[[noreturn]] void refuse(const std::string& path, const std::string& reason) {
    throw StoreError(path + ": " + reason);
}

std::string temporary_of(const std::string& path) { return path + ".new"; }

// True when the open file is still the one its name stands for: another store may just have replaced it.
bool is_current(int fd, const std::string& path) {
    struct stat open {}, named {};
    return ::fstat(fd, &open) == 0 && ::stat(path.c_str(), &named) == 0 && open.st_dev == named.st_dev &&
           open.st_ino == named.st_ino;
}

int open_locked(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0) refuse(path, std::string("cannot be written: ") + std::strerror(errno));
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0 || !is_current(fd, path)) {
        ::close(fd);
        refuse(path, "is in use by another run");
    }
    return fd;
}

bool read_all(int fd, std::span<std::uint8_t> bytes) {
    for (std::size_t done = 0; done < bytes.size();) {
        const ssize_t got = ::pread(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        done += static_cast<std::size_t>(got);
    }
    return true;
}

bool write_all(int fd, std::span<const std::uint8_t> bytes) {
    for (std::size_t done = 0; done < bytes.size();) {
        const ssize_t put = ::write(fd, bytes.data() + done, bytes.size() - done);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return false;
        done += static_cast<std::size_t>(put);
    }
    return true;
}

// The name is permanent once the directory is.
bool sync_directory_of(const std::string& path) {
    const auto parent = std::filesystem::path(path).parent_path();
    const int fd = ::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return false;
    const bool done = ::fsync(fd) == 0;
    ::close(fd);
    return done;
}

}  // namespace

FlashStore FlashStore::open(const std::string& path, std::size_t limit, Writes writes) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) refuse(path, errno == ENOENT ? "no such file" : std::strerror(errno));
    if (!S_ISREG(info.st_mode)) refuse(path, "not a regular file");
    if (info.st_size == 0 || static_cast<std::uint64_t>(info.st_size) > limit)
        refuse(path, std::to_string(info.st_size) + " bytes, expected 1 to " + std::to_string(limit));

    FlashStore store;
    store.bytes_.resize(static_cast<std::size_t>(info.st_size));
    if (writes == Writes::persist) {
        // The superuser may write what nobody should.
        if (!(info.st_mode & (S_IWUSR | S_IWGRP | S_IWOTH))) refuse(path, "is read-only");
        // A rename would replace a symbolic link, not what it points to.
        store.path_ = std::filesystem::canonical(path);
        const std::string parent = std::filesystem::path(store.path_).parent_path();
        if (::access(parent.c_str(), W_OK) != 0)
            refuse(path, "cannot be replaced: " + parent + ": " + std::strerror(errno));
        store.lock_fd_ = open_locked(store.path_);
    }
    const int fd = store.lock_fd_ >= 0 ? store.lock_fd_ : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool read = fd >= 0 && read_all(fd, store.bytes_);
    const int reason = errno;
    if (fd >= 0 && fd != store.lock_fd_) ::close(fd);
    if (!read) refuse(path, std::string("cannot be read: ") + std::strerror(reason));
    return store;
}

FlashStore::FlashStore(FlashStore&& other) noexcept
    : bytes_(std::move(other.bytes_)),
      path_(std::move(other.path_)),
      lock_fd_(std::exchange(other.lock_fd_, -1)),
      error_(std::move(other.error_)) {}

FlashStore::~FlashStore() {
    if (lock_fd_ >= 0) ::close(lock_fd_);
}

bool FlashStore::failed(const char* what) {
    if (!error_) error_ = path_ + ": " + what + ": " + std::strerror(errno);
    return false;
}

bool FlashStore::commit() {
    if (path_.empty()) return true;
    const std::string temporary = temporary_of(path_);
    struct stat info {};
    if (::fstat(lock_fd_, &info) != 0) return failed("cannot be written");
    // What an interrupted commit left behind is overwritten.
    const int fd = ::open(temporary.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return failed("cannot be written");
    const bool replaced = ::fchmod(fd, info.st_mode & 07777) == 0 && write_all(fd, bytes_) && ::fsync(fd) == 0 &&
                          ::flock(fd, LOCK_EX | LOCK_NB) == 0 &&
                          ::rename(temporary.c_str(), path_.c_str()) == 0;
    if (!replaced) {
        failed("cannot be written");
        ::close(fd);
        ::unlink(temporary.c_str());
        return false;
    }
    ::close(std::exchange(lock_fd_, fd));
    return sync_directory_of(path_) || failed("its directory cannot be synchronised");
}

}  // namespace southgate::chipset::flash
