#include "cpu_model/system/smm_io.h"

#include "cpu_model/system/debug.h"

namespace southgate::cpu {
namespace {

bool ends_here(const Cpu* c, const PendingPio& io) {
    if (io.set || io.length == 0 || c->io_boundary != instructions_retired(c)) return false;
    return c->ip == io.next_rip || (io.string && c->ip == io.rip);  // between iterations rip stays
}

// A register of a string instruction moved by `delta`, as wide as its addresses are.
std::uint64_t moved(std::uint64_t value, std::uint64_t delta, unsigned address_size) {
    const std::uint64_t sum = value + delta;
    if (address_size == 8) return sum;
    if (address_size == 4) return static_cast<std::uint32_t>(sum);
    return (value & ~std::uint64_t{0xffff}) | (sum & 0xffff);
}

std::uint32_t trap_word(const Cpu* c, const PendingPio& io) {
    std::uint32_t word = std::uint32_t{io.port} << io_trap::port_shift | io_trap::valid;
    if (io.direction == Direction::in) word |= io_trap::in;
    if (io.string) word |= io_trap::string;
    if (io.string && c->string_io.rep) word |= io_trap::rep;
    word |= io.size == 1 ? io_trap::byte : io.size == 2 ? io_trap::word : io_trap::dword;
    if ((c->eflags & eflags::tf) != 0) word |= io_trap::single_step;
    if (c->events.debug_trap_pending) word |= (c->debug_hits & 0xf) << io_trap::breakpoints_shift;
    return word;
}

}  // namespace

IoRestart io_before_smi(const Cpu* c) {
    const auto reg = [c](Gpr r) { return c->gpr[static_cast<unsigned>(r)]; };
    IoRestart r{c->ip, reg(Gpr::rcx), reg(Gpr::rsi), reg(Gpr::rdi)};
    const PendingPio& io = c->pio.pending();
    if (!ends_here(c, io)) return r;
    r.rip = io.rip;
    r.trap = trap_word(c, io);
    if (!io.string) return r;
    const StringIoForm& form = c->string_io;
    const std::uint64_t back = form.descending ? io.size : std::uint64_t{0} - io.size;
    if (form.rep) r.rcx = moved(r.rcx, 1, form.address_size);
    std::uint64_t& pointer = io.direction == Direction::in ? r.rdi : r.rsi;
    pointer = moved(pointer, back, form.address_size);
    return r;
}

}  // namespace southgate::cpu
