#include "oracle/compat_generate.h"

#include <algorithm>
#include <cstring>

#include "oracle/compat_layout.h"

namespace southgate::cpu::test {

namespace {

constexpr unsigned eax = 0, ecx = 1, edx = 2, esp = 4, ebp = 5;
constexpr unsigned es = 0, cs = 1, ss = 2, ds = 3, fs = 4, gs = 5;

UserState user_state(const CompatState& s) { return {s.gpr, s.eip, s.eflags}; }

bool takes_selector(const Decoded& d) {
    switch (d.info.mnemonic) {
        case ZYDIS_MNEMONIC_LAR:
        case ZYDIS_MNEMONIC_LSL:
        case ZYDIS_MNEMONIC_VERR:
        case ZYDIS_MNEMONIC_VERW: return true;
        case ZYDIS_MNEMONIC_MOV: return d.info.opcode_map == ZYDIS_OPCODE_MAP_DEFAULT && d.info.opcode == 0x8e;
        default: return false;
    }
}

// The segment register that MOV, POP or LDS and its kin load.
std::optional<unsigned> loaded_segment(const Decoded& d) {
    switch (d.info.mnemonic) {
        case ZYDIS_MNEMONIC_LDS: return ds;
        case ZYDIS_MNEMONIC_LES: return es;
        case ZYDIS_MNEMONIC_LFS: return fs;
        case ZYDIS_MNEMONIC_LGS: return gs;
        case ZYDIS_MNEMONIC_LSS: return ss;
        case ZYDIS_MNEMONIC_MOV:
        case ZYDIS_MNEMONIC_POP: {
            const auto& o = d.operands[0];
            if (o.type != ZYDIS_OPERAND_TYPE_REGISTER || ZydisRegisterGetClass(o.reg.value) != ZYDIS_REGCLASS_SEGMENT)
                return std::nullopt;
            return static_cast<unsigned>(o.reg.value - ZYDIS_REGISTER_ES);
        }
        default: return std::nullopt;
    }
}

bool near_indirect(const Decoded& d) {
    const unsigned reg = d.info.raw.modrm.reg;
    return d.info.opcode_map == ZYDIS_OPCODE_MAP_DEFAULT && d.info.opcode == 0xff && (reg == 2 || reg == 4);
}
bool far_pointer_in_memory(const Decoded& d) {
    switch (d.info.mnemonic) {
        case ZYDIS_MNEMONIC_LDS:
        case ZYDIS_MNEMONIC_LES:
        case ZYDIS_MNEMONIC_LFS:
        case ZYDIS_MNEMONIC_LGS:
        case ZYDIS_MNEMONIC_LSS: return true;
        case ZYDIS_MNEMONIC_JMP:
        case ZYDIS_MNEMONIC_CALL: return d.info.opcode == 0xff && !near_indirect(d);
        default: return false;
    }
}

// Prefixes may have made something else of an encoding.
bool wanted(const Decoded& d) { return known(d.info) && !excluded(d.info); }

// LOCK is #UD elsewhere (SDM vol. 2A LOCK); with MOV CRn AMD processors give it a meaning (APM vol. 3 MOV CRn).
bool lockable(const Decoded& d) {
    const bool control = d.info.opcode_map == ZYDIS_OPCODE_MAP_0F && (d.info.opcode & 0xfc) == 0x20;
    return (d.info.attributes & ZYDIS_ATTRIB_ACCEPTS_LOCK) != 0 || d.lock() || control;
}
// LOCK in front of it.
void make_undefined(CompatCase& t, const std::uint8_t* bytes) {
    t.undefined = true;
    t.instruction = {};
    t.instruction.bytes[0] = 0xf0;
    std::copy_n(bytes, 14, t.instruction.bytes.begin() + 1);
    t.instruction.length = 15;
    t.sequel_length = 0;
}

// A buffer of stack slots or table fields.
struct Slots {
    std::array<std::uint8_t, 16> bytes{};
    unsigned size = 0;
    void add(std::uint32_t value, unsigned width) {
        if (size + width > bytes.size()) return;
        std::memcpy(bytes.data() + size, &value, width);
        size += width;
    }
};

}  // namespace

std::uint32_t CompatGenerator::value() {
    switch (word() % 8) {
        case 0: return 0;
        case 1: return word() % 64;
        case 2: return 0u - word() % 64;
        case 3: return 0x80000000u + word() % 3 - 1;
        case 4: return 1u << (word() % 32);
        case 5: return word() & 0xffff;
        default: return word();
    }
}

// Whatever an instruction may be given as a selector.
std::uint16_t CompatGenerator::selector() { return last_selector_ = any_selector(); }

std::uint16_t CompatGenerator::any_selector() {
    switch (word() % 16) {
        case 0: return static_cast<std::uint16_t>(word() % 4);
        case 1: return static_cast<std::uint16_t>((ldt_entries + word() % 8) << 3 | 4 | word() % 4);
        case 2: {
            constexpr std::array<std::uint16_t, 6> linux_ones{kernel32_cs, kernel_cs, kernel_ds, user32_cs, user_ds, user_cs};
            const std::uint16_t s = linux_ones[word() % linux_ones.size()];
            names_long_code_ |= s == kernel_cs || s == user_cs;
            return one_in(3) ? static_cast<std::uint16_t>((s & ~3u) | word() % 4) : s;
        }
        case 3: return static_cast<std::uint16_t>(word() % ldt_entries << 3 | 4 | word() % 4);
        default: return ldt_selector(word() % ldt_entries);
    }
}

// An LDT selector of one of these roles.
std::uint16_t CompatGenerator::entry(std::initializer_list<Role> roles) {
    for (;;) {
        const unsigned n = word() % trampoline_entry;
        if (std::find(roles.begin(), roles.end(), *role_of(n)) != roles.end()) return ldt_selector(n);
    }
}

// Where an operand or a stack may point: into the data most of the time, or to the edges of the segment.
std::uint32_t CompatGenerator::offset(const LdtDescriptor& d) {
    switch (word() % 10) {
        case 0: return d.byte_limit() + word() % 16 - 10 + (d.expand_down ? 4 : 0);
        case 1: return word() % 12 - (one_in(2) ? 4 : 0);
        case 2: return 0xffff - word() % 12;
        default: break;
    }
    std::uint32_t linear = 0;
    switch (word() % 8) {
        case 0: linear = compat::data + word() % 16 - 8; break;
        case 1: linear = compat::data + 0x1000 - 8 + word() % 16; break;
        case 2: linear = compat::read_only + word() % 12 - 8; break;
        case 3: linear = compat::end + word() % 12 - 8; break;
        case 4: linear = compat::code + word() % compat::code_size; break;
        default: linear = compat::data + 64 + word() % (compat::data_size - 128); break;
    }
    return linear - d.base;
}

// Where a jump may go: INT3 most of the time, the limit, anywhere.
std::uint32_t CompatGenerator::code_offset(const LdtDescriptor& d) {
    switch (word() % 8) {
        case 0: return value();
        case 1: return d.byte_limit() + word() % 4 - 2;
        case 2: return offset(d);
        case 3: return 0xffff - word() % 4 + (one_in(2) ? 2 : 0);
        default: return compat::code + word() % compat::code_size / 64 * 64 - d.base;
    }
}

std::uint32_t CompatGenerator::flags_image() {
    return one_in(4) ? word() : (word() & 0x208cd5) | 0x202 | (one_in(4) ? 0x40000 : 0) | (one_in(16) ? 0x100 : 0);
}

void CompatGenerator::choose_segments(CompatCase& t) {
    auto& s = t.before.selector;
    const bool flat = flat_allowed_ && one_in(3);
    if (flat) {
        s[cs] = one_in(2) ? user32_cs : ldt_selector(trampoline_entry);
        s[ss] = user_ds;
    } else {
        s[cs] = entry({Role::code32, Role::code32, Role::code32_execute_only, Role::code16, Role::code16_execute_only,
                       Role::code_short, Role::code_top});
        s[ss] = entry({Role::data32, Role::data16, Role::down32, Role::down16, Role::data_pages});
    }
    for (const unsigned n : {ds, es, fs, gs}) {
        if (flat && !one_in(8)) {
            s[n] = user_ds;
        } else if (one_in(16)) {
            s[n] = 0;  // not 1 to 3: a host interrupt may make it 0 (see settle())
        } else if (one_in(8)) {
            s[n] = entry({Role::read_only, Role::down_read_only, Role::code32, Role::code16, Role::code_short});
        } else {
            s[n] = entry({Role::data32, Role::data16, Role::down32, Role::down16, Role::data_pages});
        }
    }
}

// Whether that many bytes at EIP lie inside the limit and a page.
bool CompatGenerator::fits(const CompatCase& t, std::uint32_t length) const {
    const LdtDescriptor d = *descriptor_of(ldt_, t.before.cs());
    return std::uint64_t{t.before.eip} + length <= d.byte_limit() && ((d.base + t.before.eip) & 0xfff) + length <= 0x1000;
}

// Gives the instruction a place in its code segment: inside a page, across two, at the end of the code, at the limit.
bool CompatGenerator::place(CompatCase& t) {
    const LdtDescriptor d = *descriptor_of(ldt_, t.before.cs());
    std::uint32_t linear = 0;
    // Which bytes a processor fetches of what is no instruction is its own affair: only in the middle.
    switch (t.undefined ? 15 : word() % 16) {
        case 0: linear = compat::code + 0x1000 - 1 - word() % 8; break;
        case 1: linear = compat::code + compat::code_size - 1 - word() % 8; break;
        case 2:
        case 3: linear = d.base + d.byte_limit() - word() % 8; break;
        case 4: linear = d.base + 0xffff - word() % 8; break;
        default: linear = compat::code + 0x800 + (one_in(2) ? 0x1000 : 0) + word() % 4; break;
    }
    if (linear < compat::code || linear >= compat::code + compat::code_size) linear = compat::code + 0x800;
    t.before.eip = linear - d.base;
    return t.undefined ? fits(t, 15) : t.before.eip <= d.byte_limit();
}

void CompatGenerator::bytes_of(const Encoding& e, std::uint8_t* bytes, bool code16) {
    unsigned n = 0;
    const bool code = one_in(4);
    if (one_in(4)) bytes[n++] = 0x66;
    if (one_in(code16 ? 3 : 6)) bytes[n++] = 0x67;
    if (one_in(6)) bytes[n++] = std::array<std::uint8_t, 6>{0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65}[word() % (code ? 6 : 5)];
    if (one_in(24)) bytes[n++] = 0xf0;
    const bool string = e.opcode_size == 1 && ((e.opcode[0] >= 0xa4 && e.opcode[0] <= 0xa7) ||
                                               (e.opcode[0] >= 0xaa && e.opcode[0] <= 0xaf) ||
                                               (e.opcode[0] >= 0x6c && e.opcode[0] <= 0x6f));
    if (e.prefix) bytes[n++] = e.prefix;
    else if (string ? !one_in(4) : one_in(24)) bytes[n++] = one_in(2) ? 0xf2 : 0xf3;
    for (unsigned i = 0; i < e.opcode_size; ++i) bytes[n++] = e.opcode[i];
    const unsigned operands = n;
    for (; n < 16; ++n) bytes[n] = static_cast<std::uint8_t>(one_in(4) ? value() : word());
    if (!e.modrm) return;
    std::uint8_t& modrm = bytes[operands];
    if (e.reg != Encoding::any) modrm = static_cast<std::uint8_t>((modrm & 0xc7) | e.reg << 3);
    if (e.rm != Encoding::any) modrm = static_cast<std::uint8_t>((modrm & 0xf8) | e.rm);
    if (!e.memory) modrm |= 0xc0;
    else if (modrm >= 0xc0) modrm = static_cast<std::uint8_t>(modrm - 0x40u * (1 + word() % 3));
}

// Moves the base register or the displacement so that the operand lies at offset(); puts something useful there.
void CompatGenerator::aim_operand(CompatCase& t, const ZydisDecodedOperand& operand, std::uint8_t* bytes) {
    const auto& m = operand.mem;
    const auto number = static_cast<unsigned>(m.segment - ZYDIS_REGISTER_ES);  // Zydis has them in the order of Seg
    if (number >= seg_count) return;
    const auto d = descriptor_of(ldt_, t.before.selector[number]);
    if (!d) return;
    CompatState& s = t.before;
    const std::uint32_t goal = offset(*d);
    const std::uint32_t distance = goal - effective_address(t.instruction, operand, user_state(s));
    const auto& disp = t.instruction.info.raw.disp;
    if (m.base != ZYDIS_REGISTER_NONE && m.base != m.index) {
        const bool wide = m.base >= ZYDIS_REGISTER_EAX;
        std::uint32_t& r = s.gpr[static_cast<unsigned>(m.base - (wide ? ZYDIS_REGISTER_EAX : ZYDIS_REGISTER_AX))];
        r = wide ? r + distance : (r & 0xffff0000) | ((r + distance) & 0xffff);
    } else if (disp.size >= 16) {
        const std::uint32_t moved = static_cast<std::uint32_t>(disp.value) + distance;
        std::memcpy(bytes + disp.offset, &moved, disp.size / 8u);
    } else {
        return;
    }
    t.writes.push_back({d->base + (t.instruction.address16 ? goal & 0xffff : goal), contents(t)});
}

// What lies at a memory operand.
std::array<std::uint8_t, 16> CompatGenerator::contents(const CompatCase& t) {
    const Decoded& d = t.instruction;
    const unsigned width = d.operand16 ? 2 : 4;
    Slots slots;
    if (takes_selector(d)) {
        slots.add(selector(), 2);
    } else if (near_indirect(d)) {
        slots.add(code_offset(*descriptor_of(ldt_, t.before.cs())), width);
    } else if (far_pointer_in_memory(d)) {
        const std::uint16_t s = selector();
        const auto target = descriptor_of(ldt_, s);
        slots.add(target ? code_offset(*target) : value(), width);
        slots.add(s, 2);
    } else if (d.info.mnemonic == ZYDIS_MNEMONIC_BOUND) {
        const std::uint32_t index = t.before.gpr[d.info.raw.modrm.reg];
        slots.add(index - (word() % 3 == 0 ? 0u - 1u : word() % 64), width);
        slots.add(index + (word() % 3 == 0 ? 0u - 1u : word() % 64), width);
    }
    while (slots.size < 16) slots.add(value(), 2);
    return slots.bytes;
}

void CompatGenerator::shape_registers(CompatCase& t) {
    CompatState& s = t.before;
    const Decoded& d = t.instruction;
    const auto id = d.info.mnemonic;
    if ((id == ZYDIS_MNEMONIC_DIV || id == ZYDIS_MNEMONIC_IDIV) && !one_in(3)) {
        // Small dividends, so that not every division overflows.
        s.gpr[edx] = one_in(4) ? 0xffffffff : one_in(2) ? 0 : word() % 8;
        if (one_in(2)) s.gpr[eax] &= 0xff;
    }
    if (d.info.attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE)) {
        const std::uint32_t mask = d.address16 ? 0xffff : 0xffffffff;
        s.gpr[ecx] = (s.gpr[ecx] & ~mask) | (one_in(16) ? word() % 0x300 : word() % 17);
    }
    if (id == ZYDIS_MNEMONIC_ENTER || id == ZYDIS_MNEMONIC_LEAVE) {
        if (const auto stack = descriptor_of(ldt_, s.ss())) s.gpr[ebp] = offset(*stack);
    }
    const bool reg_operand = (d.info.attributes & ZYDIS_ATTRIB_HAS_MODRM) && !d.modrm_memory();
    if (reg_operand && takes_selector(d)) s.gpr[d.info.raw.modrm.rm] = (word() << 16) | selector();
    if (id == ZYDIS_MNEMONIC_ARPL) s.gpr[d.info.raw.modrm.reg] = (word() << 16) | selector();
    if (reg_operand && near_indirect(d) && d.info.raw.modrm.rm != esp)
        s.gpr[d.info.raw.modrm.rm] = code_offset(*descriptor_of(ldt_, s.cs()));
}

// Offset and selector of a far transfer.
std::uint16_t CompatGenerator::far_selector(CompatCase&, std::uint32_t& target) {
    const std::uint16_t s =
        one_in(3) ? selector()
                  : entry({Role::code32, Role::code32_execute_only, Role::code16, Role::code16_execute_only, Role::code_short,
                         Role::code_top});
    const auto d = descriptor_of(ldt_, s);
    target = d ? code_offset(*d) : value();
    return s;
}

void CompatGenerator::shape_immediates(CompatCase& t, std::uint8_t* bytes) {
    const auto& raw = t.instruction.info.raw;
    switch (t.instruction.info.mnemonic) {
        case ZYDIS_MNEMONIC_ENTER:
            if (!one_in(16)) bytes[raw.imm[0].offset + 1] &= 1;
            if (one_in(3)) bytes[raw.imm[1].offset] &= 3;
            return;
        case ZYDIS_MNEMONIC_AAM:
            if (one_in(16)) bytes[raw.imm[0].offset] = 0;
            return;
        case ZYDIS_MNEMONIC_JMP:
        case ZYDIS_MNEMONIC_CALL: {
            if (raw.imm[0].size < 16) return;
            std::uint32_t target = 0;
            if (t.instruction.info.opcode == 0x9a || t.instruction.info.opcode == 0xea) {
                const std::uint16_t s = far_selector(t, target);
                std::memcpy(bytes + raw.imm[1].offset, &s, sizeof s);
            } else {
                target = code_offset(*descriptor_of(ldt_, t.before.cs())) - t.before.eip - t.instruction.length;
            }
            std::memcpy(bytes + raw.imm[0].offset, &target, raw.imm[0].size / 8u);
            return;
        }
        default: return;
    }
}

// What lies on top of the stack.
void CompatGenerator::fill_stack(CompatCase& t) {
    const auto d = descriptor_of(ldt_, t.before.ss());
    const unsigned width = t.instruction.operand16 ? 2 : 4;
    Slots slots;
    const LdtDescriptor own = *descriptor_of(ldt_, t.before.cs());
    switch (t.instruction.info.mnemonic) {
        case ZYDIS_MNEMONIC_RET:
        case ZYDIS_MNEMONIC_IRET:
        case ZYDIS_MNEMONIC_IRETD: {
            const std::uint8_t op = t.instruction.info.opcode;
            if (op == 0xc2 || op == 0xc3) {
                slots.add(code_offset(own), width);
                break;
            }
            std::uint32_t target = 0;
            const std::uint16_t s = far_selector(t, target);
            slots.add(target, width);
            slots.add(s | (word() << 16), width);
            slots.add(flags_image(), width);
            break;
        }
        case ZYDIS_MNEMONIC_POPF:
        case ZYDIS_MNEMONIC_POPFD: slots.add(flags_image(), width); break;
        case ZYDIS_MNEMONIC_POP: slots.add(selector() | (word() << 16), width); break;
        default: break;
    }
    while (slots.size < 16) slots.add(value(), 2);
    t.writes.push_back({d->base + (d->big ? t.before.gpr[esp] : t.before.gpr[esp] & 0xffff), slots.bytes});
}

// MOV of the accumulator to or from the segment just loaded, so that its base and limit show.
void CompatGenerator::add_sequel(CompatCase& t, bool code16) {
    constexpr std::array<std::uint8_t, seg_count> prefixes{0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65};
    const auto segment = loaded_segment(t.instruction);
    if (!segment || one_in(3)) return;
    const auto d = descriptor_of(ldt_, last_selector_);
    const std::uint32_t at = d ? offset(*d) : word() & 0xffff;
    if (at > 0xfffffff0) return;
    // Stores only where a flat segment cannot reach what is not ours.
    const std::uint32_t opcode = 0xa0 + word() % (flat_allowed_ ? 4 : 2);
    t.sequel = {prefixes[*segment], static_cast<std::uint8_t>(opcode)};
    const unsigned size = code16 ? 2 : 4;
    std::memcpy(t.sequel.data() + 2, &at, size);
    t.sequel_length = 2 + size;
}

void CompatGenerator::aim(CompatCase& t, std::uint8_t* bytes) {
    const Decoded& d = t.instruction;
    for (unsigned i = 0; i < d.info.operand_count; ++i) {
        const ZydisDecodedOperand& o = d.operands[i];
        if (o.type != ZYDIS_OPERAND_TYPE_MEMORY) continue;
        const bool stack = o.visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN &&
                           (o.mem.base == ZYDIS_REGISTER_ESP || o.mem.base == ZYDIS_REGISTER_SP);
        if (!stack) aim_operand(t, o, bytes);
    }
}

std::optional<CompatCase> CompatGenerator::next() {
    CompatCase t;
    t.undefined = one_in(32);
    const auto& list = t.undefined ? undefined_encodings() : compat_catalogue();
    t.encoding = &list[word() % list.size()];
    if (t.encoding->excluded) return std::nullopt;
    names_long_code_ = false;
    choose_segments(t);
    const bool code16 = !descriptor_of(ldt_, t.before.cs())->big;
    if (!place(t)) return std::nullopt;
    std::uint8_t bytes[16];
    bytes_of(*t.encoding, bytes, code16);
    CompatState& s = t.before;
    for (auto& r : s.gpr) r = value();
    const LdtDescriptor stack = *descriptor_of(ldt_, s.ss());
    s.gpr[esp] = stack.big ? offset(stack) : (word() << 16) | (offset(stack) & 0xffff);
    // Status flags and DF random; IF and bit 1 set, IOPL 0, TF clear.
    s.eflags = 0x202 | (word() & 0x2008d5) | (one_in(2) ? 0x400 : 0) | (one_in(8) ? 0x40000 : 0) | (one_in(16) ? 0x4000 : 0);
    if (enters_kernel(bytes, sizeof bytes)) return std::nullopt;
    if (t.undefined) {
        std::copy_n(bytes, 15, t.instruction.bytes.begin());
        t.instruction.length = 15;
        return t;
    }
    auto decoded = decode(bytes, sizeof bytes, code16);
    if (!decoded || !wanted(*decoded)) return std::nullopt;
    t.instruction = *decoded;
    shape_registers(t);
    aim(t, bytes);
    shape_immediates(t, bytes);
    fill_stack(t);
    add_sequel(t, code16);
    decoded = decode(bytes, sizeof bytes, code16);  // displacement and immediates may have changed
    if (!decoded || !wanted(*decoded) || enters_kernel(bytes, sizeof bytes)) return std::nullopt;
    if (!lockable(*decoded) && one_in(32) && fits(t, 15)) {
        make_undefined(t, bytes);
        return t;
    }
    t.instruction = *decoded;
    const bool iret = decoded->info.mnemonic == ZYDIS_MNEMONIC_IRET || decoded->info.mnemonic == ZYDIS_MNEMONIC_IRETD;
    t.names_long_code = names_long_code_;
    t.nested_return = iret && (s.eflags & 0x4000) != 0;
    return t;
}

}  // namespace southgate::cpu::test
