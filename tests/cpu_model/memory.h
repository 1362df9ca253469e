// Page-aligned host memory for memory slots.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <memory>

#include "cpu_model/vcpu.h"

namespace southgate::cpu::test {

class Memory {
  public:
    explicit Memory(std::size_t size) : size_(size), bytes_(allocate(size)) { std::memset(data(), 0, size); }

    std::uint8_t* data() { return bytes_.get(); }
    const std::uint8_t* data() const { return bytes_.get(); }
    std::size_t size() const { return size_; }
    std::uint8_t& operator[](std::size_t i) { return bytes_.get()[i]; }

    MemorySlot slot(std::uint64_t guest_physical) {
        return {guest_physical, size_, data(), true, true, false};
    }

    void put(std::size_t at, std::initializer_list<std::uint8_t> bytes) {
        std::memcpy(data() + at, bytes.begin(), bytes.size());
    }
    template <class T>
    void put(std::size_t at, T value) {
        std::memcpy(data() + at, &value, sizeof value);
    }
    template <class T>
    T get(std::size_t at) const {
        T value;
        std::memcpy(&value, data() + at, sizeof value);
        return value;
    }

  private:
    struct Free {
        void operator()(std::uint8_t* p) const { std::free(p); }
    };
    static std::uint8_t* allocate(std::size_t size) {
        return static_cast<std::uint8_t*>(std::aligned_alloc(4096, size));
    }

    std::size_t size_;
    std::unique_ptr<std::uint8_t, Free> bytes_;
};

}  // namespace southgate::cpu::test
