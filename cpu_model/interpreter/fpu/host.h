// One x87 instruction on the host's x87.
//
// Stubs: every register form (D8-DF, ModRM C0-FF) and every memory form exists once as machine code,
// addressed by its encoding. run_exact() loads the guest's whole x87 state, control word with its unmasked
// exceptions included: an unmasked exception is held back until the next waiting x87 instruction (SDM vol.
// 1 8.7), which never comes, because FNSAVE does not wait. The quick_...() functions run an instruction on
// one or two operands alone, for the common case that no register is empty or full; exceptions are masked
// there.
#pragma once

#include <array>
#include <cstdint>

#if !defined(__x86_64__)
#error "the x87 model executes on the host's x87: x86-64 only"
#endif

namespace southgate::cpu::x87 {

// An 80-bit value in the low 10 bytes; the others are 0.
using Register = std::array<std::uint8_t, 16>;

// Index of a stub. `opcode`: D8-DF.
constexpr unsigned register_stub(unsigned opcode, unsigned modrm) { return (opcode & 7) * 64 + (modrm & 63); }
constexpr unsigned memory_stub(unsigned opcode, unsigned reg) { return 512 + (opcode & 7) * 8 + (reg & 7); }

// FNSAVE / FRSTOR, 32-bit protected mode format (SDM vol. 1 figure 8-9): registers in the order ST(0) to
// ST(7).
struct Image {
    std::uint32_t control = 0xffff037f, status = 0xffff0000, tags = 0xffffffff;
    std::uint32_t ip = 0, cs_opcode = 0, dp = 0, ds = 0xffff0000;
    std::uint8_t st[8][10] = {};
};
static_assert(sizeof(Image) == 108);

// Runs a stub on `image`, whose status word must hold no exception flags; afterwards it holds those of the
// instruction. `memory`: the operand of a memory form, at least 10 bytes. `status_flags`: EFLAGS status bits
// before (FCMOVcc); returns those after (FCOMI).
std::uint64_t run_exact(Image& image, unsigned stub, void* memory, std::uint64_t status_flags);

// What the instruction set: status word with C0-C3 and exception flags. Flags in `ignored` may come from
// before.
struct Quick {
    unsigned stub;
    std::uint16_t control;  // control word; exceptions are masked whatever it says
    std::uint16_t ignored;  // exception flags whose value does not matter
};
// name_<operands><results>: registers loaded before (a is ST(0), b ST(1)), registers stored and popped after.
std::uint16_t quick_load(const Quick& q, const void* memory, Register& result);                      // 0 -> 1
std::uint16_t quick_unary(const Quick& q, const void* memory, const Register& a, Register& result);  // 1 -> 1
std::uint16_t quick_binary(const Quick& q, const Register& a, const Register& b, Register& result);  // 2 -> 1
std::uint16_t quick_store(const Quick& q, void* memory, const Register& a);                          // 1 -> 0
std::uint16_t quick_compare(const Quick& q, const Register& a, const Register& b);                   // 2 -> 0

}  // namespace southgate::cpu::x87
