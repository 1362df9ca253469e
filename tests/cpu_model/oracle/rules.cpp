#include "oracle/rules.h"

namespace southgate::cpu::test {

namespace {

constexpr std::uint32_t cf = 1, pf = 4, af = 0x10, zf = 0x40, sf = 0x80, of = 0x800;

// The count of a shift or rotate, masked to 5 bits, or 6 for 64-bit operands (SDM vol. 2B "SAL/SAR/SHL/SHR").
unsigned shift_count(const Decoded& d, unsigned operand, std::uint64_t rcx) {
    const auto& o = d.operands[operand];
    const std::uint32_t raw =
        o.type == ZYDIS_OPERAND_TYPE_IMMEDIATE ? static_cast<std::uint32_t>(o.imm.value.u) : static_cast<std::uint32_t>(rcx);
    return raw & (d.operands[0].size == 64 ? 63 : 31);
}

}  // namespace

Form form_of(const Decoded& d) {
    switch (d.info.mnemonic) {
        case ZYDIS_MNEMONIC_ADD:
        case ZYDIS_MNEMONIC_ADC:
        case ZYDIS_MNEMONIC_SUB:
        case ZYDIS_MNEMONIC_SBB:
        case ZYDIS_MNEMONIC_AND:
        case ZYDIS_MNEMONIC_OR:
        case ZYDIS_MNEMONIC_XOR:
        case ZYDIS_MNEMONIC_CMP:
        case ZYDIS_MNEMONIC_TEST:
        case ZYDIS_MNEMONIC_INC:
        case ZYDIS_MNEMONIC_DEC:
        case ZYDIS_MNEMONIC_NEG:
        case ZYDIS_MNEMONIC_NOT:
        case ZYDIS_MNEMONIC_MOVZX:
        case ZYDIS_MNEMONIC_MOVSX:
        case ZYDIS_MNEMONIC_LEA:
        case ZYDIS_MNEMONIC_XCHG:
        case ZYDIS_MNEMONIC_CMOVB:
        case ZYDIS_MNEMONIC_CMOVBE:
        case ZYDIS_MNEMONIC_CMOVL:
        case ZYDIS_MNEMONIC_CMOVLE:
        case ZYDIS_MNEMONIC_CMOVNB:
        case ZYDIS_MNEMONIC_CMOVNBE:
        case ZYDIS_MNEMONIC_CMOVNL:
        case ZYDIS_MNEMONIC_CMOVNLE:
        case ZYDIS_MNEMONIC_CMOVNO:
        case ZYDIS_MNEMONIC_CMOVNP:
        case ZYDIS_MNEMONIC_CMOVNS:
        case ZYDIS_MNEMONIC_CMOVNZ:
        case ZYDIS_MNEMONIC_CMOVO:
        case ZYDIS_MNEMONIC_CMOVP:
        case ZYDIS_MNEMONIC_CMOVS:
        case ZYDIS_MNEMONIC_CMOVZ:
        case ZYDIS_MNEMONIC_SETB:
        case ZYDIS_MNEMONIC_SETBE:
        case ZYDIS_MNEMONIC_SETL:
        case ZYDIS_MNEMONIC_SETLE:
        case ZYDIS_MNEMONIC_SETNB:
        case ZYDIS_MNEMONIC_SETNBE:
        case ZYDIS_MNEMONIC_SETNL:
        case ZYDIS_MNEMONIC_SETNLE:
        case ZYDIS_MNEMONIC_SETNO:
        case ZYDIS_MNEMONIC_SETNP:
        case ZYDIS_MNEMONIC_SETNS:
        case ZYDIS_MNEMONIC_SETNZ:
        case ZYDIS_MNEMONIC_SETO:
        case ZYDIS_MNEMONIC_SETP:
        case ZYDIS_MNEMONIC_SETS:
        case ZYDIS_MNEMONIC_SETZ:
        case ZYDIS_MNEMONIC_BT:
        case ZYDIS_MNEMONIC_BTS:
        case ZYDIS_MNEMONIC_BTR:
        case ZYDIS_MNEMONIC_BTC:
        case ZYDIS_MNEMONIC_BSF:
        case ZYDIS_MNEMONIC_BSR:
        case ZYDIS_MNEMONIC_SHL:
        case ZYDIS_MNEMONIC_SHR:
        case ZYDIS_MNEMONIC_SAR:
        case ZYDIS_MNEMONIC_ROL:
        case ZYDIS_MNEMONIC_ROR:
        case ZYDIS_MNEMONIC_RCL:
        case ZYDIS_MNEMONIC_RCR:
        case ZYDIS_MNEMONIC_SHLD:
        case ZYDIS_MNEMONIC_SHRD:
        case ZYDIS_MNEMONIC_MUL:
        case ZYDIS_MNEMONIC_IMUL:
        case ZYDIS_MNEMONIC_DIV:
        case ZYDIS_MNEMONIC_IDIV:
        case ZYDIS_MNEMONIC_XADD:
        case ZYDIS_MNEMONIC_CMPXCHG:
        case ZYDIS_MNEMONIC_CMPXCHG8B:
        case ZYDIS_MNEMONIC_CBW:
        case ZYDIS_MNEMONIC_CWDE:
        case ZYDIS_MNEMONIC_CWD:
        case ZYDIS_MNEMONIC_CDQ:
        case ZYDIS_MNEMONIC_CLC:
        case ZYDIS_MNEMONIC_STC:
        case ZYDIS_MNEMONIC_CMC:
        case ZYDIS_MNEMONIC_CLD:
        case ZYDIS_MNEMONIC_STD:
        case ZYDIS_MNEMONIC_LAHF:
        case ZYDIS_MNEMONIC_SAHF:
        case ZYDIS_MNEMONIC_UD2:
        case ZYDIS_MNEMONIC_HLT:
        case ZYDIS_MNEMONIC_CLI:
        case ZYDIS_MNEMONIC_STI:
        case ZYDIS_MNEMONIC_CLTS:
        case ZYDIS_MNEMONIC_INVD:
        case ZYDIS_MNEMONIC_WBINVD:
        case ZYDIS_MNEMONIC_RDMSR:
        case ZYDIS_MNEMONIC_WRMSR:
            return Form::plain;
        case ZYDIS_MNEMONIC_NOP:
            return d.info.raw.modrm.offset == 0 ? Form::plain : Form::skip;
        case ZYDIS_MNEMONIC_MOV:
            // Not the segment, control and debug registers.
            for (unsigned i = 0; i < d.info.operand_count_visible; ++i) {
                if (d.operands[i].type != ZYDIS_OPERAND_TYPE_REGISTER) continue;
                const auto c = ZydisRegisterGetClass(d.operands[i].reg.value);
                if (c != ZYDIS_REGCLASS_GPR8 && c != ZYDIS_REGCLASS_GPR16 && c != ZYDIS_REGCLASS_GPR32 &&
                    c != ZYDIS_REGCLASS_GPR64)
                    return Form::skip;
            }
            return Form::plain;
        case ZYDIS_MNEMONIC_BSWAP:
            return d.operand16 ? Form::skip : Form::plain;  // 16 bits: undefined
        case ZYDIS_MNEMONIC_MOVSB:
        case ZYDIS_MNEMONIC_MOVSW:
        case ZYDIS_MNEMONIC_MOVSD:
        case ZYDIS_MNEMONIC_STOSB:
        case ZYDIS_MNEMONIC_STOSW:
        case ZYDIS_MNEMONIC_STOSD:
        case ZYDIS_MNEMONIC_LODSB:
        case ZYDIS_MNEMONIC_LODSW:
        case ZYDIS_MNEMONIC_LODSD:
        case ZYDIS_MNEMONIC_SCASB:
        case ZYDIS_MNEMONIC_SCASW:
        case ZYDIS_MNEMONIC_SCASD:
        case ZYDIS_MNEMONIC_CMPSB:
        case ZYDIS_MNEMONIC_CMPSW:
        case ZYDIS_MNEMONIC_CMPSD:
            return d.info.opcode_map == ZYDIS_OPCODE_MAP_DEFAULT ? Form::string : Form::skip;
        case ZYDIS_MNEMONIC_JB:
        case ZYDIS_MNEMONIC_JBE:
        case ZYDIS_MNEMONIC_JL:
        case ZYDIS_MNEMONIC_JLE:
        case ZYDIS_MNEMONIC_JNB:
        case ZYDIS_MNEMONIC_JNBE:
        case ZYDIS_MNEMONIC_JNL:
        case ZYDIS_MNEMONIC_JNLE:
        case ZYDIS_MNEMONIC_JNO:
        case ZYDIS_MNEMONIC_JNP:
        case ZYDIS_MNEMONIC_JNS:
        case ZYDIS_MNEMONIC_JNZ:
        case ZYDIS_MNEMONIC_JO:
        case ZYDIS_MNEMONIC_JP:
        case ZYDIS_MNEMONIC_JS:
        case ZYDIS_MNEMONIC_JZ:
            return Form::branch;
        case ZYDIS_MNEMONIC_JMP:
            return d.info.opcode == 0xe9 || d.info.opcode == 0xeb ? Form::branch : Form::skip;
        case ZYDIS_MNEMONIC_LOOP:
        case ZYDIS_MNEMONIC_LOOPE:
        case ZYDIS_MNEMONIC_LOOPNE:
        case ZYDIS_MNEMONIC_JCXZ:
        case ZYDIS_MNEMONIC_JECXZ:
            return Form::loop;
        case ZYDIS_MNEMONIC_XLAT:
            return Form::translate;
        case ZYDIS_MNEMONIC_PUSH:
        case ZYDIS_MNEMONIC_POP:
            // General registers, immediates; segment registers and memory operands (ESP as base) have unit
            // tests.
            if (!d.operand16 || d.modrm_memory()) return Form::skip;
            if (d.operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
                ZydisRegisterGetClass(d.operands[0].reg.value) != ZYDIS_REGCLASS_GPR16)
                return Form::skip;
            return d.info.mnemonic == ZYDIS_MNEMONIC_PUSH ? Form::push : Form::pop;
        case ZYDIS_MNEMONIC_PUSHF:
            return d.operand16 ? Form::push : Form::skip;
        default:
            return Form::skip;
    }
}

std::uint32_t undefined_flags(const Decoded& d, std::uint64_t rcx) {
    switch (d.info.mnemonic) {
        // SDM vol. 2A "AND", "OR", "TEST", "XOR": AF undefined.
        case ZYDIS_MNEMONIC_AND:
        case ZYDIS_MNEMONIC_OR:
        case ZYDIS_MNEMONIC_XOR:
        case ZYDIS_MNEMONIC_TEST:
            return af;
        // "MUL", "IMUL": SF ZF AF PF undefined.
        case ZYDIS_MNEMONIC_MUL:
        case ZYDIS_MNEMONIC_IMUL:
            return sf | zf | af | pf;
        // "DIV", "IDIV": all six undefined.
        case ZYDIS_MNEMONIC_DIV:
        case ZYDIS_MNEMONIC_IDIV:
            return cf | of | sf | zf | af | pf;
        // "BT", "BTC", "BTR", "BTS": OF SF AF PF undefined, ZF unchanged.
        case ZYDIS_MNEMONIC_BT:
        case ZYDIS_MNEMONIC_BTS:
        case ZYDIS_MNEMONIC_BTR:
        case ZYDIS_MNEMONIC_BTC:
            return of | sf | af | pf;
        // "BSF", "BSR": all but ZF undefined.
        case ZYDIS_MNEMONIC_BSF:
        case ZYDIS_MNEMONIC_BSR:
            return cf | of | sf | af | pf;
        // "SAL/SAR/SHL/SHR": count 0 changes nothing; AF undefined; OF defined for count 1 only; CF of SHL
        // and SHR undefined when the count is the operand size or more.
        case ZYDIS_MNEMONIC_SHL:
        case ZYDIS_MNEMONIC_SHR:
        case ZYDIS_MNEMONIC_SAR: {
            const unsigned count = shift_count(d, 1, rcx);
            if (count == 0) return 0;
            std::uint32_t mask = af;
            if (count != 1) mask |= of;
            if (d.info.mnemonic != ZYDIS_MNEMONIC_SAR && count >= d.operands[0].size) mask |= cf;
            return mask;
        }
        // "RCL/RCR/ROL/ROR": OF defined for count 1 only.
        case ZYDIS_MNEMONIC_ROL:
        case ZYDIS_MNEMONIC_ROR:
        case ZYDIS_MNEMONIC_RCL:
        case ZYDIS_MNEMONIC_RCR:
            return shift_count(d, 1, rcx) > 1 ? of : 0;
        // "SHLD", "SHRD": AF undefined, OF defined for count 1 only; nothing is defined for counts above the
        // size.
        case ZYDIS_MNEMONIC_SHLD:
        case ZYDIS_MNEMONIC_SHRD: {
            const unsigned count = shift_count(d, 2, rcx);
            if (count == 0) return 0;
            return count == 1 ? af : af | of;
        }
        default:
            return 0;
    }
}

std::optional<AccessFault> access_fault(std::uint64_t linear, unsigned size, std::uint64_t end) {
    const auto canonical = [](std::uint64_t at) { return (at + (std::uint64_t{1} << 47)) >> 48 == 0; };
    if (!canonical(linear) || !canonical(linear + size - 1)) return AccessFault{13, 0};
    if (linear + size <= end) return std::nullopt;
    return AccessFault{14, linear < end ? end : linear};
}

bool either_operand(const Decoded& d, const std::optional<AccessFault>& first, const std::optional<AccessFault>& second,
                    const AccessFault& host, const AccessFault& engine) {
    switch (d.info.mnemonic) {
        case ZYDIS_MNEMONIC_CMPSB:
        case ZYDIS_MNEMONIC_CMPSW:
        case ZYDIS_MNEMONIC_CMPSD:
        case ZYDIS_MNEMONIC_CMPSQ: break;
        default: return false;
    }
    if (!first || !second) return false;
    return (host == *first && engine == *second) || (host == *second && engine == *first);
}

bool untouched_count_or_index(std::uint64_t before, std::uint64_t value) {
    return value == before || value == (before & 0xffffffff);
}

bool undefined_result(const Decoded& d, std::uint64_t rcx) {
    // SDM vol. 2B "SHLD", "SHRD": a count above the operand size leaves destination and flags undefined.
    if (d.info.mnemonic == ZYDIS_MNEMONIC_SHLD || d.info.mnemonic == ZYDIS_MNEMONIC_SHRD)
        return d.operand16 && shift_count(d, 2, rcx) > 16;
    return false;
}

}  // namespace southgate::cpu::test
