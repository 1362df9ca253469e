#include "oracle/long_generate.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace southgate::cpu::test {

namespace {

constexpr unsigned rax = 0, rcx = 1, rdx = 2, rbx = 3, rsp = 4, rbp = 5, rsi = 6, rdi = 7;
constexpr std::uint32_t code_offset = 0x800;  // of the instruction in the code page

constexpr std::uint8_t two_byte[] = {
    0x00, 0x01, 0x06, 0x08, 0x09, 0x0b, 0x0d, 0x18, 0x1f, 0x30, 0x32, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49,
    0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8b,
    0x8c, 0x8d, 0x8e, 0x8f, 0x90, 0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9d,
    0x9e, 0x9f, 0xa0, 0xa3, 0xa4, 0xa5, 0xa8, 0xab, 0xac, 0xad, 0xaf, 0xb0, 0xb1, 0xb3, 0xb6, 0xb7, 0xba, 0xbb,
    0xbc, 0xbd, 0xbe, 0xbf, 0xc0, 0xc1, 0xc7, 0xc8, 0xc9, 0xca, 0xcb, 0xcc, 0xcd, 0xce, 0xcf};

// One-byte opcodes that 64-bit mode does not have (SDM vol. 2D table A-2, "i64").
constexpr std::uint8_t gone[] = {0x06, 0x07, 0x0e, 0x16, 0x17, 0x1e, 0x1f, 0x27, 0x2f, 0x37, 0x3f,
                                 0x60, 0x61, 0x82, 0x9a, 0xce, 0xd4, 0xd5, 0xd6, 0xea};

bool canonical(std::uint64_t linear) { return (linear + (std::uint64_t{1} << 47)) >> 48 == 0; }

// Accesses stay in the data pages or run into the unmapped page behind them; or they are not canonical.
bool in_window(bool high, std::uint64_t linear, std::uint64_t size) {
    const std::uint64_t base = high ? oracle_high : 0;
    return linear >= base + oracle_data && linear - (base + oracle_data) + size <= oracle_data_size + 0x800u;
}
bool harmless(bool high, std::uint64_t linear, std::uint64_t size) {
    return in_window(high, linear, size) || (!canonical(linear) && !canonical(linear + size - 1));
}

// Whether everything the ModRM or moffs operand touches is the oracle's; BT with a register index reaches far.
bool operand_ok(const LongCase& t) {
    const Decoded& d = t.instruction;
    const ZydisDecodedOperand* m = d.memory_operand();
    const bool touches = d.modrm_memory() || (d.info.opcode_map == ZYDIS_OPCODE_MAP_DEFAULT &&
                                              d.info.opcode >= 0xa0 && d.info.opcode <= 0xa3);
    if (!m || !touches || d.info.mnemonic == ZYDIS_MNEMONIC_LEA) return true;
    LongState state = t.before;
    // POP computes the address with RSP moved (SDM vol. 2B POP).
    if (t.form == LongForm::pop) state.gpr[rsp] += d.operand16 ? 2 : 8;
    std::uint64_t linear = linear_address(d, *m, state);
    const auto id = d.info.mnemonic;
    const bool bit_test = id == ZYDIS_MNEMONIC_BT || id == ZYDIS_MNEMONIC_BTS || id == ZYDIS_MNEMONIC_BTR ||
                          id == ZYDIS_MNEMONIC_BTC;
    if (bit_test && d.operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER) {
        if (d.address32) return false;  // the sum wraps before the segment base comes on top
        const std::uint64_t index = register_value(d.operands[1].reg.value, state);
        switch (d.operands[1].size) {
            case 16: linear += static_cast<std::uint64_t>(std::int64_t{static_cast<std::int16_t>(index)} >> 4) * 2; break;
            case 32: linear += static_cast<std::uint64_t>(std::int64_t{static_cast<std::int32_t>(index)} >> 5) * 4; break;
            default: linear += static_cast<std::uint64_t>(static_cast<std::int64_t>(index) >> 6) * 8; break;
        }
    }
    // Misaligned and not canonical: no manual says which of the two faults wins.
    if (id == ZYDIS_MNEMONIC_CMPXCHG16B) return in_window(t.high, linear, 16);
    return harmless(t.high, linear, std::max(1, m->size / 8));
}

// Bytes below and above RSP that the instruction may touch lie in the window.
bool stack_ok(const LongCase& t) {
    const std::uint64_t sp = t.before.gpr[rsp];
    switch (t.form) {
        case LongForm::push:
            return harmless(t.high, sp - 8, 8);
        // A target and a stack that both fault: SDM vol. 2A "CALL" checks the target first, AMD processors the stack.
        case LongForm::call:
        case LongForm::jump: return in_window(t.high, sp - 8, 8);
        case LongForm::pop:
        case LongForm::flags:
        case LongForm::ret: return harmless(t.high, sp, 8);
        case LongForm::leave: return harmless(t.high, t.before.gpr[rbp], 8);
        case LongForm::enter: {
            const auto size = static_cast<std::uint64_t>(t.instruction.info.raw.imm[0].value.u);
            const auto level = static_cast<std::uint64_t>(t.instruction.info.raw.imm[1].value.u & 31);
            const std::uint64_t below = 8 * (level + 2) + size;
            return in_window(t.high, sp - below, below) && in_window(t.high, t.before.gpr[rbp] - 8 * 32, 8 * 32);
        }
        default: return true;
    }
}

bool strings_ok(const LongCase& t) {
    const Decoded& d = t.instruction;
    const std::uint64_t mask = d.address32 ? 0xffffffff : ~std::uint64_t{0};
    const std::uint64_t size = (d.info.opcode & 1) == 0 ? 1 : d.info.raw.rex.W ? 8 : d.operand16 ? 2 : 4;
    const std::uint64_t elements = d.repeat_prefix() ? t.before.gpr[rcx] & mask : 1;
    if (elements > 64) return false;
    const std::uint64_t bytes = std::max<std::uint64_t>(elements, 1) * size;
    const bool down = (t.before.rflags & 0x400) != 0;
    const std::uint8_t op = d.info.opcode & 0xfe;
    const std::uint64_t gs = (d.info.attributes & ZYDIS_ATTRIB_HAS_SEGMENT_GS) ? oracle_gs_base : 0;
    const auto ok = [&](std::uint64_t at) { return harmless(t.high, down ? at - (bytes - size) : at, bytes); };
    if (d.info.attributes & ZYDIS_ATTRIB_HAS_SEGMENT_FS) return false;
    if ((op == 0xa4 || op == 0xa6 || op == 0xac) && !ok((t.before.gpr[rsi] & mask) + gs)) return false;
    return op == 0xac || ok(t.before.gpr[rdi] & mask);
}

}  // namespace

std::uint64_t LongGenerator::value() {
    switch (word() % 9) {
        case 0: return 0;
        case 1: return word() % 64;
        case 2: return std::uint64_t{0} - word() % 64;
        case 3: return 0x8000000000000000u + word() % 3 - 1;
        case 4: return std::uint64_t{1} << (word() % 64);
        case 5: return 0x80000000u + std::uint64_t{word() % 3} - 1;
        case 6: return word();
        default: return random_();
    }
}

// An address in the data pages: near the start, across the middle page boundary, across the end, anywhere.
std::uint64_t LongGenerator::target(bool high) {
    const std::uint64_t base = high ? oracle_high : 0;
    switch (word() % 4) {
        case 0: return base + oracle_data + word() % 32;
        case 1: return base + oracle_data + 0x1000 - 16 + word() % 32;
        case 2: return base + oracle_end - 20 + word() % (one_in(4) ? 24 : 12);
        default: return base + oracle_data + 64 + word() % (oracle_data_size - 128);
    }
}

void LongGenerator::instruction_bytes(std::uint8_t* bytes) {
    unsigned n = 0;
    if (one_in(5)) bytes[n++] = 0x66;
    if (one_in(6)) bytes[n++] = 0x67;
    if (one_in(10)) bytes[n++] = std::array<std::uint8_t, 5>{0x26, 0x2e, 0x36, 0x3e, 0x65}[word() % 5];
    if (one_in(24)) bytes[n++] = 0xf0;
    const bool string = one_in(10);
    if (string && !one_in(4)) bytes[n++] = one_in(2) ? 0xf2 : 0xf3;
    if (!one_in(3)) bytes[n++] = static_cast<std::uint8_t>(0x40 | (word() & 15) | (one_in(2) ? 8 : 0));
    if (one_in(40)) bytes[n++] = 0x66;  // behind REX: the REX counts for nothing
    if (string) {
        bytes[n++] = std::array<std::uint8_t, 10>{
            0xa4, 0xa5, 0xa6, 0xa7, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf}[word() % 10];
    } else if (one_in(80)) {
        bytes[n++] = 0xf3;
        bytes[n++] = 0x90;  // PAUSE
    } else if (one_in(40)) {
        bytes[n++] = 0x0f;
        bytes[n++] = 0x38;
        bytes[n++] = one_in(2) ? 0xf0 : 0xf1;  // MOVBE
    } else if (one_in(2)) {
        bytes[n++] = 0x0f;
        bytes[n++] = two_byte[word() % std::size(two_byte)];
    } else {
        bytes[n++] = static_cast<std::uint8_t>(word());
    }
    for (; n < 16; ++n) bytes[n] = static_cast<std::uint8_t>(one_in(4) ? value() : word());
}

// Points what the instruction touches into the memory, most of the time.
void LongGenerator::aim(LongCase& t, std::uint8_t* bytes) {
    LongState& s = t.before;
    const std::uint64_t goal = target(t.high);
    const std::uint64_t gs = (t.instruction.info.attributes & ZYDIS_ATTRIB_HAS_SEGMENT_GS) ? oracle_gs_base : 0;
    switch (t.form) {
        case LongForm::string: {
            const std::uint64_t mask = t.instruction.address32 ? 0xffffffff : ~std::uint64_t{0};
            s.gpr[rcx] = (s.gpr[rcx] & ~mask) | (word() % 17);
            s.gpr[rsi] = (s.gpr[rsi] & ~mask) | ((goal - gs + word() % 64) & mask);
            if (!one_in(32) || mask == 0xffffffff) s.gpr[rdi] = (s.gpr[rdi] & ~mask) | ((goal + word() % 64) & mask);
            return;
        }
        case LongForm::translate: s.gpr[rbx] = goal - gs; return;
        case LongForm::enter:
            bytes[t.instruction.info.raw.imm[0].offset + 1] &= 1;
            s.gpr[rsp] = (t.high ? oracle_high : 0) + oracle_data + 0x1000 + word() % 0x800;
            s.gpr[rbp] = (t.high ? oracle_high : 0) + oracle_data + 0x200 + word() % 0x1000;
            return;
        case LongForm::leave:
            if (!one_in(8)) s.gpr[rbp] = goal;
            return;
        default: break;
    }
    const ZydisDecodedOperand* m = t.instruction.memory_operand();
    if (!m || (!t.instruction.modrm_memory() && t.form != LongForm::plain)) return;
    const std::uint64_t distance = goal - linear_address(t.instruction, *m, s);
    const auto& disp = t.instruction.info.raw.disp;
    const ZydisRegister base = base_register(t.instruction, *m);
    const auto kind = ZydisRegisterGetClass(base);
    if ((kind == ZYDIS_REGCLASS_GPR64 || kind == ZYDIS_REGCLASS_GPR32) && base != m->mem.index) {
        if (one_in(32)) return;  // wherever it points: mostly not canonical
        s.gpr[static_cast<unsigned>(ZydisRegisterGetId(base))] += distance;
    } else if (disp.size >= 32) {
        const std::uint64_t moved = static_cast<std::uint64_t>(disp.value) + distance;
        std::memcpy(bytes + disp.offset, &moved, disp.size / 8u);
    }
}

std::optional<LongCase> LongGenerator::next() {
    LongCase t;
    std::uint8_t bytes[16];
    instruction_bytes(bytes);
    t.high = !one_in(3);
    const std::uint64_t base = t.high ? oracle_high : 0;
    t.before.rip = base + oracle_code + code_offset;
    for (auto& r : t.before.gpr) r = value();
    t.before.gpr[rsp] = base + oracle_data + 0x1000 + 2 * (word() % 64);
    // Status flags and DF random; IF and bit 1 set, IOPL 0.
    t.before.rflags = 0x202 | (word() & 0x8d5) | (one_in(2) ? 0x400 : 0);
    if (one_in(256)) {
        t.form = LongForm::undefined;
        bytes[0] = gone[word() % std::size(gone)];
        std::copy_n(bytes, 16, t.instruction.bytes.begin());
        t.instruction.length = 15;
        return t;
    }
    auto decoded = decode_long(bytes, sizeof bytes);
    if (!decoded) return std::nullopt;
    t.form = long_form_of(*decoded);
    if (t.form == LongForm::skip) return std::nullopt;
    t.instruction = *decoded;
    const auto id = decoded->info.mnemonic;
    if ((id == ZYDIS_MNEMONIC_DIV || id == ZYDIS_MNEMONIC_IDIV) && !one_in(3)) {
        // Small dividends, so that not every division overflows.
        t.before.gpr[rdx] = one_in(4) ? ~std::uint64_t{0} : one_in(2) ? 0 : word() % 8;
        if (one_in(2)) t.before.gpr[rax] &= 0xff;
    }
    if (one_in(64) && (t.form == LongForm::push || t.form == LongForm::pop || t.form == LongForm::ret))
        t.before.gpr[rsp] = std::uint64_t{1} << 47;  // the first address that is not canonical
    aim(t, bytes);
    decoded = decode_long(bytes, sizeof bytes);  // the displacement may have changed
    if (!decoded || long_form_of(*decoded) != t.form) return std::nullopt;
    t.instruction = *decoded;
    // Indirect targets: INT3 in the code page, an unmapped page, or not canonical.
    const std::array<std::uint64_t, 4> targets{base + oracle_code + word() % 0x700, base + oracle_end + word() % 0x1000,
                                               0x0000800000000000, random_() | 0x4000000000000000};
    t.stack_value = targets[word() % targets.size()];
    if (t.form == LongForm::flags) t.stack_value = (random_() & ~std::uint64_t{0x274300}) | 0x202;
    if (t.form == LongForm::jump && !t.instruction.modrm_memory()) {
        const unsigned reg = t.instruction.info.raw.modrm.rm | (t.instruction.info.raw.rex.B ? 8 : 0);
        if (reg != rsp) t.before.gpr[reg] = t.stack_value;
        else return std::nullopt;
    }
    if (t.form == LongForm::branch || t.form == LongForm::call) {
        // Not into itself: the host would loop.
        const std::int64_t relative = t.instruction.operands[0].imm.value.s;
        if (relative < 0 && relative >= -15) return std::nullopt;
    }
    if (t.form == LongForm::string ? !strings_ok(t) : !operand_ok(t) || !stack_ok(t)) return std::nullopt;
    if (t.form == LongForm::translate) {
        const std::uint64_t mask = t.instruction.address32 ? 0xffffffff : ~std::uint64_t{0};
        const std::uint64_t gs = (t.instruction.info.attributes & ZYDIS_ATTRIB_HAS_SEGMENT_GS) ? oracle_gs_base : 0;
        if (t.instruction.info.attributes & ZYDIS_ATTRIB_HAS_SEGMENT_FS) return std::nullopt;
        if (!harmless(t.high, ((t.before.gpr[rbx] + (t.before.gpr[rax] & 0xff)) & mask) + gs, 1)) return std::nullopt;
    }
    return t;
}

}  // namespace southgate::cpu::test
