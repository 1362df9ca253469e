#include "cpu_model/system/virtual_interrupt.h"

#include <array>

#include "cpu_model/interpreter/system.h"
#include "cpu_model/system/code_segment.h"
#include "cpu_model/system/descriptor.h"

namespace southgate::cpu {

bool goes_to_8086_program(Cpu* c, std::uint8_t vector) {
    if ((c->cr4 & cr4::vme) == 0) return false;
    // A 16-bit TSS has neither bitmap.
    constexpr std::uint32_t map_base = 0x66, map_size = 32;
    if ((c->tr.attributes & 8) == 0 || c->tr.limit < map_base + 1) raise_gp(0);
    const auto at = [c](std::uint32_t offset) { return system_linear(c, c->tr.base, offset); };
    const std::uint32_t io_map = read_linear<std::uint16_t>(c, at(map_base));
    const std::uint32_t offset = io_map - map_size + vector / 8u;
    if (io_map < map_size || offset > c->tr.limit) raise_gp(0);
    return (read_linear<std::uint8_t>(c, at(offset)) >> vector % 8 & 1) == 0;
}

void virtual_8086_interrupt(Cpu* c, const Event& e) {
    const bool on_vif = virtual_if(c);
    const auto entry = read_linear<std::uint32_t>(c, e.vector * 4u);
    const CodeTarget target = real_mode_target(c, static_cast<std::uint16_t>(entry >> 16), entry & 0xffff);
    const std::uint16_t flags = on_vif ? virtual_flags(c) : static_cast<std::uint16_t>(get_eflags(c));
    Stack stack = Stack::current(c);
    stack.push_frame(std::array<std::uint16_t, 3>{static_cast<std::uint16_t>(e.return_ip), segment(c, Seg::cs).selector, flags});
    stack.commit();
    enter_code(c, target);
    clear_flags(c, eflags::tf | eflags::rf | (on_vif ? eflags::vif : eflags::if_));
}

}  // namespace southgate::cpu
