// Which processors have decoded code from which host page. Processors that share memory share one of these, so
// that a store of one drops what another has decoded (cross-modifying code, SDM vol. 3A 8.1.3). All of them run
// on one host thread.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace southgate::cpu {

class CodeSharing {
  public:
    static constexpr unsigned max_members = 32;

    class Member {
      public:
        virtual ~Member() = default;
        // Somebody else wrote [host, host + size), within one page.
        virtual void code_written(const std::uint8_t* host, std::size_t size) = 0;
        // Somebody else has decoded code of this page: stores to it must be reported from now on.
        virtual void watch(const std::uint8_t* host_page) = 0;
    };

    // Returns the member's number. Throws std::length_error beyond max_members.
    unsigned join(Member& member);
    void leave(unsigned member);

    // This member has decoded code of the page; has none any more; has none at all.
    void watch(unsigned member, const std::uint8_t* host_page);
    void unwatch(unsigned member, const std::uint8_t* host_page);
    void unwatch_all(unsigned member);

    bool watched_by_others(unsigned member, const std::uint8_t* host_page) const {
        const auto it = watchers_.find(host_page);
        return it != watchers_.end() && (it->second & ~(1u << member)) != 0;
    }
    // This member wrote [host, host + size), within one page.
    void written(unsigned member, const std::uint8_t* host, std::size_t size) const {
        const auto it = watchers_.find(host - reinterpret_cast<std::uintptr_t>(host) % 4096);
        if (it == watchers_.end()) return;
        for (std::uint32_t left = it->second & ~(1u << member); left != 0; left &= left - 1)
            members_[static_cast<unsigned>(std::countr_zero(left))]->code_written(host, size);
    }

  private:
    std::vector<Member*> members_;                                     // nullptr: has left
    std::unordered_map<const std::uint8_t*, std::uint32_t> watchers_;  // bit n: member n
};

}  // namespace southgate::cpu
