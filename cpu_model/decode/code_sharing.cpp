#include "cpu_model/decode/code_sharing.h"

#include <iterator>
#include <stdexcept>

namespace southgate::cpu {

unsigned CodeSharing::join(Member& member) {
    if (members_.size() == max_members) throw std::length_error("too many processors share one memory");
    members_.push_back(&member);
    return static_cast<unsigned>(members_.size() - 1);
}

void CodeSharing::leave(unsigned member) {
    unwatch_all(member);
    members_[member] = nullptr;
}

void CodeSharing::watch(unsigned member, const std::uint8_t* host_page) {
    watchers_[host_page] |= 1u << member;
    for (unsigned n = 0; n < members_.size(); ++n)
        if (n != member && members_[n]) members_[n]->watch(host_page);
}

void CodeSharing::unwatch(unsigned member, const std::uint8_t* host_page) {
    const auto it = watchers_.find(host_page);
    if (it != watchers_.end() && (it->second &= ~(1u << member)) == 0) watchers_.erase(it);
}

void CodeSharing::unwatch_all(unsigned member) {
    for (auto it = watchers_.begin(); it != watchers_.end();) {
        it->second &= ~(1u << member);
        it = it->second == 0 ? watchers_.erase(it) : std::next(it);
    }
}

}  // namespace southgate::cpu
