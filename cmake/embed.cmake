# cmake -DINPUT=<file> -DOUTPUT=<file.cpp> -DNAME=<namespace::identifier> -P embed.cmake
# Writes a C++ source that defines the bytes of INPUT as `extern const std::span<const std::uint8_t> identifier`.
string(REGEX MATCH "^(.*)::([^:]+)$" _ ${NAME})
set(namespace ${CMAKE_MATCH_1})
set(identifier ${CMAKE_MATCH_2})
file(READ ${INPUT} hex HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
file(WRITE ${OUTPUT} "#include <cstdint>
#include <span>
namespace ${namespace} {
namespace {
constexpr std::uint8_t bytes[] = {${bytes}};
}
extern const std::span<const std::uint8_t> ${identifier};
const std::span<const std::uint8_t> ${identifier}{bytes};
}
")
