// Reads values off a fuzzer's input; zeros when it is used up.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace southgate::fuzz {

class Input {
  public:
    Input(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

    template <class T>
    T take() {
        T value{};
        const std::size_t n = std::min(sizeof value, size_);
        std::memcpy(&value, data_, n);
        data_ += n;
        size_ -= n;
        return value;
    }
    // Copies what is there, up to `size` bytes; returns how many.
    std::size_t take(std::uint8_t* to, std::size_t size) {
        const std::size_t n = std::min(size, size_);
        std::memcpy(to, data_, n);
        data_ += n;
        size_ -= n;
        return n;
    }
    std::size_t left() const { return size_; }
    const std::uint8_t* data() const { return data_; }

  private:
    const std::uint8_t* data_;
    std::size_t size_;
};

}  // namespace southgate::fuzz
