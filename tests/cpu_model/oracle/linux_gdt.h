// Linux's GDT as user-level code sees it (arch/x86/include/asm/segment.h).
#pragma once

#include <array>
#include <cstdint>

namespace southgate::cpu::test {

// Selectors that exist on every host, for the instructions that look at them.
inline constexpr std::uint16_t kernel32_cs = 0x08, kernel_cs = 0x10, kernel_ds = 0x18, user32_cs = 0x23, user_ds = 0x2b,
                               user_cs = 0x33;
inline constexpr std::array<std::uint64_t, 7> linux_gdt{
    0,                  0x00cf9b000000ffff, 0x00af9b000000ffff, 0x00cf93000000ffff,
    0x00cffb000000ffff, 0x00cff3000000ffff, 0x00affb000000ffff};

}  // namespace southgate::cpu::test
