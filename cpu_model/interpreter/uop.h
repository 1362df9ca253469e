// One decoded instruction and how handlers hand over to each other.
#pragma once

#include <cstdint>

namespace southgate::cpu {

struct Cpu;
struct Uop;

// Executes one uop and everything after it in the block. Returns nullptr to leave the block (Cpu::ip is then the
// next instruction), or, in builds without tail calls, the uop to execute next.
using Handler = const Uop* (*)(Cpu*, const Uop*);

// Register fields hold byte offsets into Cpu::gpr, so AH is offset 1 and "no base" is the slot that is always 0.
struct Uop {
    Handler handler = nullptr;
    std::uint64_t imm = 0;     // immediate, sign-extended; for direct jumps once linked a Block* or leaves_page
    std::int32_t disp = 0;     // displacement; for direct jumps: target relative to the start of the block
    std::uint8_t reg = 0;      // ModRM.reg operand
    std::uint8_t rm = 0;       // ModRM.rm operand when it is a register
    std::uint8_t base = 0, index = 0;
    std::uint8_t scale = 0;    // shift count
    std::uint8_t seg = 0;      // Seg of the memory operand
    std::uint8_t addr_shift = 0;  // effective address = low (64 - addr_shift) bits: 48, 32 or 0
    std::uint8_t length = 0;   // bytes
    std::uint16_t ip = 0;      // offset of the instruction from the start of the block
    std::uint8_t number = 0;   // instructions of the block before this one
    std::uint8_t aux = 0;      // free for the handler: operand size, repeat prefix, condition ...
};
static_assert(sizeof(Uop) == 32);
// In Uop::imm of a direct jump: the target lies in another page, so it is looked up each time.
inline constexpr std::uint64_t leaves_page = 1;

// True when dispatch is a chain of tail calls; false: handlers return to a loop (debug and sanitizer builds,
// whose compilers do not emit sibling calls).
#if defined(SOUTHGATE_TAIL_CALLS) && defined(__OPTIMIZE__)
inline constexpr bool tail_calls = true;
#else
inline constexpr bool tail_calls = false;
#endif

// Every handler ends with `return next(c, u);` or one of the block exits of interpreter/control.h.
[[gnu::always_inline]] inline const Uop* dispatch(Cpu* c, const Uop* u) {
    if constexpr (tail_calls) return u->handler(c, u);
    (void)c;
    return u;
}
[[gnu::always_inline]] inline const Uop* next(Cpu* c, const Uop* u) { return dispatch(c, u + 1); }

}  // namespace southgate::cpu
