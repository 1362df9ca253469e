// Numbers that make a test run longer or differently, from the environment.
#pragma once

#include <cstdint>
#include <cstdlib>

namespace southgate::test {

inline std::uint64_t setting(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text ? std::strtoull(text, nullptr, 0) : otherwise;
}

}  // namespace southgate::test
