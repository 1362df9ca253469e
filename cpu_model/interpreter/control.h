// Ways out of a block: every handler ends with next() or one of these.
#pragma once

#include "cpu_model/decode/block.h"
#include "cpu_model/interpreter/cpu.h"
#include "cpu_model/interpreter/fault.h"

namespace southgate::cpu {

// How a handler treats CS and SS: flat needs no limit checks and has a 32-bit stack and code segment; wide is 64-bit
// mode. Direct jumps are flat in 64-bit mode too: inside a page both do the same, link() knows the rest.
enum class Code : std::uint8_t { flat, checked, wide };

// Starts a block at Cpu::ip, if the budget allows all of it.
[[gnu::always_inline]] inline const Uop* enter(Cpu* c, const Block* b) {
    const std::int64_t left = c->left - static_cast<std::int64_t>(b->count);
    if (left < 0) [[unlikely]] {
        c->block = nullptr;
        return nullptr;
    }
    c->left = left;
    c->block = b;
    return dispatch(c, b->uops());
}
// The same where the CS limit counts: a block that does not lie below it whole is left to the outer loop.
[[gnu::always_inline]] inline const Uop* enter_checked(Cpu* c, const Block* b) {
    if (!(c->mode & (mode::flat | mode::code64)) && c->ip + b->bytes - 1 > segment(c, Seg::cs).limit) [[unlikely]] {
        c->block = nullptr;
        return nullptr;
    }
    return enter(c, b);
}

// The instruction is done and was the last of its block (Translation::ends_block); Cpu::ip is the next one, in
// whatever CS, mode and privilege are now in force. Goes on through the jump cache.
const Uop* resume(Cpu* c);
// resume() when the cache has no entry.
const Uop* resume_slow(Cpu* c);

inline JumpEntry& jump_entry(Cpu* c, std::uint64_t linear) {
    return c->jumps[(linear ^ (linear >> page_bits)) % jump_cache_size];
}
[[gnu::always_inline]] inline std::uint64_t jump_tag(const Cpu* c, std::uint64_t linear) {
    return (linear & 0xffffffffffff) | c->mode_tag;
}
// resume() inlined into hot handlers; flat or wide code, Cpu::ip canonical.
[[gnu::always_inline]] inline const Uop* resume_flat(Cpu* c) {
    const JumpEntry& e = jump_entry(c, c->ip);
    if (e.tag == jump_tag(c, c->ip)) [[likely]] return enter(c, e.block);
    return resume_slow(c);
}

// The instruction is done, in the middle of a block or at its end: leaves the block behind it, to the outer loop. For
// instructions after which lines, TF or a shadow must be looked at; call update_attention() first.
const Uop* finish(Cpu* c, const Uop* u);

// As finish(), but goes on with the next instruction through the jump cache: for mode or translation changes.
const Uop* finish_and_resume(Cpu* c, const Uop* u);

// Leaves with the instruction not executed (not retired, ip on it): port I/O and internal errors.
const Uop* leave_before(Cpu* c, const Uop* u);

// Sets Cpu::ip for a near transfer: cuts to operand_size bytes, checks the CS limit (#GP(0)). Cpu::cur must be set.
// Follow with resume().
void set_ip(Cpu* c, std::uint64_t target, unsigned operand_size);

// A direct jump or fall-through whose uop has no block; Cpu::ip has only `disp` added so far.
const Uop* link(Cpu* c, const Uop* u);

void check_unlinked_slow(Cpu* c, const Uop* u);

// Raises #GP(0) if a direct jump's target lies beyond the CS limit; aux is the operand size.
inline void check_target(Cpu* c, const Uop* u) {
    const std::uint64_t target = c->ip + static_cast<std::uint64_t>(static_cast<std::int64_t>(u->disp));
    const std::uint64_t masked = u->aux == 2 ? target & 0xffff : static_cast<std::uint32_t>(target);
    if (masked <= segment(c, Seg::cs).limit) return;
    c->cur = u;
    raise_gp();
}

// The same for a target that is not canonical in 64-bit mode. Linked jumps stay inside their page.
[[gnu::always_inline]] inline void check_unlinked(Cpu* c, const Uop* u) {
    if (u->imm > leaves_page) return;
    const std::uint64_t target = c->ip + static_cast<std::uint64_t>(static_cast<std::int64_t>(u->disp));
    if (u->imm == 0 || !canonical(target)) [[unlikely]] check_unlinked_slow(c, u);
}

// Taken direct jump; `u` holds displacement and, once linked, the block.
template <Code K>
[[gnu::always_inline]] inline const Uop* jump(Cpu* c, const Uop* u) {
    const auto* b = reinterpret_cast<const Block*>(u->imm);
    const std::uint64_t target = c->ip + static_cast<std::uint64_t>(static_cast<std::int64_t>(u->disp));
    if constexpr (K == Code::flat) {
        c->ip = target;
        if (u->imm <= leaves_page) [[unlikely]] return link(c, u);
        return enter(c, b);
    } else {
        // aux: operand size. A wrapped target lies elsewhere in the page than the linked block.
        check_target(c, u);
        const std::uint64_t masked = u->aux == 2 ? target & 0xffff : static_cast<std::uint32_t>(target);
        c->ip = masked;
        if (u->imm <= leaves_page || masked != target) [[unlikely]] return masked == target ? link(c, u) : resume(c);
        return enter_checked(c, b);
    }
}
// Falls through to the terminator behind `u`.
template <Code K>
[[gnu::always_inline]] inline const Uop* fall_through(Cpu* c, const Uop* terminator) {
    const auto* b = reinterpret_cast<const Block*>(terminator->imm);
    c->ip += static_cast<std::uint64_t>(static_cast<std::int64_t>(terminator->disp));
    if constexpr (K == Code::checked) c->ip = static_cast<std::uint32_t>(c->ip);
    if (terminator->imm <= leaves_page) [[unlikely]] return link(c, terminator);
    if constexpr (K == Code::flat) return enter(c, b);
    else return enter_checked(c, b);
}

}  // namespace southgate::cpu
