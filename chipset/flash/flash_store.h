// What a flash device keeps when the power is off.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace southgate::chipset::flash {

// A file that cannot be used. what() is one line that names it and says what was expected.
class StoreError : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

// The bytes are held in memory; commit() makes them permanent. A store without a file forgets them.
class FlashStore {
  public:
    enum class Writes {
        discard,  // kept in memory and gone with the object
        persist,  // commit() writes the file
    };

    // Reads the whole file: 1 to `limit` bytes. With Writes::persist it must be writable and is locked against
    // other stores for the life of this one. Throws StoreError.
    static FlashStore open(const std::string& path, std::size_t limit, Writes writes);
    explicit FlashStore(std::vector<std::uint8_t> bytes) : bytes_(std::move(bytes)) {}
    ~FlashStore();
    FlashStore(FlashStore&& other) noexcept;
    FlashStore& operator=(FlashStore&&) = delete;

    std::span<std::uint8_t> bytes() { return bytes_; }
    std::span<const std::uint8_t> bytes() const { return bytes_; }

    // Replaces the file by the present bytes: they are written to a new file beside it, synchronised with the medium
    // and renamed over it (POSIX rename() is atomic), so that whoever looks, at any time and after any crash,
    // finds the bytes of one commit. False if the host could not do it: the file then holds an earlier commit.
    bool commit();
    // Why the first failing commit() failed, one line with the file's name.
    const std::optional<std::string>& error() const { return error_; }

  private:
    FlashStore() = default;
    bool failed(const char* what);

    std::vector<std::uint8_t> bytes_;
    std::string path_;  // empty: commits go nowhere
    int lock_fd_ = -1;  // the file at path_, open and locked
    std::optional<std::string> error_;
};

}  // namespace southgate::chipset::flash
