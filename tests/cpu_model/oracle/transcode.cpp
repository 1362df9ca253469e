#include "oracle/transcode.h"

#include <algorithm>

namespace southgate::cpu::test {

namespace {

constexpr unsigned eax = 0, ecx = 1, ebx = 3, esp = 4, esi = 6, edi = 7;

// Accesses must stay in the data pages or run into the unmapped page behind them.
bool in_window(std::uint32_t linear, std::uint32_t size) {
    return linear >= oracle_data && std::uint64_t{linear} + size <= std::uint64_t{oracle_end} + 0x800;
}

void put32(std::vector<std::uint8_t>& code, std::uint32_t value) {
    for (int i = 0; i < 4; ++i) code.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

// Bytes a memory operand touches, relative to its address; BT with a register index reaches far (SDM vol. 2A
// "BT").
bool memory_ok(const Decoded& d, const ZydisDecodedOperand& m, std::uint32_t linear,
               const UserState& before) {
    if (d.info.mnemonic == ZYDIS_MNEMONIC_LEA) return true;
    std::int64_t offset = 0;
    const bool bit_test = d.info.mnemonic == ZYDIS_MNEMONIC_BT || d.info.mnemonic == ZYDIS_MNEMONIC_BTS ||
                          d.info.mnemonic == ZYDIS_MNEMONIC_BTR || d.info.mnemonic == ZYDIS_MNEMONIC_BTC;
    if (bit_test && d.operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER) {
        const std::uint32_t value = register_value(d.operands[1].reg.value, before);
        if (d.operand16)
            offset = static_cast<std::int16_t>(value) >> 4 << 1;
        else
            offset = static_cast<std::int64_t>(static_cast<std::int32_t>(value) >> 5) * 4;
    }
    const std::int64_t first = std::int64_t{linear} + offset;
    if (first < 0 || first > 0xffffffff) return false;
    return in_window(static_cast<std::uint32_t>(first), std::max(1, m.size / 8)) && in_window(linear, 1);
}

class Transcoder {
  public:
    Transcoder(const Decoded& d, Form form, const Segments& segments, const UserState& before)
        : d_(d), form_(form), segments_(segments) {
        program_.before = before;
    }

    std::optional<NativeProgram> run() {
        if ((d_.info.attributes &
             (ZYDIS_ATTRIB_HAS_SEGMENT_CS | ZYDIS_ATTRIB_HAS_SEGMENT_FS | ZYDIS_ATTRIB_HAS_SEGMENT_GS)) != 0)
            return std::nullopt;
        bool good = false;
        switch (form_) {
            case Form::plain:
                good = plain();
                break;
            case Form::string:
                good = string();
                break;
            case Form::branch:
                good = branch();
                break;
            case Form::loop:
                good = loop();
                break;
            case Form::translate:
                good = translate();
                break;
            case Form::push:
                good = stack(-2);
                break;
            case Form::pop:
                good = stack(2);
                break;
            case Form::skip:
                break;
        }
        if (!good || program_.code.size() > 15) return std::nullopt;
        return std::move(program_);
    }

  private:
    void prefixes(bool operand16, bool address32) {
        if (d_.lock()) code().push_back(0xf0);
        if (operand16) code().push_back(0x66);
        if (address32) code().push_back(0x67);
    }
    std::vector<std::uint8_t>& code() { return program_.code; }

    void opcode() {
        if (d_.info.opcode_map == ZYDIS_OPCODE_MAP_0F) code().push_back(0x0f);
        code().push_back(d_.info.opcode);
    }
    void immediates() {
        for (const auto& imm : d_.info.raw.imm) {
            for (unsigned i = 0; i < imm.size / 8u; ++i) code().push_back(d_.bytes[imm.offset + i]);
        }
    }

    // A register that the instruction uses as a pointer or count without a ModRM byte.
    bool adjust(unsigned reg, std::uint32_t base, std::uint32_t reach_up, std::uint32_t reach_down) {
        const bool low16 = d_.address16;
        const std::uint32_t value = program_.before.gpr[reg];
        const std::uint32_t offset = low16 ? value & 0xffff : value;
        const std::uint64_t top = low16 ? 0x10000 : std::uint64_t{1} << 32;
        if (offset < reach_down || std::uint64_t{offset} + reach_up > top) return false;  // would wrap
        program_.adjusted.push_back({reg, base, low16, value});
        program_.before.gpr[reg] = base + offset;
        return true;
    }

    bool plain() {
        const std::uint8_t op = d_.info.opcode;
        if (d_.info.opcode_map != ZYDIS_OPCODE_MAP_DEFAULT && d_.info.opcode_map != ZYDIS_OPCODE_MAP_0F)
            return false;
        const bool one_byte = d_.info.opcode_map == ZYDIS_OPCODE_MAP_DEFAULT;
        const ZydisDecodedOperand* m = d_.memory_operand();
        if (one_byte && op >= 0x40 && op <= 0x4f) {  // INC and DEC of a register: REX in 64-bit code
            prefixes(d_.operand16, false);
            code().push_back(0xff);
            code().push_back(static_cast<std::uint8_t>(0xc0 | (op & 0xf)));
            return true;
        }
        if (one_byte && op == 0x82) return false;
        if (one_byte && op >= 0xa0 && op <= 0xa3) {  // absolute offset
            const std::uint32_t linear = segments_.data_base + effective_address(d_, *m, program_.before);
            if (!memory_ok(d_, *m, linear, program_.before)) return false;
            prefixes(d_.operand16, true);
            opcode();
            put32(code(), linear);
            return true;
        }
        if (!d_.modrm_memory()) {
            prefixes(d_.operand16, false);
            opcode();
            if (d_.info.attributes & ZYDIS_ATTRIB_HAS_MODRM)
                code().push_back(d_.bytes[d_.info.raw.modrm.offset]);
            immediates();
            return true;
        }
        return modrm_memory(*m);
    }

    bool modrm_memory(const ZydisDecodedOperand& m) {
        const bool lea = d_.info.mnemonic == ZYDIS_MNEMONIC_LEA;
        const std::uint32_t base = lea ? 0 : segments_.data_base;
        const std::uint32_t offset = effective_address(d_, m, program_.before);
        if (!memory_ok(d_, m, base + offset, program_.before)) return false;
        prefixes(d_.operand16, true);
        opcode();
        const auto& modrm = d_.info.raw.modrm;
        if (d_.address16 || base != 0 || (modrm.mod == 0 && modrm.rm == 5)) {
            // No such addressing there: the absolute address, by a SIB byte without base and index.
            code().push_back(static_cast<std::uint8_t>(modrm.reg << 3 | 4));
            code().push_back(0x25);
            put32(code(), base + offset);
        } else {
            code().push_back(d_.bytes[modrm.offset]);
            if (d_.info.attributes & ZYDIS_ATTRIB_HAS_SIB) code().push_back(d_.bytes[d_.info.raw.sib.offset]);
            const auto& disp = d_.info.raw.disp;
            for (unsigned i = 0; i < disp.size / 8u; ++i) code().push_back(d_.bytes[disp.offset + i]);
        }
        immediates();
        return true;
    }

    bool string() {
        const bool rep = d_.repeat_prefix();
        const std::uint32_t count =
            d_.address16 ? program_.before.gpr[ecx] & 0xffff : program_.before.gpr[ecx];
        const unsigned size = (d_.info.opcode & 1) == 0 ? 1 : d_.operand16 ? 2 : 4;
        const std::uint32_t elements = rep ? count : 1;
        if (elements > 64) return false;
        const bool down = (program_.before.eflags & 0x400) != 0;
        const std::uint32_t bytes = std::max(elements, 1u) * size;
        const std::uint8_t op = d_.info.opcode & 0xfe;
        const bool source = op == 0xa4 || op == 0xa6 || op == 0xac;
        const bool destination = op != 0xac;
        for (const auto& [used, reg] : {std::pair{source, esi}, std::pair{destination, edi}}) {
            if (!used) continue;
            if (!adjust(reg, segments_.data_base, down ? size : bytes, down ? bytes : 0)) return false;
            const std::uint32_t first = program_.before.gpr[reg];
            if (!in_window(first, size)) return false;
            if (!in_window(down ? first - (bytes - size) : first, down ? size : bytes)) return false;
        }
        if (rep && d_.address16) {
            program_.adjusted.push_back({ecx, 0, true, program_.before.gpr[ecx]});
            program_.before.gpr[ecx] = count;
        }
        prefixes(size == 2, true);
        if (d_.info.attributes & ZYDIS_ATTRIB_HAS_REPNE)
            code().insert(code().begin(), 0xf2);
        else if (rep)
            code().insert(code().begin(), 0xf3);
        opcode();
        return true;
    }

    // Relative branches: 16-bit displacements become 32-bit ones; targets that wrap are left out.
    bool branch() {
        const auto relative = static_cast<std::int64_t>(d_.operands[0].imm.value.s);
        const std::int64_t ip = std::int64_t{program_.before.eip} - segments_.cs_base + d_.length + relative;
        if (ip < 0 || ip > (d_.operand16 ? 0xffff : 0xffffffff)) return false;
        if (d_.operand16 && program_.before.eip - segments_.cs_base + d_.length > 0xffff) return false;
        // Into the native instruction itself, wherever that starts.
        if (relative < 0 && relative >= -15) return false;
        opcode();
        if (d_.info.raw.imm[0].size == 8)
            code().push_back(static_cast<std::uint8_t>(relative));
        else
            put32(code(), static_cast<std::uint32_t>(relative));
        return true;
    }

    bool loop() {
        if (d_.address16) {
            program_.adjusted.push_back({ecx, 0, true, program_.before.gpr[ecx]});
            program_.before.gpr[ecx] &= 0xffff;
        }
        code().push_back(0x67);
        return branch();
    }

    bool translate() {
        const std::uint32_t al = program_.before.gpr[eax] & 0xff;
        if (!adjust(ebx, segments_.data_base, 0x100, 0)) return false;
        if (!in_window(program_.before.gpr[ebx] + al, 1)) return false;
        prefixes(false, true);
        opcode();
        return true;
    }

    bool stack(int delta) {
        // The stack pointer itself as operand would carry the base.
        if (segments_.data_base != 0 && d_.operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
            d_.operands[0].reg.value == ZYDIS_REGISTER_SP)
            return false;
        const std::uint32_t value = program_.before.gpr[esp];
        const std::uint32_t linear = segments_.data_base + value;
        if (!in_window(delta < 0 ? linear - 2 : linear, 2)) return false;
        program_.adjusted.push_back({esp, segments_.data_base, false, value});
        program_.before.gpr[esp] = linear;
        prefixes(true, false);
        opcode();
        if (d_.info.attributes & ZYDIS_ATTRIB_HAS_MODRM) code().push_back(d_.bytes[d_.info.raw.modrm.offset]);
        immediates();
        return true;
    }

    const Decoded& d_;
    Form form_;
    const Segments& segments_;
    NativeProgram program_;
};

}  // namespace

UserState NativeProgram::to_guest(const UserState& native) const {
    UserState state = native;
    for (const Adjusted& a : adjusted) {
        const std::uint32_t value = native.gpr[a.reg] - a.base;
        state.gpr[a.reg] = a.low16 ? (a.guest_value & 0xffff0000) | (value & 0xffff) : value;
    }
    return state;
}

std::optional<NativeProgram> transcode(const Decoded& d, Form form, const Segments& segments,
                                       const UserState& before) {
    return Transcoder(d, form, segments, before).run();
}

}  // namespace southgate::cpu::test
