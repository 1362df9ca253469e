#include "cpu_model/interpreter/control.h"

#include <limits>

#include "cpu_model/decode/code_cache.h"
#include "cpu_model/interpreter/block_handlers.h"
#include "cpu_model/interpreter/fault.h"
#include "cpu_model/mmu/fill.h"

namespace southgate::cpu {
namespace {

std::uint64_t linear_ip(const Cpu* c) {
    if (c->mode & mode::code64) return c->ip;
    return static_cast<std::uint32_t>(segment(c, Seg::cs).base + c->ip);
}

// Displacement of an unlinked jump in 64-bit mode. Counting it from the start of the block may have carried it over
// 2 GiB; no jump reaches as far back as that looks.
std::int64_t long_displacement(const Uop* u) {
    const std::int64_t lowest = std::int64_t{std::numeric_limits<std::int32_t>::min()} + u->ip + u->length;
    return u->disp < lowest ? std::int64_t{u->disp} + (std::int64_t{1} << 32) : u->disp;
}

// Gives back the instructions from `number` on and goes to the outer loop with ip + `offset`.
const Uop* leave(Cpu* c, unsigned offset, unsigned number) {
    c->ip = truncate_ip(c, c->ip + offset);
    c->left += c->block->count - number;
    c->block = nullptr;
    return nullptr;
}

}  // namespace

void raise(Vector vector) { throw GuestFault{vector, false, 0}; }
void raise(Vector vector, std::uint32_t error_code) { throw GuestFault{vector, true, error_code}; }

const Uop* resume(Cpu* c) {
    const std::uint64_t linear = linear_ip(c);
    if (!canonical(linear)) [[unlikely]] return resume_slow(c);
    const JumpEntry& e = jump_entry(c, linear);
    if (e.tag == jump_tag(c, linear)) return enter_checked(c, e.block);
    return resume_slow(c);
}

const Uop* resume_slow(Cpu* c) {
    c->block = nullptr;
    if (c->left <= 0) return nullptr;
    Block* b = c->code->lookup(c, c->mode);
    if (CodeCache::cacheable(b) && b->mode == c->mode) {
        const std::uint64_t linear = linear_ip(c);
        jump_entry(c, linear) = {jump_tag(c, linear), b};
        note_jump_target(c, linear, b->page2 != nullptr);
    }
    return enter_checked(c, b);
}

const Uop* finish(Cpu* c, const Uop* u) { return leave(c, u->ip + u->length, u->number + 1u); }

const Uop* finish_and_resume(Cpu* c, const Uop* u) {
    finish(c, u);
    return resume(c);
}

const Uop* leave_before(Cpu* c, const Uop* u) { return leave(c, u->ip, u->number); }

void set_ip(Cpu* c, std::uint64_t target, unsigned operand_size) {
    if (operand_size == 2) target &= 0xffff;
    else if (operand_size == 4) target &= 0xffffffff;
    if (code64(c) ? !canonical(target) : target > segment(c, Seg::cs).limit) raise_gp();
    c->ip = target;
}

const Uop* link(Cpu* c, const Uop* u) {
    if (u->imm == leaves_page) [[likely]] {
        if (code64(c) && canonical(c->ip)) [[likely]] return resume_flat(c);
        if (!code64(c)) {
            c->ip = static_cast<std::uint32_t>(c->ip);
            return resume(c);
        }
    }
    const Block* from = c->block;
    std::uint64_t carried = 0;
    if (!code64(c)) {
        c->ip = static_cast<std::uint32_t>(c->ip);
    } else if (u->length != 0) {
        carried = static_cast<std::uint64_t>(long_displacement(u) - u->disp);
        c->ip += carried;
        if (!canonical(c->ip)) {
            c->ip -= static_cast<std::uint64_t>(long_displacement(u));
            c->cur = u;
            raise_gp();
        }
    }
    const std::int64_t target = std::int64_t{from->offset} + u->disp;
    // A block that its own CALL overwrote may be decoded again below, so its uops are no place for a link.
    if (c->left <= 0 || from->dead || !from->page) return resume(c);
    if (target < 0 || target >= static_cast<std::int64_t>(page_size)) {
        if (carried == 0) const_cast<Uop*>(u)->imm = leaves_page;
        return resume(c);
    }
    // 16-bit wrap-around of ip, or the 4 GiB edge, leads elsewhere.
    if ((linear_ip(c) & ~page_mask) != static_cast<std::uint64_t>(target)) return resume(c);
    Block* to = c->code->lookup_in_page(c, from->page, static_cast<unsigned>(target), c->mode);
    if (!to) return resume(c);
    const_cast<Uop*>(u)->imm = reinterpret_cast<std::uintptr_t>(to);
    return enter_checked(c, to);
}

const Uop* op_fall_through(Cpu* c, const Uop* u) {
    if (c->mode & (mode::flat | mode::code64)) return fall_through<Code::flat>(c, u);
    return fall_through<Code::checked>(c, u);
}

void check_unlinked_slow(Cpu* c, const Uop* u) {
    if (canonical(c->ip + static_cast<std::uint64_t>(long_displacement(u)))) return;
    c->cur = u;
    raise_gp();
}

const Uop* op_stale(Cpu* c, const Uop*) {
    c->left += c->block->count;
    c->block = nullptr;
    return resume_slow(c);
}

const Uop* op_leave(Cpu* c, const Uop* u) { return leave_before(c, u); }

const Uop* op_undefined(Cpu* c, const Uop* u) {
    c->cur = u;
    raise_ud();
}

const Uop* op_unimplemented(Cpu* c, const Uop* u) {
    c->cur = u;
    if (!c->refused[u->imm]) {
        c->refused[u->imm] = true;
        c->statistics.unimplemented++;
    }
    raise_ud();
}

const Uop* op_too_long(Cpu* c, const Uop* u) {
    c->cur = u;
    raise_gp();
}

}  // namespace southgate::cpu
