// Work that may hang or crash, in a process of its own.
#pragma once

#include <cstddef>
#include <cstring>
#include <functional>
#include <string>
#include <type_traits>
#include <vector>

namespace southgate::pio {

// What a child hands to its parent: plain values, in order.
class Parcel {
  public:
    template <class T>
    void put(const T& value) {
        static_assert(std::is_trivially_copyable_v<T>);
        const auto* bytes = reinterpret_cast<const char*>(&value);
        bytes_.insert(bytes_.end(), bytes, bytes + sizeof value);
    }
    // False: the parcel is too short.
    template <class T>
    bool take(T& value) {
        static_assert(std::is_trivially_copyable_v<T>);
        if (bytes_.size() - at_ < sizeof value) return false;
        std::memcpy(static_cast<void*>(&value), bytes_.data() + at_, sizeof value);
        at_ += sizeof value;
        return true;
    }
    std::vector<char>& bytes() { return bytes_; }

  private:
    std::vector<char> bytes_;
    std::size_t at_ = 0;
};

struct ChildEnd {
    enum class Kind { returned, timed_out, died } kind = Kind::died;
    std::string why;  // of one that died: "signal 11", "exit status 1"
};

// Forks, runs `work` in the child and waits for it; after `seconds` of real time the child's own alarm ends it. What
// `work` put into its parcel is in `result` if it returned. No threads may be running.
ChildEnd run_in_child(unsigned seconds, const std::function<void(Parcel&)>& work, Parcel& result);

}  // namespace southgate::pio
