// Who may use a port (SDM vol. 1 18.5.2; vol. 3B 20.2.8.1 for V86 mode).
#include "cpu_model/interpreter/system.h"
#include "cpu_model/system/descriptor.h"

namespace southgate::cpu {

void check_io_permission(Cpu* c, std::uint16_t port, unsigned size) {
    if (!protected_mode(c)) return;
    if (!v86_mode(c) && c->cpl <= iopl(c)) return;
    // Only a 32-bit or 64-bit TSS has a bitmap; its offset is the word at 66h.
    constexpr std::uint32_t map_base = 0x66;
    if ((c->tr.attributes & 8) == 0 || c->tr.limit < map_base + 1) raise_gp(0);
    const auto at = [c](std::uint32_t offset) { return system_linear(c, c->tr.base, offset); };
    const std::uint32_t offset = read_linear<std::uint16_t>(c, at(map_base)) + port / 8u;
    // Two bytes are read always, so that a multi-byte port may straddle them: the map ends with a byte of
    // ones.
    if (offset + 1 > c->tr.limit) raise_gp(0);
    const unsigned bits = read_linear<std::uint16_t>(c, at(offset));
    if ((bits >> port % 8 & ((1u << size) - 1)) != 0) raise_gp(0);
}

}  // namespace southgate::cpu
