#include "oracle/generate.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace southgate::cpu::test {

namespace {

// Two-byte opcodes worth trying; of the one-byte map everything is.
constexpr std::uint8_t two_byte[] = {
    0x06, 0x08, 0x09, 0x0b, 0x30, 0x32, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a,
    0x4b, 0x4c, 0x4d, 0x4e, 0x4f, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8b,
    0x8c, 0x8d, 0x8e, 0x8f, 0x90, 0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0x9b, 0x9c,
    0x9d, 0x9e, 0x9f, 0xa3, 0xa4, 0xa5, 0xab, 0xac, 0xad, 0xaf, 0xb0, 0xb1, 0xb3, 0xb6, 0xb7, 0xba, 0xbb,
    0xbc, 0xbd, 0xbe, 0xbf, 0xc0, 0xc1, 0xc7, 0xc8, 0xc9, 0xca, 0xcb, 0xcc, 0xcd, 0xce, 0xcf};

constexpr std::uint32_t code_offset = 0x800;  // of the instruction in the code page

}  // namespace

std::uint32_t Generator::value() {
    switch (word() % 8) {
        case 0:
            return 0;
        case 1:
            return word() % 64;
        case 2:
            return 0u - word() % 64;
        case 3:
            return 0x80000000u + word() % 3 - 1;
        case 4:
            return 1u << (word() % 32);
        case 5:
            return word() & 0xffff;
        default:
            return word();
    }
}

void Generator::instruction_bytes(std::uint8_t* bytes, bool code16) {
    unsigned n = 0;
    if (one_in(4)) bytes[n++] = 0x66;
    if (one_in(code16 ? 2 : 6)) bytes[n++] = 0x67;
    if (one_in(12)) bytes[n++] = std::array<std::uint8_t, 3>{0x26, 0x36, 0x3e}[word() % 3];
    if (one_in(24)) bytes[n++] = 0xf0;
    if (one_in(8)) {
        // A string instruction, most of them repeated.
        if (!one_in(4)) bytes[n++] = one_in(2) ? 0xf2 : 0xf3;
        bytes[n++] = std::array<std::uint8_t, 10>{
            0xa4, 0xa5, 0xa6, 0xa7, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf}[word() % 10];
    } else if (one_in(2)) {
        bytes[n++] = 0x0f;
        bytes[n++] = two_byte[word() % std::size(two_byte)];
    } else {
        bytes[n++] = static_cast<std::uint8_t>(word());
    }
    for (; n < 16; ++n) bytes[n] = static_cast<std::uint8_t>(one_in(4) ? value() : word());
}

// Points the memory operand, if there is one, into the shared memory, by the base register or the
// displacement.
void Generator::aim(TestCase& t, std::uint8_t* bytes) {
    UserState& s = t.before;
    // Near the start, across the middle page boundary, across the end, anywhere.
    std::uint32_t target = 0;
    switch (word() % 4) {
        case 0:
            target = oracle_data + word() % 32;
            break;
        case 1:
            target = oracle_data + 0x1000 - 16 + word() % 32;
            break;
        case 2:
            target = oracle_end - 12 + word() % (one_in(4) ? 16 : 8);
            break;
        default:
            target = oracle_data + 64 + word() % (oracle_data_size - 128);
            break;
    }
    target -= t.segments.data_base;
    if (t.form == Form::string) {
        const std::uint32_t mask = t.instruction.address16 ? 0xffff : 0xffffffff;
        s.gpr[1] = (s.gpr[1] & ~mask) | (word() % 17);
        for (unsigned reg : {6u, 7u}) s.gpr[reg] = (s.gpr[reg] & ~mask) | ((target + word() % 64) & mask);
        return;
    }
    if (t.form == Form::translate) {
        s.gpr[3] = target;
        return;
    }
    const ZydisDecodedOperand* m = t.instruction.memory_operand();
    if (!m || t.form != Form::plain) return;
    const std::uint32_t offset = effective_address(t.instruction, *m, s);
    const std::uint32_t distance = target - offset;
    const auto& disp = t.instruction.info.raw.disp;
    if (m->mem.base != ZYDIS_REGISTER_NONE && m->mem.base != m->mem.index) {
        const unsigned reg = m->mem.base >= ZYDIS_REGISTER_EAX ? m->mem.base - ZYDIS_REGISTER_EAX
                                                               : m->mem.base - ZYDIS_REGISTER_AX;
        s.gpr[reg] += distance;
    } else if (disp.size >= 16) {
        const std::uint32_t value = static_cast<std::uint32_t>(disp.value) + distance;
        std::memcpy(bytes + disp.offset, &value, disp.size / 8u);
    }
}

std::optional<TestCase> Generator::next() {
    TestCase t;
    t.segments.code16 = one_in(3);
    if (t.segments.code16) t.segments.cs_base = oracle_code;
    // Sixteen-bit addresses reach the memory only through a segment base.
    t.segments.data_base = t.segments.code16 || one_in(4) ? oracle_data - 0x100 * (word() % 16) : 0;
    std::uint8_t bytes[16];
    instruction_bytes(bytes, t.segments.code16);
    auto decoded = decode(bytes, sizeof bytes, t.segments.code16);
    if (!decoded) return std::nullopt;
    t.form = form_of(*decoded);
    if (t.form == Form::skip) return std::nullopt;
    t.instruction = *decoded;
    for (auto& r : t.before.gpr) r = value();
    t.before.gpr[4] = oracle_data + 0x1000 + 2 * (word() % 64) - t.segments.data_base;
    t.before.eip = oracle_code + code_offset;
    // Status flags and DF random; IF and bit 1 set, IOPL 0.
    t.before.eflags = 0x202 | (word() & 0x8d5) | (one_in(2) ? 0x400 : 0);
    const bool divides =
        decoded->info.mnemonic == ZYDIS_MNEMONIC_DIV || decoded->info.mnemonic == ZYDIS_MNEMONIC_IDIV;
    if (divides && !one_in(3)) {
        // Small dividends, so that not every division overflows.
        t.before.gpr[2] = one_in(2) ? 0 : word() % 8;
        if (one_in(4)) t.before.gpr[2] = 0xffffffff;
        if (one_in(2)) t.before.gpr[0] &= 0xff;
    }
    aim(t, bytes);
    // The displacement may have changed.
    decoded = decode(bytes, sizeof bytes, t.segments.code16);
    if (!decoded || form_of(*decoded) != t.form) return std::nullopt;
    t.instruction = *decoded;
    return t;
}

}  // namespace southgate::cpu::test
